"""Stacks on disk: the same training as in memory, in less memory than the cohort takes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from elasreg_core.data.truth import Truth
from elasreg_core.errors import InputError
from elasreg_core.training import stacks
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.stacks import open_stacks, stacked_bytes, write_stacks
from tests.builders import make_pair
from tests.conftest import ROOT


def cohort(**changes):
    """Three pairs, by subject."""
    pairs = {}
    for number, name in enumerate(("a", "b", "c")):
        moving = make_pair().moving * (1 - number / 10)
        truth = Truth(np.full((12, 9, 2), number, np.float32), np.ones((12, 9), bool))
        pairs[name] = make_pair(id=name, moving=moving, truth=truth, **changes.get(name, {}))
    return pairs


def written(folder, pairs, heard=None):
    return write_stacks(folder, tuple(pairs), pairs.__getitem__, [].append if heard is None else heard.append)


def test_batches_and_digest_are_those_of_the_set_in_memory(tmp_path):
    pairs, heard = cohort(), []
    on_disk, in_memory = written(tmp_path / "set", pairs, heard), TrainingSet.from_pairs(list(pairs.values()))
    assert heard == [1, 2, 3]
    assert isinstance(on_disk.moving, np.memmap)
    assert on_disk.digest == in_memory.digest
    assert dataclasses.replace(on_disk).digest == in_memory.digest  # computed from what lies there, too
    assert (on_disk.subjects, on_disk.tissues) == (in_memory.subjects, in_memory.tissues)
    for step in range(5):
        for window in (None, (8, 8)):
            one, other = (of.batch(7, step, 2, (2, 3), "uniform", window) for of in (on_disk, in_memory))
            for field in dataclasses.fields(one):
                np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_what_not_all_pairs_have_is_left_out(tmp_path):
    pairs = cohort(b={"moving_labels": None})
    pairs["c"] = dataclasses.replace(pairs["c"], truth=None)
    on_disk = written(tmp_path / "set", pairs)
    assert (on_disk.moving_labels, on_disk.truth) == (None, None)
    assert on_disk.digest == TrainingSet.from_pairs(list(pairs.values())).digest
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        *("fixed.npy", "labels.npy", "moving.npy", "stacks.json")
    ]


def test_what_was_interrupted_does_not_count(tmp_path):
    pairs = cohort()

    def load(subject):
        if subject == "c":
            raise KeyboardInterrupt
        return pairs[subject]

    with pytest.raises(KeyboardInterrupt):
        write_stacks(tmp_path / "set", tuple(pairs), load, [].append)
    assert open_stacks(tmp_path / "set") is None
    assert written(tmp_path / "set", pairs).subjects == ("a", "b", "c")
    (tmp_path / "set" / "fixed.npy").write_bytes(b"")
    assert open_stacks(tmp_path / "set") is None
    assert open_stacks(tmp_path / "elsewhere") is None


def test_a_pair_without_fixed_labels_is_refused(tmp_path):
    with pytest.raises(InputError, match="b has no fixed labels"):
        written(tmp_path / "set", cohort(b={"fixed_labels": None}))


def test_a_disk_without_room_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(stacks.os, "statvfs", lambda folder: SimpleNamespace(f_bavail=2, f_frsize=1024))
    with pytest.raises(InputError, match=r"do not fit onto the disk .* Received: 0.0 GiB. Cure: Make room"):
        written(tmp_path / "set", cohort())


def test_what_a_cohort_takes():
    # two images of 4 bytes and two label maps of 1 byte a voxel; with the truth two components of 4 bytes more
    assert stacked_bytes(3, (12, 9), with_truth=False) == 3 * 108 * 10
    assert stacked_bytes(3, (12, 9), with_truth=True) == 3 * 108 * 18
    pair = TrainingSet.from_pairs(list(cohort().values()))
    arrays = (pair.moving, pair.fixed, pair.labels, pair.moving_labels, pair.truth)
    assert sum(array.nbytes for array in arrays) == 3 * 108 * 18


@pytest.mark.slow
@pytest.mark.long
def test_a_cohort_larger_than_what_may_be_taken_trains_to_the_same_losses(tmp_path):
    command = [sys.executable, "-m", "tests.training.in_little_memory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["cohort_mib"] > 1.5 * found["allowed_mib"]
    assert found["in_memory_under_the_limit"] == "MemoryError"
    assert len(found["from_disk"]) == 4
    assert found["from_disk"] == found["in_memory"]

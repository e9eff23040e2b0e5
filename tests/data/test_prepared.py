"""Prepared pairs: the same pair, read once; whatever changes is read again."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.data import cases, prepared
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.data.prepared import PreparedPairs
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from tests.builders import PREPROCESSING, TISSUES, make_volumes, small_run, write_nifti, write_pair_folder

TABLE = TissueTable(TISSUES)


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Which subjects were read from their files."""
    seen = []

    def load_case(case, *how):
        seen.append(case.id)
        return cases.load_case(case, *how)

    monkeypatch.setattr(prepared, "load_case", load_case)
    return seen


@pytest.fixture
def case(tmp_path):
    write_pair_folder(tmp_path / "data")
    return open_dataset(tmp_path / "data", "pairs").case("s1")


def same(one, other):
    assert one.digest == other.digest
    assert (one.id, one.spacing_mm, one.tissues, one.group, one.notes) == (
        *(other.id, other.spacing_mm, other.tissues, other.group, other.notes),
    )
    for mine, theirs in ((one.moving_origin, other.moving_origin), (one.fixed_origin, other.fixed_origin)):
        assert (mine.path, mine.grid.shape, mine.window) == (theirs.path, theirs.grid.shape, theirs.window)
        np.testing.assert_array_equal(mine.grid.affine, theirs.grid.affine)


def test_a_prepared_pair_is_the_pair_and_no_file_is_read_again(tmp_path, case, reads):
    pairs = PreparedPairs(tmp_path / "prepared")
    assert pairs.prepare(case, PREPROCESSING, TABLE)
    assert not pairs.prepare(case, PREPROCESSING, TABLE)
    assert reads == ["s1"]
    same(pairs.load(case, PREPROCESSING, TABLE), cases.load_case(case, PREPROCESSING, TABLE))
    assert reads == ["s1"]


def test_truth_keypoints_and_absent_labels_are_kept(tmp_path):
    list(write_cohort(tmp_path / "chests", Cohort("thorax", 1, seed=3), workers=1))
    case = open_dataset(tmp_path / "chests", "nlst").cases[0]
    settings = Preprocessing((48, 44), 8.0, 1, intensity_range=(-980, 1518))
    pairs = PreparedPairs(tmp_path / "prepared")
    for variant in (case, replace(case, moving_labels=None, truth=None, fixed_keypoints=None, moving_keypoints=None)):
        pairs.prepare(variant, settings, TissueTable(("lung", "bone", "liver")))
        found = pairs.load(variant, settings, TissueTable(("lung", "bone", "liver")))
        same(found, cases.load_case(variant, settings, TissueTable(("lung", "bone", "liver"))))
        assert (found.truth is None) is (variant.truth is None)
        assert (found.keypoints is None) is (variant.truth is None)
        assert (found.moving_labels is None) is (variant.moving_labels is None)


def test_a_changed_file_another_preprocessing_and_other_tissues_are_read_anew(tmp_path, case, reads):
    pairs = PreparedPairs(tmp_path / "prepared")
    pairs.prepare(case, PREPROCESSING, TABLE)
    pairs.load(case, replace(PREPROCESSING, spacing_mm=2.5), TABLE)
    pairs.load(case, PREPROCESSING, TissueTable(("b", "a")))
    assert reads == ["s1"] * 3
    write_nifti(case.moving, make_volumes(seed=7)["moving"])
    os.utime(case.moving, ns=(1, 1))  # even a file that has become older
    same(pairs.load(case, PREPROCESSING, TABLE), cases.load_case(case, PREPROCESSING, TABLE))
    assert reads == ["s1"] * 4


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-200] + b"\0" * 200, lambda _: b"", bytes])
def test_a_damaged_file_is_not_believed(tmp_path, case, reads, damage):
    pairs = PreparedPairs(tmp_path / "prepared")
    pairs.prepare(case, PREPROCESSING, TABLE)
    (file,) = (tmp_path / "prepared").iterdir()
    content = file.read_bytes()
    file.write_bytes(damage(content))
    same(pairs.load(case, PREPROCESSING, TABLE), cases.load_case(case, PREPROCESSING, TABLE))
    assert len(reads) == (1 if damage is bytes else 2)
    assert pairs.prepare(case, PREPROCESSING, TABLE) is (damage is not bytes)  # and is mended


def test_the_command_prepares_what_training_reads(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    list(write_cohort(tmp_path / "hearts", Cohort("cardiac", 2, seed=5), workers=1))
    (tmp_path / "small.toml").write_text(small_run(tmp_path / "hearts", ("elas-g",)))
    command = [
        "data",
        "prepare",
        str(tmp_path / "hearts"),
        "--dataset",
        "acdc",
        "--config",
        str(tmp_path / "small.toml"),
    ]
    assert main(command) == 0
    assert "2 of 2 subjects prepared now" in capsys.readouterr().out
    assert main(command) == 0
    assert "0 of 2 subjects prepared now" in capsys.readouterr().out
    assert len(list((tmp_path / "home" / "prepared").iterdir())) == 2
    next((tmp_path / "hearts").glob("training/patient001/*_frame12.nii.gz")).write_bytes(b"no image")
    assert main(command) == 2
    assert "patient001_frame12.nii.gz cannot be read as an image" in capsys.readouterr().err

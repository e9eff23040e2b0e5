"""A disk that is full: a sentence with its cure, nothing half-written, the same result once there is space again."""

from __future__ import annotations

import json
import time

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.cli.comparison_files import write_comparison
from elasreg_core.data.datasets import Dataset, open_dataset
from elasreg_core.data.nifti import write_volume
from elasreg_core.errors import InputError
from elasreg_core.training.state import RunFolder
from elasreg_core.workspace.comparisons import HowToCompare
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import STORE
from elasreg_core.workspace.saved_comparisons import saved_comparisons
from tests.builders import make_comparison, small_run
from tests.faults.disks import small_disk
from tests.faults.victims import count_nodes

pytestmark = pytest.mark.slow

FULL = r"cannot be written: the disk is full. Cure: Free some space, then run the same again"


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        yield disk


@pytest.mark.long
def test_a_training_keeps_its_last_state_and_goes_on_from_it(hearts, disk, tmp_path, capsys):
    config = tmp_path / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",), steps=60))
    assert main(["train", str(config), "--out", str(tmp_path / "straight")]) == 0
    out = disk.path / "out"
    with disk.filled_when((out / "elas-g" / "training_state.safetensors").exists):
        assert main(["train", str(config), "--out", str(out)]) == 2
    assert FULL in capsys.readouterr().err
    assert disk.parts() == []
    assert not (out / "elas-g" / "model.json").exists()
    _, step, history = RunFolder(out / "elas-g", "").load()
    assert 5 <= step == len(history) < 60
    disk.free()
    assert main(["train", str(config), "--out", str(out), "--resume"]) == 0
    hashes = [
        json.loads((of / "elas-g" / "model.json").read_text())["weights_sha256"] for of in (out, tmp_path / "straight")
    ]
    assert hashes[0] == hashes[1]


@pytest.mark.long
def test_a_search_keeps_its_nodes_and_goes_on_from_them(search, disk, tmp_path, capsys, monkeypatch):
    assert main([*search, str(tmp_path / "straight.csv")]) == 0
    monkeypatch.setenv("ELASREG_HOME", str(disk.path / "home"))
    store = disk.path / "home" / STORE
    with disk.filled_when(lambda: count_nodes(store) >= 20):
        assert main([*search, str(tmp_path / "stopped.csv")]) == 2
    assert FULL in capsys.readouterr().err
    disk.free()
    assert 20 <= count_nodes(store) < 440
    assert main([*search, str(tmp_path / "stopped.csv")]) == 0
    assert (tmp_path / "stopped.csv").read_text() == (tmp_path / "straight.csv").read_text()


@pytest.mark.long
def test_a_job_says_so_in_its_log_and_can_be_started_again(search, disk, tmp_path):
    """Its row cannot be written any more: it is found dead once there is space, and its log says why."""
    jobs = Jobs(disk.path / "home" / STORE)
    with disk.filled_when(lambda: count_nodes(jobs.path) >= 20):
        job = jobs.start("search", "a heart", search[:-1])
        wait_until(lambda: FULL in jobs.log_of(job.id).read_text())
    disk.free()
    wait_until(lambda: not jobs.get(job.id).is_running)
    assert jobs.get(job.id).state in ("failed", "lost")
    kept = count_nodes(jobs.path)
    again = jobs.start("search", "a heart", search[:-1])
    wait_until(lambda: not jobs.get(again.id).is_running)
    assert jobs.get(again.id).state == "done"
    assert 20 <= kept < count_nodes(jobs.path) == 440


def test_files_of_images_are_whole_or_not_there(disk, tmp_path, capsys):
    image, affine = np.random.default_rng(0).random((30, 30, 30)).astype(np.float32), np.eye(4)
    path = disk.path / "image.nii.gz"
    write_volume(path, image, affine)
    before = path.read_bytes()
    disk.fill(but=20_000)
    with pytest.raises(InputError, match=FULL):
        write_volume(path, image + 1, affine)
    assert path.read_bytes() == before
    assert main(["apply", "--field", "none.nii", "--image", str(path), "--out", str(disk.path / "b.nii")]) == 2
    with pytest.raises(InputError, match=FULL):
        write_volume(disk.path / "another.nii", image, affine)
    assert sorted(of.name for of in disk.path.iterdir()) == ["ballast", "image.nii.gz"]


def test_a_cohort_of_phantoms_has_whole_subjects_alone(disk, capsys):
    disk.fill(but=700_000)  # three subjects take more
    assert main(["phantom", "cardiac", "--subjects", "6", "--out", str(disk.path / "hearts")]) == 2
    assert FULL in capsys.readouterr().err
    assert disk.parts() == []
    for path in (disk.path / "hearts").rglob("*.nii.gz"):
        assert np.isfinite(nib.load(path).get_fdata()).all()
    data = open_dataset(disk.path / "hearts", "acdc")
    assert 0 < len(data.cases) < 6


def test_a_comparison_is_finished_or_none(tmp_path):
    comparison = make_comparison(tmp_path / "fam")
    cohort = Dataset("pairs", tmp_path / "hearts", (), None)
    with small_disk(tmp_path / "disk", megabytes=16) as disk:
        disk.fill(but=100_000)  # its report alone takes more
        with pytest.raises(InputError, match=FULL):
            write_comparison(disk.path / "comparisons" / "first", comparison, HowToCompare(), cohort)
        assert saved_comparisons(disk.path / "comparisons") == []
        assert disk.parts() == []
        disk.free()
        write_comparison(disk.path / "comparisons" / "first", comparison, HowToCompare(), cohort)
        assert saved_comparisons(disk.path / "comparisons") == ["first"]


def wait_until(reached, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)

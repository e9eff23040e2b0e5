"""Cohorts: the same numbers for the same seed, and a truth that fits the images."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import ClassVar

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.phantoms import Cohort, cohort, write_cohort
from elasreg_core.data.phantoms.cohort import TISSUE_COLUMNS
from elasreg_core.errors import InputError
from elasreg_core.metrics import dice_per_label
from elasreg_core.physics.fields import warp_labels


def content(root: Path, subject: str) -> dict[str, object]:
    """Everything about one subject: arrays and affines of volumes, the text of the rest."""
    found: dict[str, object] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file() and subject in str(p.relative_to(root))):
        name = str(path.relative_to(root))
        if name.endswith(".nii.gz"):
            image = nib.load(path)
            found[name] = (image.affine.tolist(), np.asarray(image.dataobj).tobytes(), image.shape)
        else:
            found[name] = path.read_text()
    return found


# Reproducible ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "n_files"), [("hearts", 4 + 1 + 4), ("mixed", 6 + 2 + 4)])
def test_a_longer_cohort_begins_with_the_shorter_one(tmp_path, cohorts, name, n_files):
    longer = cohorts[name]
    short = Cohort(longer.cohort.kind, 1, longer.cohort.seed, plane=longer.cohort.plane)
    (subject,) = write_cohort(tmp_path, short)
    found = content(tmp_path, subject)
    assert len(found) == n_files
    assert found == content(longer.root, subject)


def test_another_seed_and_another_number_make_another_heart(cohorts):
    written = cohorts["hearts"]
    one, other = (written.array(f"training/{name}/{name}_frame01.nii.gz") for name in written.subjects)
    new = Cohort("cardiac", 1, 6).phantom(1)
    again = Cohort("cardiac", 1, 5).phantom(1)
    np.testing.assert_array_equal(np.round(np.clip(1000 * again.fixed, 0, 32767)), one[..., 0])
    for image in (other[..., 0], new.fixed):
        assert abs(np.corrcoef(image.ravel(), one.ravel())[0, 1]) < 0.9


@pytest.mark.slow
def test_workers_change_nothing_but_the_time(tmp_path, cohorts):
    alone = cohorts["hearts"]
    assert tuple(write_cohort(tmp_path, alone.cohort, workers=2)) == alone.subjects
    for subject in alone.subjects:
        assert content(tmp_path, subject) == content(alone.root, subject)


class FakePool:
    """Counts the pools that are started, and notes how many threads their workers may use."""

    started: ClassVar[list[str | None]] = []

    def __init__(self, workers, context, initializer):
        self.workers = workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, task, numbers):
        self.started.append(os.environ.get("OPENBLAS_NUM_THREADS"))
        return map(task, numbers)


@pytest.mark.parametrize("before", [None, "3"])
def test_a_small_cohort_is_not_worth_a_pool_and_a_worker_is_one_thread(tmp_path, monkeypatch, before):
    monkeypatch.setattr(FakePool, "started", [])
    monkeypatch.setattr(cohort, "ProcessPoolExecutor", FakePool)
    monkeypatch.setattr(cohort.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(cohort, "_write_subject", lambda out, cohort, number: f"s{number}")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if before is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", before)
    for subjects, workers, started in ((15, None, []), (40, 1, []), (16, None, ["1"])):
        names = list(write_cohort(tmp_path, Cohort("cardiac", subjects, 0), workers))
        assert names == [f"s{number}" for number in range(1, subjects + 1)]
        assert FakePool.started == started
    assert os.environ.get("OPENBLAS_NUM_THREADS") == before


def test_a_stopped_cohort_holds_whole_subjects_only(tmp_path):
    writing = write_cohort(tmp_path, Cohort("thorax", 3, 5, plane="axial"))
    assert next(writing) == "NLST_0001"
    writing.close()
    dataset = open_dataset(tmp_path, "nlst")
    assert (dataset.subjects, dataset.faults) == (("NLST_0001",), ())
    assert [path.name for path in (tmp_path / "truth").iterdir()] == ["NLST_0001"]


# What a cohort may be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "section", "layout"),
    [
        ({"kind": "cardiac"}, "short-axis", "acdc"),
        ({"kind": "cardiac", "dim": 3}, None, "acdc"),
        ({"kind": "thorax"}, "coronal", "nlst"),
        ({"kind": "thorax", "plane": "mixed"}, "mixed", "nlst"),
        ({"kind": "thorax", "dim": 3}, None, "lungct"),
    ],
)
def test_a_cohort_follows_the_layout_of_its_real_data_set(description, section, layout):
    described = Cohort(subjects=1, seed=0, **description)
    assert (described.section, described.layout) == (section, layout)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"kind": "liver"}, "There is no phantom 'liver'. Expected: cardiac or thorax. Received: liver"),
        ({"subjects": 0}, "needs subjects and a seed. Expected: subjects ≥ 1 and a seed ≥ 0. Rec.* 0 subjects, seed 3"),
        ({"seed": -1}, "needs subjects and a seed.*Received: 1 subjects, seed -1"),
        ({"dim": 4}, "A phantom has 2 or 3 dimensions. Received: 4"),
        ({"plane": "sagittal"}, "2D thorax phantom has no such plane. Exp.*: coronal or axial or mixed. Rec.*sagittal"),
        ({"plane": "axial", "dim": 3}, "3D thorax phantom has no such plane. Exp.*: none: it is a volume. Rec.*axial"),
        ({"plane": "axial", "kind": "cardiac"}, "2D cardiac phantom has no such plane. Exp.*: short-axis. Rec.*axial"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(broken, words):
    with pytest.raises(InputError, match=words):
        Cohort(**({"kind": "thorax", "subjects": 1, "seed": 3} | broken))


# The truth ------------------------------------------------------------------------------------------------------------


def frames(written, subject):
    """Labels of the fixed and of the moving image, as nibabel images."""
    if written.cohort.layout == "acdc":
        names = [f"training/{subject}/{subject}_frame{frame}_gt.nii.gz" for frame in ("01", "12")]
    else:
        names = [f"labelsTr/{subject}_{frame}.nii.gz" for frame in ("0000", "0001")]
    return [nib.load(written.root / name) for name in names]


def check_truth(written, subject, least_dice):
    fixed, moving = frames(written, subject)
    displacement, materials = (written.truth(subject, name) for name in ("displacement", "materials"))
    assert displacement.shape == (*fixed.shape, 3)
    assert displacement.header.get_intent()[0] == "vector"
    for image in (displacement, materials, moving):
        np.testing.assert_array_equal(image.affine, fixed.affine)
        assert image.header.get_zooms()[:3] == fixed.header.get_zooms()

    axes = [axis for axis, side in enumerate(fixed.shape) if side > 1]
    sides = [fixed.shape[axis] for axis in axes]
    u = np.asarray(displacement.dataobj)
    assert not u[..., [axis for axis in range(3) if axis not in axes]].any()  # nothing leaves the plane
    u = u[..., axes].reshape(*sides, len(axes))
    labels = [np.asarray(image.dataobj).reshape(sides) for image in (fixed, moving)]
    overlap = dice_per_label(warp_labels(labels[1], u), labels[0], 4)
    assert np.nanmin(overlap) > least_dice, overlap
    assert np.nanmean(overlap) > np.nanmean(dice_per_label(labels[1], labels[0], 4))

    with (written.root / "truth" / subject / "tissues.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    label_of = np.array([int(row["label"]) for row in rows])
    np.testing.assert_array_equal(label_of[np.asarray(materials.dataobj).reshape(sides)], labels[0])

    points = np.loadtxt(written.root / "truth" / subject / "landmarks.csv", delimiter=",", skiprows=1)
    voxels = points[:, :3].astype(int)
    assert len(points) == 60
    assert (np.asarray(fixed.dataobj)[tuple(voxels.T)] > 0).all()
    np.testing.assert_allclose(points[:, 3:] - voxels, np.asarray(displacement.dataobj)[tuple(voxels.T)], atol=1e-4)


@pytest.mark.parametrize(("name", "least_dice"), [("hearts", 0.9), ("coronal", 0.75), ("mixed", 0.75)])
def test_the_truth_carries_the_moving_labels_onto_the_fixed_ones(cohorts, name, least_dice):
    for subject in cohorts[name].subjects:
        check_truth(cohorts[name], subject, least_dice)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least_dice"), [("hearts", 0.7), ("chests", 0.5)])
def test_the_truth_of_a_volume(volumes, name, least_dice):
    (subject,) = volumes[name].subjects
    check_truth(volumes[name], subject, least_dice)  # voxels of 5 to 9 mm: thin walls and ribs overlap less


def test_the_table_of_tissues_obeys_the_relations_of_elasticity(cohorts):
    for written in cohorts.values():
        for subject in written.subjects:
            with (written.root / "truth" / subject / "tissues.csv").open(newline="") as lines:
                rows = list(csv.DictReader(lines))
            assert tuple(rows[0]) == TISSUE_COLUMNS
            assert [int(row["material"]) for row in rows] == list(range(len(rows)))
            e, nu, lam, mu = (np.array([float(row[name]) for row in rows]) for name in TISSUE_COLUMNS[3:7])
            # E = μ (3λ + 2μ) / (λ + μ) and ν = λ / 2(λ + μ)
            np.testing.assert_allclose(e, mu * (3 * lam + 2 * mu) / (lam + mu))
            np.testing.assert_allclose(nu, lam / (2 * (lam + mu)), atol=1e-12)
            assert all(row["source"] for row in rows)


def test_subjects_differ_in_stiffness(cohorts):
    texts = {
        (written.root / "truth" / subject / "tissues.csv").read_text()
        for name, written in cohorts.items()
        if name != "mixed"
        for subject in written.subjects
    }
    assert len(texts) == 4

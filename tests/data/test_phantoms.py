"""Cardiac phantoms: reproducible, beating, and readable as ACDC."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.phantoms import PHANTOMS
from elasreg_core.data.phantoms.cardiac import LV, MYOCARDIUM, RV, SHAPE, SPACING_MM, Heart, write_cardiac_cohort
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.physics.fields import jacobian_determinant

N = 4


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("hearts")
    assert list(write_cardiac_cohort(root, N, seed=5)) == [f"patient{n:03d}" for n in range(1, N + 1)]
    return root


def voxels(root: Path) -> dict[str, np.ndarray]:
    return {path.name: np.asarray(nib.load(path).dataobj) for path in sorted(root.glob("training/*/*.nii.gz"))}


def area(labels: np.ndarray, label: int) -> float:
    """Per slice, in voxels."""
    return (labels == label).sum(axis=(0, 1))


def test_a_longer_cohort_begins_with_the_shorter_one(tmp_path, cohort):
    list(write_cardiac_cohort(tmp_path, 1, seed=5))
    short, long = voxels(tmp_path), voxels(cohort)
    assert len(short) == 4
    for name, array in short.items():
        np.testing.assert_array_equal(array, long[name], err_msg=name)


def test_another_seed_makes_another_heart(tmp_path, cohort):
    list(write_cardiac_cohort(tmp_path, 1, seed=6))
    other, this = (voxels(root)["patient001_frame01.nii.gz"] for root in (tmp_path, cohort))
    assert np.abs(np.corrcoef(other.ravel(), this.ravel())[0, 1]) < 0.9


def test_subjects_of_a_cohort_differ(cohort):
    arrays = voxels(cohort)
    areas = {area(arrays[f"patient{n:03d}_frame01_gt.nii.gz"], LV)[1] for n in range(1, N + 1)}
    assert len(areas) == N


def test_the_cavity_empties_and_the_wall_keeps_its_area(cohort):
    arrays = voxels(cohort)
    for n in range(1, N + 1):
        ed, es = (arrays[f"patient{n:03d}_frame{frame}_gt.nii.gz"] for frame in ("01", "12"))
        # radial shortening of 15 … 50 % leaves (1 − s)² = .72 … .25 of the area; drift and smoothing change it little
        ratio = area(es, LV) / area(ed, LV)
        assert ((ratio > 0.2) & (ratio < 0.8)).all(), ratio
        # incompressible in plane
        np.testing.assert_allclose(area(es, MYOCARDIUM) / area(ed, MYOCARDIUM), 1, atol=0.12)


def test_the_right_ventricle_is_there_and_mostly_shrinks(cohort):
    arrays = voxels(cohort)
    areas = {
        f: sum(area(arrays[f"patient{n:03d}_frame{f}_gt.nii.gz"], RV) for n in range(1, N + 1)) for f in ("01", "12")
    }
    assert (areas["12"] > 0).all()
    assert areas["12"].sum() < areas["01"].sum()


def test_no_heart_folds():
    """The displacement that makes end systole from end diastole is a deformation: det ∇φ > 0 everywhere."""
    points_mm = np.moveaxis(np.indices(SHAPE, dtype=float), 0, -1) * SPACING_MM[:2]
    for number in range(6):
        heart = Heart.draw(np.random.default_rng([3, number]))
        displacement = heart._es_to_ed_displacement_mm(points_mm, 1.15) / SPACING_MM[:2]
        assert jacobian_determinant(displacement).min() > 0


def test_the_image_shows_the_labels(cohort):
    # bright blood, dark muscle, as drawn: blood ≥ 0.5, muscle ≤ 0.45, before bias and noise
    arrays = voxels(cohort)
    for n in range(1, N + 1):
        for frame in ("01", "12"):
            image = arrays[f"patient{n:03d}_frame{frame}.nii.gz"]
            labels = arrays[f"patient{n:03d}_frame{frame}_gt.nii.gz"]
            assert image[labels == LV].mean() > 1.1 * image[labels == MYOCARDIUM].mean()


def test_the_end_systolic_image_is_the_one_that_contracted(cohort):
    # where the wall has moved into what was cavity, the image has become dark
    arrays = voxels(cohort)
    for n in range(1, N + 1):
        image = arrays[f"patient{n:03d}_frame12.nii.gz"]
        ed, es = (arrays[f"patient{n:03d}_frame{frame}_gt.nii.gz"] for frame in ("01", "12"))
        blood, muscle = image[es == LV].mean(), image[(es == MYOCARDIUM) & (ed == MYOCARDIUM)].mean()
        assert image[(es == MYOCARDIUM) & (ed == LV)].mean() < (blood + muscle) / 2


def test_the_files_say_their_spacing(cohort):
    for path in cohort.glob("training/*/*.nii.gz"):
        image = nib.load(path)
        assert image.shape == (184, 176, 3)
        assert image.header.get_zooms() == (1.5, 1.5, 10)
        np.testing.assert_allclose(np.linalg.norm(image.affine[:3, :3], axis=0), (1.5, 1.5, 10))


def test_the_loader_of_the_real_data_reads_them(cohort):
    dataset = open_dataset(cohort, "acdc")
    assert dataset.faults == ()
    assert dataset.subjects == tuple(f"patient{n:03d}" for n in range(1, N + 1))
    pair = dataset.load("patient002", Preprocessing())
    assert pair.notes == ()
    assert pair.group == "PHANTOM"
    assert (pair.grid_shape, pair.spacing_mm) == ((128, 128), (1.8, 1.8))
    np.testing.assert_allclose(np.abs(np.diag(pair.affine)), [1.8, 1.8, 10, 1])
    assert set(np.unique(pair.fixed_labels)) == {0, 1, 2, 3}
    assert (pair.fixed_labels == LV).sum() > (pair.moving_labels == LV).sum()  # fixed is end diastole


def test_a_stopped_cohort_holds_whole_subjects_only(tmp_path):
    writing = write_cardiac_cohort(tmp_path, 3, seed=0)
    assert next(writing) == "patient001"
    writing.close()
    assert [path.name for path in (tmp_path / "training").iterdir()] == ["patient001"]
    assert open_dataset(tmp_path, "acdc").faults == ()


@pytest.mark.parametrize("kind", list(PHANTOMS))
def test_a_cohort_needs_subjects(tmp_path, kind):
    with pytest.raises(InputError, match="needs subjects. Expected: at least 1. Received: 0"):
        next(PHANTOMS[kind](tmp_path, 0, 0))

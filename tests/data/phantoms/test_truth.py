"""The truth beside a phantom, carried to the grid of its pair."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.grid import Grid
from elasreg_core.data.nifti import read_vectors
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.truth import read_truth
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import score_displacement

TURNED_MM = np.array([[0, -2.0, 0, 30], [4.0, 0, 0, -7], [0, 0, 9.0, 0], [0, 0, 0, 1]])  # axes swapped, one flipped


@pytest.mark.parametrize(("name", "layout"), [("hearts", "acdc"), ("coronal", "nlst"), ("mixed", "nlst")])
def test_the_true_displacement_registers_the_pair_on_any_grid(cohorts, name, layout):
    data = open_dataset(cohorts[name].root, layout)
    for subject in data.subjects:
        pair = data.load(subject, Preprocessing((150, 146), 2.3, slice_axis=1))
        scores = score_displacement(pair, pair.truth.displacement)
        assert scores.displacement_error_vox == 0
        assert scores.mean_dice > max(0.88, score_displacement(pair).mean_dice)
        if pair.keypoints is not None:
            assert scores.tre_mm < 0.2 * pair.spacing_mm[0]


def test_vectors_are_carried_as_points_are(tmp_path):
    # 1 voxel along i of a file whose i is 4 mm along y: on a grid whose *second* axis runs 2 mm along −y, that is −2
    folder = tmp_path / "s1"
    folder.mkdir()
    vectors = np.zeros((5, 6, 1, 3), np.float32)
    vectors[..., 0] = 1
    nib.save(nib.Nifti1Image(vectors, TURNED_MM), folder / "displacement.nii.gz")
    materials = np.zeros((5, 6, 1), np.uint8)
    materials[2:] = 1
    nib.save(nib.Nifti1Image(materials, TURNED_MM), folder / "materials.nii.gz")
    (folder / "tissues.csv").write_text("material,name\n0,air\n1,lung\n")
    affine = np.array([[-1.0, 0, 0, 30], [0, -2.0, 0, 9.4], [0, 0, 9.0, 0], [0, 0, 0, 1]])
    truth = read_truth(folder, Grid((9, 8, 1), affine))
    assert truth.displacement.shape == (9, 8, 2)
    np.testing.assert_allclose(truth.displacement, np.broadcast_to([0, -2.0], (9, 8, 2)), atol=1e-6)
    # y = 9.4 − 2j lies in row (y + 7)/4 = 4.1 − j/2 of the materials, air below row 1.5: from j = 6 on
    np.testing.assert_array_equal(truth.body[2], [True] * 6 + [False] * 2)


def test_air_is_not_body_and_a_heart_is_in_nothing_but_body(cohorts):
    chest = open_dataset(cohorts["coronal"].root, "nlst")
    pair = chest.load(chest.subjects[0], Preprocessing((192, 176), 2.0, slice_axis=1))
    assert not pair.truth.body[0].any()  # beside the patient
    assert pair.truth.body[pair.fixed_labels > 0].all()
    heart = open_dataset(cohorts["hearts"].root, "acdc")
    assert heart.load("patient001", Preprocessing((60, 50), 2.0)).truth.body.all()


def test_no_truth_is_none_and_its_error_undefined(cohorts, tmp_path):
    data = open_dataset(cohorts["hearts"].root, "acdc").without_truth()
    pair = data.load("patient001", Preprocessing((60, 50), 2.0))
    assert pair.truth is None
    assert np.isnan(score_displacement(pair).displacement_error_vox)
    assert read_truth(tmp_path, Grid((4, 5, 1), np.eye(4))) is None


def test_an_image_is_not_a_vector_field(tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), np.eye(4)), tmp_path / "image.nii.gz")
    with pytest.raises(InputError, match=r"is not a vector field. Expected: shape \(X, Y, Z, 3\)"):
        read_vectors(tmp_path / "image.nii.gz")

"""`elasreg apply` with every form of field: what was exported brings images, labels and points to the right place."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.data.grid import Grid, in_space
from elasreg_core.data.keypoints import read_points
from elasreg_core.data.nifti import read_image, read_labels
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.physics.fields import warp_image, warp_labels, warp_points
from elasreg_core.registration.field_files import write_fields
from tests.builders import make_volumes, oblique_affine, write_nifti, write_points

SHAPE = (20, 24, 3)
FORMS = ("learn2reg", "itk", "ras")


@pytest.fixture
def u() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1.5, (*SHAPE, 3)).astype("f4")


@pytest.fixture
def folder(tmp_path, u):
    """The files of a subject on one oblique grid, and a field in all forms."""
    for role, data in make_volumes().items():
        write_nifti(tmp_path / f"{role}.nii.gz", data)
    write_fields(tmp_path, SpatialDisplacement.from_voxels(u, Grid(SHAPE, oblique_affine())), u)
    return tmp_path


def apply(folder, form, *arguments, out):
    command = ["apply", "--field", str(folder / f"displacement_{form}.nii.gz"), *map(str, arguments)]
    return main([*command, "--out", str(folder / out)])


@pytest.mark.parametrize("form", FORMS)
def test_images_and_labels_are_pulled_back(folder, u, form):
    assert apply(folder, form, "--image", folder / "moving.nii.gz", out="warped.nii.gz") == 0
    assert apply(folder, form, "--labels", folder / "moving_labels.nii.gz", out="labels.nii.gz") == 0
    volumes = make_volumes()
    warped, labels = read_image(folder / "warped.nii.gz"), read_labels(folder / "labels.nii.gz")
    np.testing.assert_allclose(warped.data, warp_image(volumes["moving"].astype("f4"), u), atol=0.05)
    assert (labels.data == warp_labels(volumes["moving_labels"], u)).mean() > 0.999  # rounding at voxel borders
    np.testing.assert_allclose(warped.affine, oblique_affine(), atol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_points_are_led_from_fixed_to_moving(folder, u, form, capsys):
    points = np.array([[3, 4, 1], [10.5, 20.25, 0.5]])
    csv = write_points(folder / "points.csv", points)
    assert apply(folder, form, "--points", csv, out="moved.csv") == 0
    np.testing.assert_allclose(read_points(folder / "moved.csv"), warp_points(points, u), atol=1e-3)
    assert "2 points i,j,k in voxels of the grid of the field" in capsys.readouterr().out


def test_points_in_voxels_of_their_own_images(folder, u):
    # the same places, named in the voxels of a finer fixed and of a turned moving image
    finer = Grid((40, 48, 6), oblique_affine((0.75, 1.25, 3.5)))
    turned = Grid((9, 9, 9), np.diag([-2.0, -2.0, 5.0, 1.0]))
    for name, grid in (("finer", finer), ("turned", turned)):
        write_nifti(folder / f"{name}.nii", np.zeros(grid.shape, "u1"), grid.affine)
    points = np.array([[3.0, 4.0, 1.0], [10.5, 20.25, 0.5]])
    space = in_space(oblique_affine(), points)
    csv = write_points(folder / "points.csv", np.round(finer.voxels_of(space), 3))
    files = ["--fixed", folder / "finer.nii", "--moving", folder / "turned.nii"]
    assert apply(folder, "itk", "--points", csv, *files, out="moved.csv") == 0
    expected = turned.voxels_of(in_space(oblique_affine(), warp_points(points, u)))
    np.testing.assert_allclose(read_points(folder / "moved.csv"), expected, atol=5e-3)


def test_an_image_is_written_on_the_grid_that_is_asked_for(folder):
    finer = write_nifti(folder / "finer.nii", np.zeros((40, 48, 3), "u1"), oblique_affine((0.75, 1.25, 7.0)))
    arguments = ["--image", folder / "moving.nii.gz", "--fixed", finer]
    assert apply(folder, "itk", *arguments, out="warped.nii") == 0
    assert apply(folder, "itk", *arguments[:2], out="coarse.nii") == 0
    fine, coarse = read_image(folder / "warped.nii"), read_image(folder / "coarse.nii")
    assert fine.data.shape == (40, 48, 3)
    np.testing.assert_allclose(fine.data[::2, ::2], coarse.data, atol=0.05)  # every second voxel is the same place


def test_what_cannot_be_applied_is_refused(folder, capsys):
    other = write_nifti(folder / "other.nii", np.ones((5, 4, 3), "f4"))
    for arguments, words in (
        (["learn2reg", "--image", other], "moves voxels of images on its own grid"),
        (["itk", "--image", folder / "nowhere.nii"], "There is no file"),
        (["itk", "--labels", folder / "moving.nii.gz"], "is not a label map"),
        (["none", "--image", other], "There is no file"),
    ):
        assert apply(folder, *arguments, out="warped.nii") == 2
        assert words in capsys.readouterr().err
    assert apply(folder, "itk", "--image", other, out="warped.png") == 2
    assert "is no NIfTI name" in capsys.readouterr().err
    with pytest.raises(SystemExit) as exit_:
        apply(folder, "itk", out="warped.nii")
    assert exit_.value.code == 2
    assert "one of the arguments --image --labels --points is required" in capsys.readouterr().err

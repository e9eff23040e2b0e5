"""Fields on disk: what other tools make of them, with SimpleITK as the judge."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from elasreg_core.data.grid import Grid
from elasreg_core.data.nifti import Volume, read_image, read_vectors, write_volume
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.errors import InputError
from elasreg_core.registration.field_files import read_field, write_fields, write_itk_transform
from tests.builders import oblique_affine, write_nifti

SHAPES = [(21, 17, 1), (14, 12, 9)]
FORMS = ("learn2reg", "itk", "ras")


def smooth(shape: tuple[int, ...], seed: int, size: float, sigma: float = 3.0) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma, mode="wrap")
    return size * noise / np.abs(noise).max()


def field_on(shape: tuple[int, ...]) -> tuple[np.ndarray, SpatialDisplacement]:
    """A displacement of up to two voxels on an oblique, anisotropic grid; within the slice in 2D."""
    dim = 2 if shape[2] == 1 else 3
    u = np.zeros((*shape, 3), dtype=np.float32)
    for k in range(dim):
        u[..., k] = smooth(shape, k, 2.0)
    return u, SpatialDisplacement.from_voxels(u, Grid(shape, oblique_affine((1.5, 2.5, 4.0))))


def resampled(moving: Path, field: sitk.Transform, reference: sitk.Image) -> np.ndarray:
    """The moving image through SimpleITK, in our axis order; linear, the nearest voxel outside of it."""
    image = sitk.ReadImage(str(moving), sitk.sitkFloat64)
    out = sitk.Resample(image, reference, field, sitk.sitkLinear, 0.0, sitk.sitkFloat64, True)
    return np.moveaxis(sitk.GetArrayFromImage(out), (0, 1, 2), (2, 1, 0))


@pytest.mark.parametrize("shape", SHAPES)
def test_simpleitk_warps_with_the_exported_field_as_we_do(tmp_path, shape):
    u, field = field_on(shape)
    # the moving image has a grid of its own, turned otherwise, around the same place
    affine = oblique_affine((2.0, 1.2, 3.0))
    affine[:3, :3] = affine[:3, [1, 0, 2]] * [1, -1, 1]
    sides = (26, 24, 14)
    centre = field.grid.points_mm().reshape(-1, 3).mean(axis=0)
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array(sides) - 1) / 2)
    data = smooth(sides, 9, 500.0, 1.0).astype(np.float32)
    path = write_nifti(tmp_path / "moving.nii.gz", data, affine)

    written = write_fields(tmp_path, field, u)
    vectors = sitk.ReadImage(str(written["displacement_itk"]), sitk.sitkVectorFloat64)
    transform = sitk.DisplacementFieldTransform(sitk.Image(vectors))
    reference = sitk.ReadImage(str(write_nifti(tmp_path / "grid.nii", np.zeros(shape, "f4"), field.grid.affine)))
    theirs = resampled(path, transform, reference)
    ours = field.warp(read_image(path), order=1)
    at = read_image(path).grid.voxels_of(field.grid.points_mm() + field.vectors_mm)
    inside = ((at > 0) & (at < np.array(sides) - 1)).all(axis=-1)
    assert inside.mean() > 0.5
    assert np.abs(ours - theirs)[inside].max() < 1e-3 * np.ptp(data)

    file = write_itk_transform(tmp_path / "u.h5", field)
    again = resampled(path, sitk.ReadTransform(str(file)), reference)
    assert np.abs(ours - again)[inside].max() < 1e-3 * np.ptp(data)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_form_reads_back_as_the_same_motion(tmp_path, shape):
    u, field = field_on(shape)
    written = write_fields(tmp_path, field, u)
    for form in FORMS:
        found = read_field(written[f"displacement_{form}"])
        np.testing.assert_allclose(found.vectors_mm, field.vectors_mm, atol=1e-4)
        np.testing.assert_allclose(found.grid.affine, field.grid.affine, atol=1e-5)


def test_a_volume_of_two_slices_that_move_alike_stays_one_of_two(tmp_path):
    field = SpatialDisplacement(Grid((6, 5, 2), oblique_affine((1.5, 2.5, 4.0))), np.ones((6, 5, 2, 3)))
    written = write_fields(tmp_path, field, None)
    for form in FORMS[1:]:
        found = read_field(written[f"displacement_{form}"])
        assert found.grid.shape == (6, 5, 2)
        np.testing.assert_allclose(found.grid.affine, field.grid.affine, atol=1e-5)


def test_the_forms_are_what_their_readers_expect(tmp_path):
    u, field = field_on(SHAPES[1])
    written = write_fields(tmp_path, field, u)
    learn2reg, itk, ras = (nib.load(written[f"displacement_{form}"]) for form in FORMS)
    assert learn2reg.shape == (14, 12, 9, 3)
    np.testing.assert_array_equal(np.asarray(learn2reg.dataobj), u)
    assert (itk.shape, int(itk.header["intent_code"])) == ((14, 12, 9, 1, 3), 1007)
    assert (ras.shape, int(ras.header["intent_code"])) == ((14, 12, 9, 1, 3), 1006)
    np.testing.assert_allclose(np.asarray(ras.dataobj)[:, :, :, 0], field.vectors_mm, atol=1e-5)
    np.testing.assert_allclose(np.asarray(itk.dataobj)[:, :, :, 0], field.vectors_mm * [-1, -1, 1], atol=1e-5)


def test_where_no_grid_holds_both_images_there_is_no_field_in_voxels(tmp_path):
    _, field = field_on(SHAPES[1])
    assert set(write_fields(tmp_path, field, None)) == {"displacement_itk", "displacement_ras"}


def test_a_learn2reg_field_leads_to_the_voxels_of_the_moving_image(tmp_path):
    # u is given in voxels of the moving image: with another affine, the same u means another motion in space
    u, field = field_on(SHAPES[1])
    path = write_fields(tmp_path, field, u)["displacement_learn2reg"]
    moving = Grid(SHAPES[1], oblique_affine((3.0, 3.0, 3.0), (1, 2, 3)))
    np.testing.assert_allclose(read_field(path, moving).in_voxels(moving.affine), u, atol=1e-5)
    data = smooth(moving.shape, 4, 9.0, 1.0)
    volume = Volume(Path("m"), data, moving.affine)
    at = np.moveaxis(np.indices(u.shape[:3]), 0, -1) + u
    expected = ndimage.map_coordinates(data, np.moveaxis(at, -1, 0), order=1, mode="nearest")
    np.testing.assert_allclose(read_field(path, moving).warp(volume, 1), expected, atol=1e-4)


def test_a_learn2reg_field_refuses_an_image_of_another_shape(tmp_path):
    u, field = field_on(SHAPES[1])
    path = write_fields(tmp_path, field, u)["displacement_learn2reg"]
    with pytest.raises(InputError, match=r"lies on another one.*\(14, 12, 9\).*\(3, 3, 3\).*Cure: .*displacement_itk"):
        read_field(path, Grid((3, 3, 3), np.eye(4)))


def test_vectors_without_a_meaning_are_refused(tmp_path):
    write_volume(tmp_path / "u.nii", np.zeros((4, 3, 2, 1, 3), np.float32), np.eye(4), "estimate")
    with pytest.raises(InputError, match="does not say what its vectors are.*1007.*1006.*Received: intent 1001"):
        read_field(tmp_path / "u.nii")


@pytest.mark.parametrize("shape", [(4, 3, 2), (4, 3, 2, 2), (4, 3, 2, 2, 3)])
def test_what_is_no_vector_field_is_refused(tmp_path, shape):
    write_volume(tmp_path / "u.nii", np.zeros(shape, np.float32), np.eye(4))
    with pytest.raises(
        InputError, match=r"is not a vector field.*\(X, Y, Z, 3\) or \(X, Y, Z, 1, 3\).*shape \(4, 3, 2"
    ):
        read_vectors(tmp_path / "u.nii")


def test_itk_knows_no_slanted_axes(tmp_path):
    slanted = np.eye(4)
    slanted[0, 1] = 0.2
    field = SpatialDisplacement(Grid((4, 3, 2), slanted), np.zeros((4, 3, 2, 3)))
    with pytest.raises(InputError, match="perpendicular axes.*Cure: Use displacement_itk"):
        write_itk_transform(tmp_path / "u.h5", field)

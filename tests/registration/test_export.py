"""A registration as files: on the pair's grid, and on the grid of the files that it came from."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.nifti import read_image, read_labels
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.physics.fields import jacobian_determinant
from elasreg_core.registration.export import original_displacement, write_in_original_space, write_registration
from tests.builders import TISSUES, make_registration, make_volumes, oblique_affine, write_nifti

VOLUME = Preprocessing((24, 30, 8), 2.0, None)
SLICE = Preprocessing((24, 30), 2.0, 2)


@pytest.fixture
def registration(small_pair):
    return make_registration(small_pair, np.random.default_rng(4).normal(size=(16, 20, 2)).astype("f4"))


def case_of(folder, moving_affine=None) -> Case:
    affines = {"moving": moving_affine, "moving_labels": moving_affine}
    paths = {
        role: write_nifti(folder / f"{role}.nii.gz", data, affines.get(role)) for role, data in make_volumes().items()
    }
    return Case("s1", **paths)


def test_what_is_written_on_the_grid_of_the_pair(tmp_path, small_pair, registration):
    written = write_registration(tmp_path, small_pair, registration)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written.values()}
    expected = {
        "warped": registration.warped,
        "warped_labels": registration.warped_labels,
        "fixed_labels": small_pair.fixed_labels,
        "jacobian": jacobian_determinant(registration.displacement),
        "displacement_learn2reg": np.pad(registration.displacement, ((0, 0), (0, 0), (0, 1))),
    }
    for role, array in expected.items():
        image = nib.load(written[role])
        np.testing.assert_allclose(np.asarray(image.dataobj).reshape(array.shape), array, atol=1e-6)
        np.testing.assert_allclose(image.affine, small_pair.affine, atol=1e-5)
    assert nib.load(written["warped_labels"]).get_data_dtype() == np.uint8


def test_a_pair_without_labels_is_written_without_labels(tmp_path, small_pair):
    pair = replace(small_pair, moving_labels=None, fixed_labels=None)
    written = write_registration(tmp_path, pair, make_registration(pair, np.zeros((16, 20, 2), "f4")))
    assert not any("labels" in role for role in written)


@pytest.mark.parametrize("settings", [SLICE, VOLUME])
def test_nothing_moves_and_the_files_come_back(tmp_path, settings):
    case = case_of(tmp_path / "in")
    pair = load_case(case, settings, TissueTable(TISSUES))
    nothing = np.zeros((*settings.grid_shape, settings.dim), np.float32)
    written = write_in_original_space(tmp_path / "out", pair, make_registration(pair, nothing), case.moving_labels)
    warped, labels = read_image(written["warped"]), read_labels(written["warped_labels"])
    moving, moving_labels = read_image(case.moving), read_labels(case.moving_labels)
    seen = (slice(None), slice(None), slice(1, 2) if settings.dim == 2 else slice(None))  # slice 3 // 2 of 3
    np.testing.assert_array_equal(warped.data, moving.data[seen])
    np.testing.assert_array_equal(labels.data, moving_labels.data[seen])
    np.testing.assert_allclose(warped.grid.points_mm(), moving.grid.points_mm()[seen], atol=1e-3)


@pytest.mark.parametrize("settings", [SLICE, VOLUME])
def test_a_shift_in_space_is_that_shift_in_the_files(tmp_path, settings):
    # in the file, voxels are 1.5 × 2.5 × 7 mm: 3 voxels along axis 0 are 4.5 mm, 2.25 voxels of the pair's grid
    case = case_of(tmp_path)
    pair = load_case(case, settings, TissueTable(TISSUES))
    shift = np.zeros((*settings.grid_shape, settings.dim), np.float32)
    shift[..., 0] = 2.25
    written = write_in_original_space(tmp_path / "out", pair, make_registration(pair, shift), case.moving_labels)
    moving = read_image(case.moving).data
    warped = read_image(written["warped"]).data
    middle = slice(1, 2) if settings.dim == 2 else slice(None)
    np.testing.assert_allclose(warped[:-3], moving[3:, :, middle], atol=0.02)
    np.testing.assert_allclose(warped[-3:], np.repeat(moving[-1:, :, middle], 3, axis=0), atol=0.02)  # its nearest


def test_each_file_keeps_its_own_place(tmp_path):
    # the moving file is shifted by (4, −6, 3) mm in space; the registration finds that shift; then voxels agree again
    affine = oblique_affine()
    affine[:3, 3] += [4, -6, 3]
    case = case_of(tmp_path, affine)
    pair = load_case(case, VOLUME, TissueTable(TISSUES))
    shift = np.linalg.inv(pair.affine[:3, :3]) @ [4, -6, 3]
    displacement = np.broadcast_to(shift.astype("f4"), (*VOLUME.grid_shape, 3)).copy()
    written = write_in_original_space(tmp_path / "out", pair, make_registration(pair, displacement), case.moving_labels)
    np.testing.assert_allclose(read_image(written["warped"]).data, read_image(case.moving).data, atol=0.05)
    voxels = nib.load(written["displacement_learn2reg"]).get_fdata()
    np.testing.assert_allclose(voxels, 0, atol=1e-5)  # voxel p of fixed is voxel p of moving
    np.testing.assert_allclose(nib.load(written["displacement_ras"]).get_fdata()[3, 4, 1, 0], [4, -6, 3], atol=1e-4)


def test_a_slice_has_no_field_in_voxels_of_a_volume(tmp_path):
    pair = load_case(case_of(tmp_path), SLICE, TissueTable(TISSUES))
    written = write_in_original_space(tmp_path / "out", pair, make_registration(pair, np.zeros((24, 30, 2), "f4")))
    assert set(written) == {"warped", "displacement_itk", "displacement_ras", "displacement_itk_transform"}


def test_between_the_voxels_of_the_pair_the_displacement_is_linear(tmp_path):
    pair = load_case(case_of(tmp_path), VOLUME, TissueTable(TISSUES))
    u = np.random.default_rng(0).normal(size=(24, 30, 8, 3)).astype("f4")
    field = original_displacement(pair, u)
    assert field.grid.shape == (20, 24, 3)
    at = pair.grid.voxels_of(field.grid.points_mm())[7, 9, 1]
    mine = np.array([ndimage.map_coordinates(u[..., k], at[:, np.newaxis], order=1)[0] for k in range(3)])
    np.testing.assert_allclose(field.vectors_mm[7, 9, 1], pair.affine[:3, :3] @ mine, atol=1e-4)


def test_a_pair_of_arrays_has_no_files_to_go_back_to(tmp_path, small_pair, registration):
    with pytest.raises(ValueError, match="small was not read from files"):
        write_in_original_space(tmp_path, small_pair, registration)

"""The target grid: laid out in space, read through the affine.

Most volumes here hold a linear function of the position in RAS mm. Linear interpolation reads it exactly, so every
voxel of the result says where in the patient it was read.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.nifti import Volume
from elasreg_core.data.preprocessing import Preprocessing, intensity_window, lay_out_grid, normalise, slicing_axis
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.tables import from_table
from tests.builders import block, make_volumes, oblique_affine, write_nifti

WHERE = np.array([2.0, -3.0, 5.0])  # the linear function: f(r) = 2 r_R − 3 r_A + 5 r_S
TISSUES = TissueTable(("wall", "pool"))


def at(affine: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    return voxels @ affine[:3, :3].T + affine[:3, 3]


def voxels_of(shape: tuple[int, ...]) -> np.ndarray:
    return np.moveaxis(np.indices(shape, dtype=float), 0, -1)


def ramp(shape: tuple[int, ...], affine: np.ndarray) -> Volume:
    """f(position) at every voxel."""
    return Volume(None, (at(affine, voxels_of(shape)) @ WHERE), affine)


def mask_volume(labels: np.ndarray, affine: np.ndarray) -> Volume:
    return Volume("labels.nii", labels, affine)


FIXED_AFFINE = oblique_affine((1.5, 2.5, 3.0), origin_mm=(-40, 25, 110))
FIXED_SHAPE = (20, 14, 9)


@pytest.mark.parametrize(
    ("slice_axis", "grid_shape"),
    [(2, (10, 8)), (1, (10, 6)), (0, (8, 6)), (None, (10, 8, 6))],
)
def test_every_grid_voxel_shows_its_own_place_in_the_patient(slice_axis, grid_shape):
    fixed = ramp(FIXED_SHAPE, FIXED_AFFINE)
    grid = lay_out_grid(fixed, None, Preprocessing(grid_shape, 2.0, slice_axis))
    expected = at(grid.affine, voxels_of(grid.shape)) @ WHERE
    np.testing.assert_allclose(grid.read(fixed, order=1), expected, rtol=1e-6)


@pytest.mark.parametrize(("slice_axis", "grid_shape"), [(2, (10, 8)), (None, (10, 8, 6))])
def test_a_moving_image_with_another_affine_is_read_at_the_same_places(slice_axis, grid_shape):
    fixed = ramp(FIXED_SHAPE, FIXED_AFFINE)
    grid = lay_out_grid(fixed, None, Preprocessing(grid_shape, 2.0, slice_axis))
    points_mm = at(grid.affine, voxels_of(grid.shape))
    # axes in another order, mirrored, other spacing, other angle; large enough to hold the whole grid
    moving_affine = oblique_affine((1.9, 1.1, 1.3))[:, [1, 2, 0, 3]] * [-1, 1, 1, 1]
    moving_affine[:3, 3] = points_mm.reshape(-1, 3).mean(axis=0) - moving_affine[:3, :3] @ [35, 40, 30]
    moving = ramp((71, 81, 61), moving_affine)
    np.testing.assert_allclose(grid.read(moving, order=1), points_mm @ WHERE, rtol=1e-6)


@pytest.mark.parametrize(
    ("slice_axis", "grid_shape", "spacing_mm"),
    [(2, (10, 8), (2, 2, 3.0)), (1, (10, 6), (2, 2, 2.5)), (None, (10, 8, 6), (2, 2, 2))],
)
def test_the_grid_is_isotropic_in_plane_and_keeps_the_slice_distance(slice_axis, grid_shape, spacing_mm):
    grid = lay_out_grid(ramp(FIXED_SHAPE, FIXED_AFFINE), None, Preprocessing(grid_shape, 2.0, slice_axis))
    np.testing.assert_allclose(np.linalg.norm(grid.affine[:3, :3], axis=0), spacing_mm)


def test_the_grid_is_centred_on_the_box_around_the_labels():
    # Rows 6 … 11, columns 4 … 12 of slice 9 // 2 = 4: the centre is voxel (8.5, 8, 4).
    labels = block(FIXED_SHAPE, slice(6, 8), slice(4, 5), 1) + block(FIXED_SHAPE, slice(10, 12), slice(11, 13), 2)
    grid = lay_out_grid(
        ramp(FIXED_SHAPE, FIXED_AFFINE), mask_volume(labels, FIXED_AFFINE), Preprocessing((11, 7), 2.0, 2)
    )
    np.testing.assert_allclose(at(grid.affine, np.array([5.0, 3.0, 0.0])), at(FIXED_AFFINE, np.array([8.5, 8.0, 4.0])))


def test_labels_on_other_slices_do_not_pull_the_centre():
    labels = block(FIXED_SHAPE, slice(6, 11), slice(4, 7))
    labels[:, :, 0] = 1
    grid = lay_out_grid(
        ramp(FIXED_SHAPE, FIXED_AFFINE), mask_volume(labels, FIXED_AFFINE), Preprocessing((11, 7), 2.0, 2)
    )
    np.testing.assert_allclose(at(grid.affine, np.array([5.0, 3.0, 0.0])), at(FIXED_AFFINE, np.array([8.0, 5.0, 4.0])))


def test_in_3d_the_labels_centre_all_three_axes():
    labels = np.zeros(FIXED_SHAPE, np.uint8)
    labels[6:11, 4:7, 1:4] = 1  # centre (8, 5, 2)
    settings = Preprocessing((11, 7, 5), 2.0, None)
    grid = lay_out_grid(ramp(FIXED_SHAPE, FIXED_AFFINE), mask_volume(labels, FIXED_AFFINE), settings)
    np.testing.assert_allclose(at(grid.affine, np.array([5.0, 3.0, 2.0])), at(FIXED_AFFINE, np.array([8.0, 5.0, 2.0])))


@pytest.mark.parametrize(("n_slices", "middle"), [(7, 3), (8, 4), (1, 0)])
def test_the_middle_slice_is_half_the_count(n_slices, middle):
    # the paper's middle coronal slice of NLST is index 96 of 192
    volume = Volume(None, np.indices((6, n_slices, 5))[1].astype(float), np.diag([2.0, 5.0, 2.0, 1.0]))
    sliced = lay_out_grid(volume, None, Preprocessing((6, 5), 2.0, 1)).read(volume, order=1)
    np.testing.assert_allclose(sliced, middle)


def test_a_coronal_slice_has_axes_x_and_z():
    # value = 100 x + 10 y + z; the middle of 7 coronal slices is y = 3
    x, y, z = np.indices((12, 7, 9))
    volume = Volume(None, (100.0 * x + 10 * y + z), np.diag([2.0, 5.0, 2.0, 1.0]))
    grid = lay_out_grid(volume, None, Preprocessing((12, 9), 2.0, 1))
    np.testing.assert_allclose(grid.read(volume, order=1)[:, :, 0], volume.data[:, 3, :])


@pytest.mark.parametrize("thin", [0, 1, 2])
@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_a_single_slice_is_taken_whatever_axis_it_lies_across(thin, slice_axis):
    # value = 10 · first + second axis in the slice, at the volume's own spacing of 2 mm in the slice
    plane = 10.0 * np.arange(9)[:, None] + np.arange(7)
    volume = Volume(None, np.expand_dims(plane, thin), np.diag([*np.insert([2.0, 2.0], thin, 5.0), 1.0]))
    grid = lay_out_grid(volume, None, Preprocessing((9, 7), 2.0, slice_axis))
    np.testing.assert_allclose(grid.read(volume, order=1)[:, :, 0], plane)
    assert np.linalg.norm(grid.affine[:3, 2]) == 5


def test_the_slice_of_a_file_of_its_own_is_centred_on_its_labels():
    volume = Volume(None, np.arange(10 * 8.0).reshape(10, 8, 1), np.diag([2.0, 2.0, 9.0, 1.0]))
    # as in the test of cropping below, but with settings for coronal slices
    labels = mask_volume(block((10, 8, 1), slice(3, 7), slice(1, 5)), volume.affine)
    grid = lay_out_grid(volume, labels, Preprocessing((6, 4), 2.0, 1))
    np.testing.assert_allclose(grid.read(volume, order=1), volume.data[2:8, 1:5])


@pytest.mark.parametrize(
    ("shape", "slice_axis", "expected"),
    [
        ((9, 7, 5), 1, 1),
        ((9, 7, 1), 1, 2),
        ((9, 1, 1), 1, 1),  # a line: the axis asked for, where it will do
        ((9, 1, 1), 0, 2),
    ],
)
def test_only_a_single_slice_overrules_the_slice_axis(shape, slice_axis, expected):
    assert slicing_axis(shape, Preprocessing((8, 8), 2.0, slice_axis)) == expected


def test_in_3d_a_single_slice_stays_a_volume():
    assert slicing_axis((9, 7, 1), Preprocessing((8, 8, 8), 2.0, None)) is None


def test_at_the_volumes_own_spacing_cropping_is_slicing():
    volume = Volume(None, np.arange(10 * 8.0).reshape(10, 8, 1), np.diag([2.0, 2.0, 9.0, 1.0]))
    # box rows 3 … 6, columns 1 … 4: centre (4.5, 2.5); a 6 × 4 grid begins at (4.5 − 2.5, 2.5 − 1.5) = (2, 1)
    labels = mask_volume(block((10, 8, 1), slice(3, 7), slice(1, 5)), volume.affine)
    grid = lay_out_grid(volume, labels, Preprocessing((6, 4), 2.0, 2))
    np.testing.assert_allclose(grid.read(volume, order=1), volume.data[2:8, 1:5])


def test_where_the_volume_ends_its_minimum_goes_on():
    volume = Volume(None, 5 + np.arange(10 * 8.0).reshape(10, 8, 1), np.diag([2.0, 2.0, 9.0, 1.0]))
    # the same centre; a 14 × 12 grid begins at (4.5 − 6.5, 2.5 − 5.5) = (−2, −3)
    labels = mask_volume(block((10, 8, 1), slice(3, 7), slice(1, 5)), volume.affine)
    grid = lay_out_grid(volume, labels, Preprocessing((14, 12), 2.0, 2))
    expected = np.full((14, 12, 1), 5.0)
    expected[2:12, 3:11] = volume.data
    np.testing.assert_allclose(grid.read(volume, order=1), expected)


def test_beyond_a_fully_labelled_volume_there_is_background():
    labels = mask_volume(np.full((10, 8, 1), 2, np.uint8), np.diag([2.0, 2.0, 9.0, 1.0]))
    grid = lay_out_grid(labels, labels, Preprocessing((14, 12), 2.0, 2))
    # 10 × 8 voxels in the middle of 14 × 12
    expected = np.zeros((14, 12), np.uint8)
    expected[2:12, 2:10] = 2
    np.testing.assert_array_equal(grid.read(labels, order=0)[:, :, 0], expected)


def test_labels_keep_their_values_when_resampled():
    labels = block((20, 14, 5), slice(4, 15), slice(3, 11), 3)
    volume = mask_volume(labels, oblique_affine((1.5, 2.5, 6.0)))
    resampled = lay_out_grid(volume, volume, Preprocessing((32, 32), 0.9, 2)).read(volume, order=0)
    assert set(np.unique(resampled)) == {0, 3}
    assert resampled.dtype == np.uint8
    # 11 × 8 voxels of 1.5 × 2.5 mm are 330 mm²
    assert (resampled == 3).sum() * 0.9**2 == pytest.approx(330, rel=0.06)


def test_without_tissue_on_the_slice_there_is_no_centre():
    labels = np.zeros(FIXED_SHAPE, np.uint8)
    labels[3:5, 3:5, 0] = 1
    with pytest.raises(InputError, match=r"labels\.nii has no tissue.*above 0 on the middle slice.*background only"):
        lay_out_grid(ramp(FIXED_SHAPE, FIXED_AFFINE), mask_volume(labels, FIXED_AFFINE), Preprocessing((8, 8), 2.0, 2))


def test_a_single_slice_is_no_volume():
    with pytest.raises(InputError, match=r"is a single slice.*8 × 8 × 8 voxels.*20 × 1 × 9.*a checkpoint for slices"):
        lay_out_grid(ramp((20, 1, 9), FIXED_AFFINE), None, Preprocessing((8, 8, 8), 2.0, None))


@pytest.mark.parametrize(("grid_shape", "slice_axis"), [((8, 8, 8), 2), ((8, 8), None)])
def test_grid_shape_and_slice_axis_must_agree(grid_shape, slice_axis):
    with pytest.raises(InputError, match="grid_shape and slice_axis contradict each other. Expected: [23] sides"):
        Preprocessing(grid_shape, 2.0, slice_axis)


def test_a_grid_may_lie_around_the_whole_image_whatever_is_labelled():
    labels = np.zeros(FIXED_SHAPE, np.uint8)
    labels[2:4, 1:3] = 1
    fixed, marked = ramp(FIXED_SHAPE, FIXED_AFFINE), mask_volume(labels, FIXED_AFFINE)
    whole, around = (lay_out_grid(fixed, marked, Preprocessing((8, 8), 2.0, 2, centre=c)) for c in ("image", "labels"))
    np.testing.assert_array_equal(whole.affine, lay_out_grid(fixed, None, Preprocessing((8, 8), 2.0, 2)).affine)
    assert np.abs(whole.affine - around.affine).max() > 1
    with pytest.raises(InputError, match="no such centre. Expected: labels or image. Received: heart"):
        Preprocessing(centre="heart")


def normalised(image, *limits):
    return normalise(image, intensity_window(image, *limits))


def test_normalising_clips_at_the_percentiles():
    # 0 … 100: the 10th percentile is 10, the 90th is 90
    image = normalised(np.arange(101, dtype=np.float32).reshape(101, 1), (10, 90))
    np.testing.assert_allclose(image[[0, 10, 30, 50, 90, 100], 0], [0, 0, 0.25, 0.5, 1, 1], atol=1e-6)
    assert image.dtype == np.float32


def test_a_range_clips_before_the_percentiles():
    # −2000 and 4000 become −1000 and 1000; of 5 values the 25th percentile is the second, 0, the 75th the fourth, 500
    image = normalised(np.float32([[-2000, 0, 100, 500, 4000]]), (25, 75), (-1000, 1000))
    np.testing.assert_allclose(image, [[0, 0, 0.2, 1, 1]])
    # at the percentiles 0 and 100 the clipped extremes show
    image = normalised(np.float32([[-2000, 0, 500, 4000]]), (0, 100), (-1000, 1000))
    np.testing.assert_allclose(image, [[0, 0.5, 0.75, 1]])


@pytest.mark.parametrize("values", [(1518, -980), (5, 5), (float("nan"), 1), (float("-inf"), 1518)])
def test_an_intensity_range_ascends(values):
    with pytest.raises(InputError, match=r"intensity_range must ascend. Expected: two finite .*1518\]. Received"):
        Preprocessing(intensity_range=values)


def test_an_intensity_range_is_read_from_tables_and_may_be_absent():
    table = tomllib.loads("grid_shape = [224, 224]\nspacing_mm = 1.5\nslice_axis = 1\nintensity_range = [-980, 1518]")
    chest = from_table(Preprocessing, table, "t")
    assert chest == Preprocessing((224, 224), 1.5, 1, intensity_range=(-980.0, 1518.0))
    # through model.json, where a tuple is a list, and none is null
    for settings in (chest, Preprocessing()):
        assert from_table(Preprocessing, json.loads(json.dumps(asdict(settings))), "t") == settings
    # a model.json from before there was such a key
    old = {key: value for key, value in asdict(Preprocessing()).items() if key != "intensity_range"}
    assert from_table(Preprocessing, old, "t").intensity_range is None


def test_normalising_a_constant_image_divides_by_nothing():
    assert (normalised(np.full((4, 3), 7, np.float32), (0.5, 99.5)) == 0).all()


# From files to a pair -------------------------------------------------------------------------------------------------

SETTINGS = Preprocessing((16, 12), 2.0, 2)


def write_case(folder, affine, **affines) -> Case:
    paths = {
        role: write_nifti(folder / f"{role}.nii.gz", volume, affines.get(role, affine))
        for role, volume in make_volumes().items()
    }
    return Case("s1", **paths, group="DCM")


def test_a_case_becomes_a_pair(tmp_path):
    pair = load_case(write_case(tmp_path, oblique_affine()), SETTINGS, TISSUES)
    assert (pair.id, pair.group, pair.spacing_mm, pair.grid_shape) == ("s1", "DCM", (2.0, 2.0), (16, 12))
    assert pair.notes == ()
    assert (pair.moving.min(), pair.moving.max()) == (0, 1)
    # the moving labels lie 2 voxels of 1.5 mm further along axis 0: 1.5 voxels of 2 mm
    rows = [np.nonzero(labels == 1)[0].mean() for labels in (pair.fixed_labels, pair.moving_labels)]
    assert rows[1] - rows[0] == pytest.approx(1.5, abs=0.5)


def test_the_intensity_range_of_the_settings_counts(tmp_path):
    case = write_case(tmp_path, oblique_affine())  # noise from 100 to 900
    plain, clipped = (
        load_case(case, Preprocessing((16, 12), 2.0, 2, (0, 100), values), TISSUES) for values in (None, (300, 500))
    )
    assert (plain.fixed == 1).mean() < 0.1
    assert (clipped.fixed == 1).mean() > 0.3  # half of the noise lies above 500, less where it is interpolated


def test_no_label_appears_between_two_others(tmp_path):
    x, y, _ = np.indices((20, 24, 3))
    labels = np.where(np.hypot(x - 9, y - 12) < 5, 2, 0).astype(np.uint8)  # its rim, interpolated, would read 1
    volumes = make_volumes() | {"moving_labels": labels, "fixed_labels": labels}
    paths = {role: write_nifti(tmp_path / f"{role}.nii", volume) for role, volume in volumes.items()}
    pair = load_case(Case("s1", **paths), SETTINGS, TISSUES)
    assert set(np.unique(pair.moving_labels)) == {0, 2}


def test_the_contradiction_of_acdc_headers_is_resolved_and_noted(tmp_path):
    labels = block((40, 36, 3), slice(5, 32), slice(8, 30))
    image = np.random.default_rng(0).integers(0, 900, labels.shape, dtype=np.int16)
    paths = [
        write_nifti(tmp_path / name, data, np.diag([-1.0, -1.0, 1.0, 1.0]), pixdim=(1.367, 1.367, 10))
        for name, data in (("m.nii", image), ("f.nii", image), ("ml.nii", labels), ("fl.nii", labels))
    ]
    pair = load_case(Case("s1", *paths), Preprocessing((32, 30), 1.8, 2), TISSUES)
    # 27 rows of 1.367 mm are 36.9 mm, 20.5 rows of 1.8 mm; by the sform they would be 27 mm, 15 rows
    assert np.any(pair.fixed_labels == 1, axis=1).sum() in (20, 21)
    assert len(pair.notes) == 1  # said once, not once per file
    assert "took pixdim" in pair.notes[0]


def test_a_single_slice_survives_the_rounding_of_headers(tmp_path):
    """A qform holds the same rotation as an sform only to single precision: the slices differ by micrometres."""
    affine = oblique_affine((1.5, 2.5, 7.0), origin_mm=(-100, 30, 250))
    for role, volume in make_volumes().items():
        image = nib.Nifti1Image(volume[:, :, :1], None)
        if role.startswith("moving"):
            image.set_qform(affine, code=1)
        else:
            image.set_sform(affine, code=1)
        image.header["pixdim"][1:4] = 1.5, 2.5, 7.0
        nib.save(image, tmp_path / f"{role}.nii")
    case = Case("s1", *(tmp_path / f"{role}.nii" for role in make_volumes()))
    pair = load_case(case, SETTINGS, TISSUES)
    assert (pair.moving > 0).mean() > 0.85  # noise everywhere; 1 of 16 rows lies outside
    assert set(np.unique(pair.moving_labels)) == {0, 1, 2}


def test_labels_that_pass_as_their_images_are_not_lost(tmp_path):
    """An affine 5 µm off is the same affine: no label may vanish for it."""
    off = oblique_affine()
    off[2, 3] += 5e-3
    volumes = {role: volume[:, :, :1] for role, volume in make_volumes().items()}
    paths = {
        role: write_nifti(tmp_path / f"{role}.nii", volume, off if "labels" in role else oblique_affine())
        for role, volume in volumes.items()
    }
    pair = load_case(Case("s1", **paths), SETTINGS, TISSUES)
    assert set(np.unique(pair.fixed_labels)) == {0, 1, 2}


def test_a_moving_image_elsewhere_in_space_is_refused(tmp_path):
    far = oblique_affine(origin_mm=(900, 25, 110))
    case = write_case(tmp_path, oblique_affine(), moving=far, moving_labels=far)
    with pytest.raises(InputError, match="s1: the moving image is constant.*Cure: Check"):
        load_case(case, SETTINGS, TISSUES)


def test_labels_the_tissue_table_does_not_know_are_refused(tmp_path):
    case = write_case(tmp_path, oblique_affine())
    with pytest.raises(InputError, match=r"fixed_labels\.nii\.gz holds labels.*Expected: 0 background, 1 lung. Rec.*2"):
        load_case(case, SETTINGS, TissueTable(("lung",)))

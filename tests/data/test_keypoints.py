"""Keypoints: read as each image's voxels, carried through the affines to the grid of the pair."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.grid import Grid
from elasreg_core.data.keypoints import Keypoints, carry_keypoints, outside, read_keypoints
from elasreg_core.data.nifti import Volume
from elasreg_core.data.preprocessing import Preprocessing, lay_out_grid
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.metrics import tre_mm
from tests.builders import make_volumes, oblique_affine, write_nifti, write_points

# Reading --------------------------------------------------------------------------------------------------------------


def test_rows_of_the_two_files_belong_together(tmp_path):
    fixed = write_points(tmp_path / "f.csv", [(1, 2, 3), (4.5, 5.25, 6)])
    moving = write_points(tmp_path / "m.csv", [(7, 8, 9), (-1.5, 0, 2)])
    keypoints = read_keypoints(fixed, moving)
    assert len(keypoints) == 2
    np.testing.assert_array_equal(keypoints.fixed_vox, [[1, 2, 3], [4.5, 5.25, 6]])
    np.testing.assert_array_equal(keypoints.moving_vox, [[7, 8, 9], [-1.5, 0, 2]])


@pytest.mark.parametrize(
    "text", ["1,2,3\n4,5,6\n", "i,j,k\n1,2,3\n4,5,6", "\ufeffx, y, z\r\n1, 2, 3\r\n\r\n4, 5, 6\r\n\r\n"]
)
def test_one_header_line_and_empty_lines_are_passed_over(tmp_path, text):
    (tmp_path / "f.csv").write_bytes(text.encode())
    keypoints = read_keypoints(tmp_path / "f.csv", tmp_path / "f.csv")
    np.testing.assert_array_equal(keypoints.fixed_vox, [[1, 2, 3], [4, 5, 6]])


def test_no_files_no_keypoints():
    assert read_keypoints(None, None) is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("1,2,3\n4,5\n", r"f\.csv holds no point in line 2. Expected: three finite numbers i,j,k.*Received: 4,5\."),
        ("1,2,3,4\n", "holds no point in line 1.*Received: 1,2,3,4"),
        ("1,2,3\n4,five,6\n", "holds no point in line 2.*Received: 4,five,6"),
        ("1,2,c\n", "holds no point in line 1"),  # not a header: it holds numbers
        ("i,j,k\ni,j,k\n", "holds no point in line 2"),
        ("1,2,3\nnan,5,6\n", "holds no point in line 2. Expected: three finite numbers.*Received: nan,5,6"),
        ("1,2,inf\n", "holds no point in line 1"),
        ("1;2;3\n4;5;6\n", "holds no point in line 2.*Received: 4;5;6"),
        ("i,j,k\n", r"f\.csv holds no keypoints. Expected: one point i,j,k a line"),
        ("", "holds no keypoints"),
        (b"\x1f\x8b\x08\x00", r"f\.csv cannot be read as keypoints. Expected: text"),
    ],
)
def test_what_is_not_a_list_of_points_is_refused(tmp_path, content, sentence):
    (tmp_path / "f.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=sentence):
        read_keypoints(tmp_path / "f.csv", write_points(tmp_path / "m.csv", [(1, 2, 3), (4, 5, 6)]))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*f\.csv. Cure: Check the path"):
        read_keypoints(tmp_path / "f.csv", write_points(tmp_path / "m.csv", [(1, 2, 3)]))


def test_one_file_is_not_enough(tmp_path):
    path = write_points(tmp_path / "a.csv", [(1, 2, 3)])
    with pytest.raises(InputError, match=r"a\.csv has no partner.*Received: none for the moving image. Cure: Add the"):
        read_keypoints(path, None)
    with pytest.raises(InputError, match=r"a\.csv has no partner.*Received: none for the fixed image"):
        read_keypoints(None, path)


def test_files_of_different_length_do_not_correspond(tmp_path):
    fixed = write_points(tmp_path / "f.csv", [(1, 2, 3), (4, 5, 6)])
    moving = write_points(tmp_path / "m.csv", [(1, 2, 3)])
    with pytest.raises(InputError, match=r"f\.csv and m\.csv do not correspond.*row n.*Received: 2 fixed and 1 moving"):
        read_keypoints(fixed, moving)


# Carrying -------------------------------------------------------------------------------------------------------------

FIXED = Volume(None, np.zeros((20, 14, 9)), oblique_affine((1.5, 2.5, 3.0)))
# axes in another order, mirrored, other spacing: nothing but its affine relates it to the fixed image
MOVING = Volume(None, np.zeros((30, 31, 32)), oblique_affine((1.9, 1.1, 1.3))[:, [1, 2, 0, 3]] * [-1, 1, 1, 1])


def to_mm(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ affine[:3, :3].T + affine[:3, 3]


def test_points_keep_their_place_in_the_patient():
    points = Keypoints(
        np.array([[9.5, 6.5, 4.0], [7.0, 8.0, 3.0], [11.0, 5.0, 5.5]]),
        np.array([[3.0, 4.0, 5.0], [-8.0, 0.5, 9.0], [29.0, 30.0, 31.0]]),
    )
    grid = lay_out_grid(FIXED, None, Preprocessing((10, 12, 8), 2.0, None))
    carried, notes = carry_keypoints(points, FIXED, MOVING, grid)
    assert notes == ()
    for image, before, after in (
        (FIXED, points.fixed_vox, carried.fixed_vox),
        (MOVING, points.moving_vox, carried.moving_vox),
    ):
        np.testing.assert_allclose(to_mm(grid.affine, after), to_mm(image.affine, before), atol=1e-5)


def test_distances_in_mm_do_not_depend_on_the_grid():
    # 2 · 1.5, 4 · 2.5 and 3 · 3 mm along the axes of one image: √(9 + 100 + 81)
    points = Keypoints(np.array([[9.0, 6.0, 4.0]]), np.array([[11.0, 10.0, 7.0]]))
    for spacing_mm in (0.5, 2.0):
        grid = lay_out_grid(FIXED, None, Preprocessing((16, 16, 16), spacing_mm, None))
        carried, _ = carry_keypoints(points, FIXED, FIXED, grid)
        unmoved = np.zeros((16, 16, 16, 3))
        assert tre_mm(carried, unmoved, (spacing_mm,) * 3) == pytest.approx(np.sqrt(190), abs=1e-5)


@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_in_2d_the_points_of_the_slice_stay_with_both_their_components_in_it(slice_axis):
    volume = Volume(None, np.zeros((9, 9, 9)), oblique_affine((2.0, 2.0, 2.0)))
    middle = np.full((6, 3), 4.0)  # slice 9 // 2 = 4 across every axis
    middle[:, slice_axis] += [0, 0.5, -0.5, 0.51, -0.51, 4]  # up to half a voxel beside the slice
    plane = [axis for axis in range(3) if axis != slice_axis]
    middle[:, plane] += [1, -2]
    moved = middle + 1
    grid = lay_out_grid(volume, None, Preprocessing((9, 9), 2.0, slice_axis))
    carried, notes = carry_keypoints(Keypoints(middle, moved), volume, volume, grid)
    assert notes == ("3 of 6 keypoints left out: off the slice.",)
    np.testing.assert_allclose(carried.fixed_vox, [[5, 2]] * 3)
    np.testing.assert_allclose(carried.moving_vox, [[6, 3]] * 3)  # the step through the slice is not counted


def test_fixed_points_outside_the_grid_are_left_out_and_moving_ones_are_not():
    # a 6 × 4 grid inside of a 10 × 8 slice, from voxel (2, 2) on
    volume = Volume(None, np.zeros((10, 8, 3)), np.diag([2.0, 2.0, 5.0, 1.0]))
    grid = lay_out_grid(volume, None, Preprocessing((6, 4), 2.0, 2))
    fixed = np.array([[1.5, 2.0, 1.0], [1.0, 2.0, 1.0], [7.0, 6.0, 1.0], [1.0, 2.0, 2.0], [7.0, 5.5, 1.0]])
    moving = fixed - [20, 0, 0]
    carried, notes = carry_keypoints(Keypoints(fixed, moving), volume, volume, grid)
    # what is off the slice is said to be that, wherever it is in the plane
    assert notes == ("1 of 5 keypoints left out: off the slice.", "2 of 5 keypoints left out: outside the grid.")
    np.testing.assert_allclose(carried.fixed_vox, [[-0.5, 0], [5, 3.5]])
    np.testing.assert_allclose(carried.moving_vox, [[-20.5, 0], [-15, 3.5]])


def test_if_no_keypoint_remains_there_are_none():
    grid = Grid((6, 4, 1), np.eye(4))
    volume = Volume(None, np.zeros((6, 4, 3)), np.eye(4))
    away = Keypoints(np.array([[2.0, 2.0, 2.0]]), np.array([[2.0, 2.0, 0.0]]))
    assert carry_keypoints(away, volume, volume, grid) == (None, ("1 of 1 keypoints left out: off the slice.",))


def test_outside_counts_points_beyond_the_rim_of_the_voxels():
    points = np.array([[-0.5, 0, 0], [-0.6, 0, 0], [3.5, 2.5, 1.5], [3, 2.6, 1], [3, 2, 1]])
    assert outside(points, (4, 3, 2)) == 2


# From files to a pair -------------------------------------------------------------------------------------------------


def write_case(folder, fixed, moving) -> Case:
    images = {role: write_nifti(folder / f"{role}.nii", volume) for role, volume in make_volumes().items()}
    return Case(
        "s1",
        **images,
        moving_keypoints=write_points(folder / "m.csv", moving),
        fixed_keypoints=write_points(folder / "f.csv", fixed),
    )


def test_a_case_with_keypoints_becomes_a_pair_with_keypoints(tmp_path):
    # the labels' own motion: 2 rows of 1.5 mm further along axis 0; the second point is off the middle slice 1
    case = write_case(tmp_path, [(9, 12, 1), (9, 12, 2)], [(11, 12, 1), (11, 12, 2)])
    pair = load_case(case, Preprocessing((16, 12), 2.0, 2), TissueTable(("wall", "pool")))
    assert pair.notes == ("1 of 2 keypoints left out: off the slice.",)
    np.testing.assert_allclose(pair.keypoints.moving_vox - pair.keypoints.fixed_vox, [[1.5, 0]], atol=1e-5)
    # the labels span rows 6 … 11 and columns 8 … 15: their centre (8.5, 11.5) is the grid's, (7.5, 5.5);
    # from there half a voxel of 1.5 mm and one of 2.5 mm, in voxels of 2 mm
    np.testing.assert_allclose(pair.keypoints.fixed_vox, [[7.5 + 0.375, 5.5 + 0.625]], atol=1e-5)


def test_a_case_whose_keypoints_are_all_elsewhere_has_none(tmp_path):
    pair = load_case(
        write_case(tmp_path, [(9, 12, 2)], [(9, 12, 2)]),
        Preprocessing((16, 12), 2.0, 2),
        TissueTable(("wall", "pool")),
    )
    assert pair.keypoints is None
    assert pair.notes == ("1 of 1 keypoints left out: off the slice.",)


def test_keypoints_that_do_not_correspond_make_the_case_unusable(tmp_path):
    case = write_case(tmp_path, [(9, 12, 1)], [(9, 12, 1), (9, 12, 2)])
    with pytest.raises(InputError, match="do not correspond"):
        load_case(case, Preprocessing((16, 12), 2.0, 2), TissueTable(("wall", "pool")))

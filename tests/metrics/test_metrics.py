"""Metrics against numbers worked out by hand, and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.data.truth import Truth
from elasreg_core.metrics import (
    METRICS,
    dice_per_label,
    displacement_error_vox,
    hd95_mm,
    local_ncc,
    negative_jacobian_percent,
    sd_log_jacobian,
    tre_mm,
)

# Dice -----------------------------------------------------------------------------------------------------------------


def test_dice_of_two_blocks():
    # A: rows 0–3, B: rows 1–5, both 2 columns wide: |A| = 8, |B| = 10, |A ∩ B| = 6, Dice = 12 / 18
    a, b = np.zeros((7, 4), np.uint8), np.zeros((7, 4), np.uint8)
    a[0:4, 1:3], b[1:6, 1:3] = 1, 1
    assert dice_per_label(a, b, 2) == pytest.approx([2 / 3])


def test_dice_is_per_label():
    a, b = np.array([[1, 1, 2, 2], [3, 3, 0, 0]]), np.array([[1, 2, 2, 2], [0, 0, 3, 3]])
    # 1: 2 · 1 / (2 + 1); 2: 2 · 2 / (2 + 3); 3: present in both, nowhere together
    assert dice_per_label(a, b, 4) == pytest.approx([2 / 3, 4 / 5, 0])


@pytest.mark.parametrize(
    ("a", "b"),
    [([[1, 0, 0]], [[1, 2, 0]]), ([[1, 2, 0]], [[1, 0, 0]]), ([[1, 0, 0]], [[1, 0, 0]])],
)
def test_a_label_absent_from_either_side_has_no_dice(a, b):
    first, second = dice_per_label(np.array(a, np.uint8), np.array(b, np.uint8), 3)
    assert first == 1
    assert np.isnan(second)


label_maps = arrays.arrays(np.uint8, (3, 4, 2), elements=st.integers(0, 3))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(label_maps, label_maps)
def test_dice_is_what_sets_say(a, b):
    for label, dice in enumerate(dice_per_label(a, b, 4), start=1):
        in_a, in_b = (set(zip(*np.nonzero(x == label), strict=True)) for x in (a, b))
        if in_a and in_b:
            assert dice == pytest.approx(2 * len(in_a & in_b) / (len(in_a) + len(in_b)))
        else:
            assert np.isnan(dice)


# HD95 -----------------------------------------------------------------------------------------------------------------


def points(shape: tuple[int, ...], *where: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(np.transpose(where))] = True
    return mask


def test_hd95_is_in_mm_and_knows_each_axis():
    a = points((9, 6), (1, 1))
    # 2 voxels of 1.5 mm and 1 voxel of 4 mm: √(3² + 4²)
    assert hd95_mm(a, points((9, 6), (3, 2)), (1.5, 4)) == pytest.approx(5)
    # 1 voxel of 1.5 mm and 2 voxels of 4 mm
    assert hd95_mm(a, points((9, 6), (2, 3)), (1.5, 4)) == pytest.approx(np.hypot(1.5, 8))


def test_hd95_in_3d():
    # (2, 3, 6) mm apart: √(4 + 9 + 36)
    assert hd95_mm(points((4, 5, 6), (0, 0, 0)), points((4, 5, 6), (2, 3, 3)), (1, 1, 2)) == pytest.approx(7)


def test_hd95_interpolates_the_95th_percentile_and_takes_the_worse_direction():
    # A: 10 voxels in a row; B: the same and one 10 voxels beyond. A → B: all 0. B → A: ten 0 and one 10;
    # the 95th percentile of 11 values lies at position 9.5, halfway between 0 and 10.
    row = [(0, y) for y in range(10)]
    a, b = points((3, 25), *row), points((3, 25), *row, (0, 19))
    assert hd95_mm(a, b, (1, 2)) == pytest.approx(2 * 5)
    assert hd95_mm(b, a, (1, 2)) == pytest.approx(2 * 5)


def test_hd95_is_between_surfaces():
    # A full box and the same box hollowed out have one and the same outer surface.
    full = np.ones((6, 5), bool)
    hollow = full.copy()
    hollow[1:-1, 1:-1] = False
    assert hd95_mm(full, hollow, (1, 3)) == 0


@pytest.mark.parametrize(("a", "b"), [(0, 0), (0, 1), (1, 0)])
def test_hd95_of_an_empty_mask_is_undefined(a, b):
    assert np.isnan(hd95_mm(np.full((4, 3), bool(a)), np.full((4, 3), bool(b)), (1, 2)))


def surface_mm(mask: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Positions of the mask voxels that have a face neighbour outside the mask."""
    padded = np.pad(mask, 1)
    found = []
    for voxel in np.argwhere(padded):
        neighbours = [voxel + sign * step for step in np.eye(mask.ndim, dtype=int) for sign in (-1, 1)]
        if not all(padded[tuple(n)] for n in neighbours):
            found.append(voxel * spacing_mm)
    return np.array(found)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(arrays.arrays(bool, (5, 4, 3)), arrays.arrays(bool, (5, 4, 3)))
def test_hd95_is_what_brute_force_says(a, b):
    spacing_mm = (1.5, 0.7, 4.0)
    result = hd95_mm(a, b, spacing_mm)
    if not a.any() or not b.any():
        assert np.isnan(result)
        return
    on_a, on_b = surface_mm(a, spacing_mm), surface_mm(b, spacing_mm)
    distances = np.linalg.norm(on_a[:, None] - on_b[None], axis=-1)
    directed = [np.percentile(distances.min(axis=axis), 95) for axis in (0, 1)]
    assert result == pytest.approx(max(directed))


# TRE ------------------------------------------------------------------------------------------------------------------


def test_tre_is_the_mean_distance_in_mm_not_its_root():
    # residuals (2, 1) and (0, 0) voxels of 1.5 × 4 mm: √(3² + 4²) = 5 mm and 0 mm
    points = Keypoints(np.array([[1.0, 1.0], [4.0, 2.0]]), np.array([[3.0, 2.0], [4.0, 2.0]]))
    assert tre_mm(points, np.zeros((6, 5, 2)), (1.5, 4)) == pytest.approx(2.5)


def test_tre_in_3d_adds_the_displacement_to_the_fixed_points():
    # p + u = (2, 3, 1) + (1, −1, 2) = (3, 2, 3); p_M = (1, 5, 6): (2, −3, −3) voxels of 1 × 1 × 2 mm, √(4 + 9 + 36)
    displacement = np.broadcast_to([1.0, -1.0, 2.0], (5, 6, 7, 3))
    points = Keypoints(np.array([[2.0, 3.0, 1.0]]), np.array([[1.0, 5.0, 6.0]]))
    assert tre_mm(points, displacement, (1, 1, 2)) == pytest.approx(7)


def test_tre_interpolates_the_displacement_linearly():
    # u_0 = i² is 1 at row 1 and 4 at row 2: 1.75 at row 1.25, where the right answer is 1.25 + 1.75 = 3
    displacement = np.zeros((5, 4, 2))
    displacement[..., 0] = np.arange(5)[:, None] ** 2
    points = Keypoints(np.array([[1.25, 2.5]]), np.array([[3.0, 2.5]]))
    assert tre_mm(points, displacement, (1.5, 2.5)) == pytest.approx(0)


@pytest.mark.parametrize("points", [None, Keypoints(np.empty((0, 2)), np.empty((0, 2)))])
def test_tre_without_landmarks_is_undefined(points):
    assert np.isnan(tre_mm(points, np.zeros((6, 5, 2)), (1, 2)))


# Known motion ---------------------------------------------------------------------------------------------------------


def test_the_distance_to_a_known_motion_is_of_the_body_or_of_a_part_of_it():
    # 5 voxels off in row 0, 1 in row 1, 0 in row 2, which is no body
    true, found = np.zeros((3, 4, 2), np.float32), np.zeros((3, 4, 2))
    found[0], found[1] = (3, -4), (0, 1)
    body = np.ones((3, 4), bool)
    body[2] = False
    truth = Truth(true, body)
    assert displacement_error_vox(truth, found) == pytest.approx((5 + 1) / 2)
    first, last = np.zeros((2, 3, 4), bool)
    first[:2, 0], first[0, 1], last[2] = True, True, True
    assert displacement_error_vox(truth, found, first) == pytest.approx((5 + 1 + 5) / 3)
    assert np.isnan(displacement_error_vox(truth, found, last))
    assert np.isnan(displacement_error_vox(None, found))


# Images ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(9, 7), (6, 5, 7)])
def test_local_ncc_is_the_squared_correlation_within_the_window(shape):
    fixed, warped = np.random.default_rng(0).random((2, *shape))
    found = local_ncc(fixed, warped, window=3)
    inside = (slice(1, 4),) * len(shape)  # the window around (2, 2[, 2])
    correlation = np.corrcoef(fixed[inside].ravel(), warped[inside].ravel())[0, 1]
    # what falls short of 1e-5 counts as that much, a negative covariance among them
    expected = correlation**2 if correlation > 0 else 0
    assert found[(2,) * len(shape)] == pytest.approx(expected, abs=1e-3)
    assert found.shape == shape
    # at the rim the window sees zeros outside
    corner = [np.pad(image, 1)[(slice(3),) * len(shape)].ravel() for image in (fixed, warped)]
    correlation = np.corrcoef(*corner)[0, 1]
    assert found[(0,) * len(shape)] == pytest.approx(max(correlation, 0) ** 2, abs=1e-3)


def test_local_ncc_ignores_brightness_and_is_one_where_both_are_flat():
    fixed = np.random.default_rng(0).random((20, 17)).astype("f4")
    fixed[12:] = 0
    found = local_ncc(fixed, 3 * fixed + 2)
    np.testing.assert_allclose(found[5:-5, 5:-5], 1, atol=1e-3)
    assert local_ncc(np.zeros((5, 6)), np.zeros((5, 6))) == pytest.approx(1)


# Regularity -----------------------------------------------------------------------------------------------------------


def test_folding_counts_zero_as_folded():
    # 2 of 5 are ≤ 0
    assert negative_jacobian_percent(np.array([-1.0, 0.0, 1e-9, 1.0, 2.0])) == pytest.approx(40)


def test_sd_log_jacobian_of_known_values():
    # log 1 = 0 and log e² = 2: mean 1, standard deviation 1; what folds is left out
    assert sd_log_jacobian(np.array([1.0, np.e**2, -3.0, 0.0])) == pytest.approx(1)


def test_sd_log_jacobian_of_a_dilation_is_zero():
    assert sd_log_jacobian(np.full((4, 3), 2.25)) == pytest.approx(0, abs=1e-12)


def test_sd_log_jacobian_where_everything_folds_is_undefined():
    assert np.isnan(sd_log_jacobian(np.array([-1.0, 0.0])))


def test_the_registry_knows_units_and_directions():
    assert [name for name, metric in METRICS.items() if metric.higher_is_better] == ["dice", "ncc", "ncc_image"]
    assert METRICS["hd95_mm"].label == "HD95 (mm)"
    assert METRICS["tre_mm"].label == "TRE (mm)"
    assert METRICS["dice"].label == "Dice"
    assert METRICS["ncc"].label == "Local NCC"
    # what stands in a column's name stands on the axis
    assert all(("mm" in m.unit) == name.endswith("_mm") for name, m in METRICS.items())

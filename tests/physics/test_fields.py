"""The displacement convention, on grids with unequal sides."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.physics.fields import (
    displacement_gradient,
    identity_grid,
    jacobian_determinant,
    warp_image,
    warp_labels,
    warp_points,
)


def constant(shape: tuple[int, ...], *components: float) -> np.ndarray:
    return np.broadcast_to(np.float32(components), (*shape, len(components))).copy()


def linear(shape: tuple[int, ...], matrix: list[list[float]]) -> np.ndarray:
    """u(p) = (M − 1) p, so that φ(p) = M p."""
    return (identity_grid(shape) @ (np.array(matrix) - np.eye(len(shape))).T).astype(np.float32)


def test_identity_grid_counts_voxels_along_each_axis():
    grid = identity_grid((4, 3, 2))
    assert grid.shape == (4, 3, 2, 3)
    assert grid[3, 1, 0].tolist() == [3, 1, 0]


def test_warping_pulls_back_along_array_axes_in_2d():
    moving = np.arange(35, dtype=np.float32).reshape(7, 5)
    warped = warp_image(moving, constant((7, 5), 2, -1))
    # warped(1, 3) = moving(1 + 2, 3 − 1) = moving(3, 2) = 3 · 5 + 2 = 17
    assert warped[1, 3] == 17
    np.testing.assert_array_equal(warped[:5, 1:], moving[2:, :4])


def test_warping_pulls_back_along_array_axes_in_3d():
    moving = np.arange(6 * 5 * 4, dtype=np.float32).reshape(6, 5, 4)
    warped = warp_image(moving, constant((6, 5, 4), 1, 0, -2))
    # warped(2, 4, 3) = moving(3, 4, 1) = 3 · 20 + 4 · 4 + 1 = 77
    assert warped[2, 4, 3] == 77
    np.testing.assert_array_equal(warped[:5, :, 2:], moving[1:, :, :2])


def test_outside_the_moving_image_the_nearest_voxel_counts():
    moving = np.arange(35, dtype=np.float32).reshape(7, 5)
    # (6, 0) + (2, −1) = (8, −1), nearest inside: (6, 0) → 30
    assert warp_image(moving, constant((7, 5), 2, -1))[6, 0] == 30


def test_images_are_interpolated_linearly():
    moving = np.float32([[0, 10, 40], [2, 12, 42]])
    # a quarter voxel along axis 1: 0 + ¼ · 10 and 10 + ¼ · 30
    np.testing.assert_allclose(warp_image(moving, constant((2, 3), 0, 0.25))[0, :2], [2.5, 17.5])


def test_labels_take_the_nearest_value_and_never_a_blend():
    moving = np.uint8([[0, 3, 3, 0, 0], [0, 3, 3, 0, 0]])
    here, next_door = (warp_labels(moving, constant((2, 5), 0, u)) for u in (0.4, 0.6))
    np.testing.assert_array_equal(here, moving)
    np.testing.assert_array_equal(next_door[0], [3, 3, 0, 0, 0])  # each voxel shows its right neighbour
    assert next_door.dtype == np.uint8


def test_a_landmark_moves_to_where_the_warped_image_took_its_value_from():
    # The moving image is f(x, y, z) = 3x + 5y − 2z, which linear interpolation reads exactly anywhere.
    shape = (9, 7, 5)
    moving = identity_grid(shape) @ np.float32([3, 5, -2])
    displacement = np.random.default_rng(0).uniform(-1, 1, (*shape, 3)).astype(np.float32)
    landmarks = np.array([[4, 3, 2], [2, 5, 1], [7, 1, 3]])
    in_moving = warp_points(landmarks, displacement)
    warped = warp_image(moving, displacement)
    np.testing.assert_allclose(in_moving @ [3, 5, -2], warped[tuple(landmarks.T)], rtol=1e-5)


def test_landmarks_between_voxels_see_the_displacement_interpolated():
    displacement = linear((6, 4), [[1, 0.4], [0, 1]])  # u = (0.4 y, 0)
    # at (2.5, 1.5): u = (0.6, 0)
    np.testing.assert_allclose(warp_points(np.array([[2.5, 1.5]]), displacement), [[3.1, 1.5]], rtol=1e-6)


def test_the_gradient_is_indexed_by_axis_then_component():
    displacement = np.zeros((6, 4, 5, 3), dtype=np.float32)
    displacement[..., 1] = 0.5 * np.arange(6)[:, None, None]  # component 1 grows along axis 0
    expected = np.zeros((3, 3))
    expected[0, 1] = 0.5
    np.testing.assert_allclose(displacement_gradient(displacement)[2, 3, 1], expected)


@pytest.mark.parametrize(
    ("matrix", "determinant"),
    [
        ([[1.2, 0.3], [-0.1, 0.9]], 1.11),  # 1.2 · 0.9 + 0.3 · 0.1
        ([[1, 0.7], [0, 1]], 1),  # shear keeps the area
        ([[0, -1], [1, 0]], 1),  # a quarter turn too
        ([[-1, 0], [0, 1]], -1),  # a reflection folds everywhere
        ([[2, 0], [0, 1.5]], 3),
    ],
)
def test_jacobian_of_linear_maps_in_2d(matrix, determinant):
    jacobian = jacobian_determinant(linear((7, 4), matrix))
    assert jacobian.shape == (7, 4)
    np.testing.assert_allclose(jacobian, determinant, rtol=1e-5)


@pytest.mark.parametrize(
    ("matrix", "determinant"),
    [
        # 1.1 · (0.9 · 1 − 0.1 · 0) − 0.2 · (0 · 1 − 0.1 · 0.3) = 0.99 + 0.006
        ([[1.1, 0.2, 0], [0, 0.9, 0.1], [0.3, 0, 1]], 0.996),
        ([[1, 0.5, -0.3], [0, 1, 0.8], [0, 0, 1]], 1),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], 1),  # a cyclic swap of axes is a rotation
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], -1),  # a swap of two is a reflection
        ([[2, 0, 0], [0, 1.5, 0], [0, 0, 0.5]], 1.5),
    ],
)
def test_jacobian_of_linear_maps_in_3d(matrix, determinant):
    jacobian = jacobian_determinant(linear((6, 4, 5), matrix))
    assert jacobian.shape == (6, 4, 5)
    np.testing.assert_allclose(jacobian, determinant, rtol=1e-5)


def test_the_jacobian_finds_where_space_folds():
    # Along axis 0, φ = 0, 1, 2, 1, 0, 1, 2: central differences are 1, 1, 0, −1, 0, 1, 1.
    displacement = np.zeros((7, 4, 2), dtype=np.float32)
    displacement[..., 0] = (np.array([0, 1, 2, 1, 0, 1, 2]) - np.arange(7))[:, None]
    np.testing.assert_allclose(jacobian_determinant(displacement)[:, 2], [1, 1, 0, -1, 0, 1, 1], atol=1e-6)


def test_warping_changes_no_input():
    moving, displacement = np.ones((5, 4), np.float32), constant((5, 4), 1, 1)
    warp_image(moving, displacement)
    jacobian_determinant(displacement)
    assert (moving == 1).all()
    assert (displacement == 1).all()

"""A displacement in space: the same motion on every grid, for every affine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elasreg_core.data.grid import Grid, in_space
from elasreg_core.data.nifti import Volume
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.physics.fields import warp_image, warp_labels, warp_points
from tests.builders import oblique_affine

SHAPE = (9, 8, 7)
FIXED = Grid(SHAPE, oblique_affine((1.5, 2.5, 3.5)))


@pytest.fixture
def displacement() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.8, (*SHAPE, 3))


def volume(grid: Grid, seed: int = 0) -> Volume:
    data = np.random.default_rng(seed).integers(0, 900, grid.shape).astype(np.float32)
    return Volume(Path("v.nii"), data, grid.affine)


def test_vectors_lead_from_each_voxel_to_its_counterpart_in_space(displacement):
    # d(p) = A_M(p + u(p)) − A_F(p), written out for one voxel
    moving_affine = oblique_affine((2.0, 1.0, 4.0), (7, -8, 9))
    field = SpatialDisplacement.from_voxels(displacement, FIXED, moving_affine)
    p = np.array([3, 5, 2])
    counterpart = moving_affine @ [*(p + displacement[3, 5, 2]), 1] - FIXED.affine @ [*p, 1]
    np.testing.assert_allclose(field.vectors_mm[3, 5, 2], counterpart[:3])
    np.testing.assert_allclose(field.in_voxels(moving_affine), displacement, atol=1e-9)
    # with one affine for both, A[:3, :3] u
    alone = SpatialDisplacement.from_voxels(displacement, FIXED)
    np.testing.assert_allclose(alone.vectors_mm[3, 5, 2], FIXED.affine[:3, :3] @ displacement[3, 5, 2])
    np.testing.assert_allclose(alone.in_voxels(), displacement, atol=1e-9)
    np.testing.assert_allclose(alone.in_voxels(FIXED.affine), displacement, atol=1e-9)


def test_on_the_grid_that_it_was_found_on_it_warps_as_the_displacement_in_voxels_does(displacement):
    moving = volume(FIXED)
    field = SpatialDisplacement.from_voxels(displacement, FIXED)
    np.testing.assert_allclose(field.warp(moving, 1), warp_image(moving.data, displacement), atol=1e-2)
    np.testing.assert_array_equal(field.warp(moving, 0), warp_labels(moving.data, displacement))
    points = np.array([[2.5, 3.25, 4.0], [0, 7, 6], [8, 0, 1.5]])
    moved = FIXED.voxels_of(field.move(in_space(FIXED.affine, points)))
    np.testing.assert_allclose(moved, warp_points(points, displacement), atol=1e-9)


def test_on_another_grid_it_moves_the_same_points_to_the_same_places():
    # affine in space, d(x) = B x + c, so that linear interpolation is exact inside of the grid
    stretch, offset = np.array([[0.1, 0.02, 0], [0, -0.05, 0.03], [0.04, 0, 0.08]]), np.array([1.0, -2.0, 3.0])
    field = SpatialDisplacement(FIXED, FIXED.points_mm() @ stretch.T + offset)
    finer = Grid((5, 6, 4), oblique_affine((0.8, 0.7, 0.9), FIXED.affine[:3] @ [3, 3, 2.5, 1]))
    inside = FIXED.voxels_of(finer.points_mm())
    assert ((inside >= 0) & (inside <= np.array(SHAPE) - 1)).all()  # or the comparison would be of the rim
    np.testing.assert_allclose(field.on(finer).vectors_mm, finer.points_mm() @ stretch.T + offset, atol=1e-6)


def test_beyond_its_grid_the_rim_counts():
    field = SpatialDisplacement.from_voxels(np.broadcast_to([1.0, -2.0, 0.5], (*SHAPE, 3)), FIXED)
    far = Grid((2, 2, 2), oblique_affine((1, 1, 1), (900, 900, 900)))
    expected = FIXED.affine[:3, :3] @ [1, -2, 0.5]
    np.testing.assert_allclose(field.on(far).vectors_mm, np.broadcast_to(expected, (2, 2, 2, 3)))
    np.testing.assert_allclose(field.move(far.points_mm().reshape(-1, 3)), far.points_mm().reshape(-1, 3) + expected)


def test_a_slice_moves_within_itself():
    grid = Grid((6, 5, 1), oblique_affine((2.0, 3.0, 9.0)))
    u = np.broadcast_to([0.5, -1.0], (6, 5, 2))
    field = SpatialDisplacement.from_voxels(u, grid)
    np.testing.assert_allclose(field.vectors_mm[2, 3, 0], grid.affine[:3, :2] @ [0.5, -1.0])
    np.testing.assert_allclose(field.in_voxels()[2, 3, 0], [0.5, -1.0, 0], atol=1e-12)


def test_a_grid_knows_its_slices_and_its_points():
    part = FIXED.slice_at(1, 4)
    assert (part.shape, part.dim, FIXED.dim) == ((9, 1, 7), 3, 3)
    np.testing.assert_allclose(part.points_mm()[:, 0], FIXED.points_mm()[:, 4])
    np.testing.assert_allclose(FIXED.voxels_of(FIXED.points_mm())[3, 5, 2], [3, 5, 2], atol=1e-9)

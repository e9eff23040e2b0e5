"""THE displacement convention of this project, and what one may do with a displacement field.

* `u[..., k]` displaces along array axis `k` ("ij" order), in voxels of the fixed grid.
* Pull-back: `warped(p) = moving(p + u(p))` for every voxel p of the fixed grid.
* A *fixed* landmark p therefore corresponds to the point p + u(p) in the moving image.
* Labels warp with nearest neighbour (Learn2Reg's rule), images linearly; outside the moving image
  the nearest voxel counts, as in VoxelMorph's spatial transformer.
* A *displacement* is the integrated field. The stationary velocity that a network predicts before
  scaling and squaring is called velocity, and never leaves the network.

Shapes: an image is `(X, Y[, Z])`, a displacement `(X, Y[, Z], D)` with D = 2 or 3, points `(N, D)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.errors import InputError

_FARTHEST_VOX = 1e6  # beyond every image; what is computed from less stays finite
FloatArray = npt.NDArray[np.floating[Any]]


def identity_grid(shape: tuple[int, ...]) -> FloatArray:
    """Voxel coordinates of a grid, shape `(*shape, D)`."""
    axes = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in shape), indexing="ij")
    return np.stack(axes, axis=-1)


def require_finite(displacement: FloatArray, whose: str) -> None:
    """Flags a field where it arises, before anything is made of it.

    Args:
        displacement: any shape, in voxels.
        whose: of which pair.

    Raises:
        InputError: a component is NaN, infinite, or beyond every image.
    """
    with np.errstate(invalid="ignore"):
        sound = np.abs(displacement) <= _FARTHEST_VOX
    if not sound.all():
        raise not_finite(whose, f"{np.count_nonzero(~sound)} components of {sound.size} that are not")


def not_finite(whose: str, received: str) -> InputError:
    """The sentence for a displacement that is none."""
    return InputError(
        f"The displacement of {whose} is not finite.",
        expected=f"vectors of at most {_FARTHEST_VOX:g} voxels",
        received=received,
        cure="Take another λ and μ or another checkpoint; this network cannot register this pair",
    )


def warp_image(moving: FloatArray, displacement: FloatArray) -> FloatArray:
    """Pulls an image `(X, Y[, Z])` back onto the fixed grid, linearly interpolated."""
    return _pull_back(moving, displacement, order=1)


def warp_labels(moving_labels: npt.NDArray[Any], displacement: FloatArray) -> npt.NDArray[Any]:
    """Pulls integer labels `(X, Y[, Z])` back onto the fixed grid, nearest neighbour."""
    return _pull_back(moving_labels, displacement, order=0)


def warp_points(points_vox: FloatArray, displacement: FloatArray) -> FloatArray:
    """Carries fixed-grid points `(N, D)` in voxels into the moving image: p + u(p), u linear between voxels."""
    points = np.asarray(points_vox, dtype=float)
    at = points.T
    moved = [
        ndimage.map_coordinates(displacement[..., k], at, order=1, mode="nearest")
        for k in range(displacement.shape[-1])
    ]
    return points + np.stack(moved, axis=-1)


def displacement_gradient(displacement: FloatArray) -> FloatArray:
    """Central differences, shape `(X, Y[, Z], D, D)` with entry `[..., i, j] = ∂_i u_j` (one-sided at the rim)."""
    axes = tuple(range(displacement.ndim - 1))
    return np.stack([np.gradient(displacement, axis=axis) for axis in axes], axis=-2)


def jacobian_determinant(displacement: FloatArray) -> FloatArray:
    """det(∇φ) of φ = id + u, shape `(X, Y[, Z])`: the local volume change; ≤ 0 where space folds.

    Axes and components share their numbering, so the voxel spacing cancels: the value is the same in mm.

    Example:
        >>> u = 0.5 * identity_grid((4, 5))  # stretch both axes by half
        >>> print(jacobian_determinant(u)[0, 0])
        2.25
    """
    deformation = displacement_gradient(displacement)
    deformation += np.eye(displacement.shape[-1], dtype=deformation.dtype)
    return _determinant(deformation)


def _determinant(m: FloatArray) -> FloatArray:
    """Determinant of 2×2 or 3×3 matrices in the last two axes; np.linalg.det took 7 (3D) to 90 (2D) times as long."""
    if m.shape[-1] == 2:
        return m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]
    rows = [m[..., i, :] for i in range(3)]
    return np.einsum("...i,...i", rows[0], np.cross(rows[1], rows[2]))


def _pull_back(moving: npt.NDArray[Any], displacement: FloatArray, order: int) -> npt.NDArray[Any]:
    grid = np.indices(moving.shape, dtype=np.float32)
    coordinates = grid + np.moveaxis(displacement, -1, 0)
    return ndimage.map_coordinates(moving, coordinates, order=order, mode="nearest")

"""A displacement in space: what a displacement in voxels means in the patient, whatever the grid it was found on.

The fixed point x, in RAS mm, lies at x + d(x) in the moving image's space. With voxel → mm maps A_F and A_M of the two
images, and u in voxels (`physics/fields.py`), d(p) = A_M(p + u(p)) − A_F(p).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.grid import Grid, in_space
from elasreg_core.data.nifti import Volume


@dataclass(frozen=True)
class SpatialDisplacement:
    """Vectors in RAS mm on a grid of the fixed image's space.

    Attributes:
        grid: where they lie.
        vectors_mm: d, shape `(X, Y, Z, 3)`.
    """

    grid: Grid
    vectors_mm: npt.NDArray[np.floating[Any]]

    @classmethod
    def from_voxels(
        cls,
        displacement: npt.NDArray[np.floating[Any]],
        grid: Grid,
        moving_affine: npt.NDArray[np.float64] | None = None,
    ) -> SpatialDisplacement:
        """A displacement `(X, Y[, Z], D)` in voxels.

        Args:
            displacement: u; in 2D, within the slice.
            grid: the fixed image's.
            moving_affine: voxel → RAS mm of the moving image whose voxels p + u(p) are; none: the grid's own.
        """
        dim = displacement.shape[-1]
        if moving_affine is None:
            vectors = displacement @ grid.affine[:3, :dim].T.astype(displacement.dtype)
            return cls(grid, vectors.reshape(*grid.shape, 3))
        voxels = np.moveaxis(np.indices(grid.shape, dtype=float), 0, -1)
        voxels[..., :dim] += displacement.reshape(*grid.shape, dim)
        return cls(grid, in_space(moving_affine, voxels) - grid.points_mm())

    def in_voxels(self, moving_affine: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.float64]:
        """The displacement in voxels, `(X, Y, Z, 3)`: from each voxel of the grid to its counterpart's voxel.

        Args:
            moving_affine: voxel → RAS mm of the image in whose voxels the counterpart is given; none: the grid's own.
        """
        if moving_affine is None:
            return self.vectors_mm @ np.linalg.inv(self.grid.affine[:3, :3]).T
        counterparts = in_space(np.linalg.inv(moving_affine), self.grid.points_mm() + self.vectors_mm)
        return counterparts - np.moveaxis(np.indices(self.grid.shape, dtype=float), 0, -1)

    def on(self, grid: Grid) -> SpatialDisplacement:
        """The same displacement on another grid, linear between the voxels of its own; its rim counts beyond it.

        A 2D displacement is known in its slice and taken to be the same beside it.
        """
        to_own = grid.to(self.grid)
        read = [
            ndimage.affine_transform(
                self.vectors_mm[..., k], to_own[:3, :3], to_own[:3, 3], output_shape=grid.shape, order=1, mode="nearest"
            )
            for k in range(3)
        ]
        return SpatialDisplacement(grid, np.stack(read, axis=-1))

    def move(self, points_mm: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Where points `(N, 3)` of the fixed image's space lie in the moving image's, RAS mm."""
        at = self.grid.voxels_of(points_mm).T
        moved = [ndimage.map_coordinates(self.vectors_mm[..., k], at, order=1, mode="nearest") for k in range(3)]
        return points_mm + np.stack(moved, axis=-1)

    def warp(self, moving: Volume, order: int) -> npt.NDArray[Any]:
        """The moving volume pulled back onto the grid, shape `(X, Y, Z)`: linear (order 1) or nearest (order 0).

        Outside of the moving volume its nearest voxel counts, as everywhere (`physics/fields.py`).
        """
        at = moving.grid.voxels_of(self.grid.points_mm() + self.vectors_mm)
        return ndimage.map_coordinates(moving.data, np.moveaxis(at, -1, 0), order=order, mode="nearest")

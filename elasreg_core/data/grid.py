"""A grid in space: how many voxels, and where they lie in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

if TYPE_CHECKING:
    from elasreg_core.data.nifti import Volume


@dataclass(frozen=True)
class Grid:
    """Voxels with a place.

    Attributes:
        shape: (X, Y, Z); a 2D grid has Z = 1.
        affine: `(4, 4)`, voxel → RAS mm.
    """

    shape: tuple[int, ...]
    affine: npt.NDArray[np.float64]

    @property
    def dim(self) -> int:
        """2 or 3."""
        return 2 if self.shape[2] == 1 else 3

    def slice_at(self, axis: int, index: float) -> Grid:
        """The one slice at an index along an axis, with the axes in the same order."""
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, axis] * index
        return Grid(tuple(1 if i == axis else side for i, side in enumerate(self.shape)), affine)

    def points_mm(self) -> npt.NDArray[np.float64]:
        """Where the voxels' centres lie, shape `(X, Y, Z, 3)`, RAS mm."""
        return in_space(self.affine, np.moveaxis(np.indices(self.shape, dtype=float), 0, -1))

    def voxels_of(self, points_mm: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Points `(..., 3)` in RAS mm as voxel coordinates of this grid."""
        return in_space(np.linalg.inv(self.affine), points_mm)

    def read(self, volume: Volume, order: int) -> npt.NDArray[Any]:
        """The volume at this grid's points: linear (order 1) or nearest (order 0); its minimum outside of it."""
        to_volume = self.to(volume.grid)
        return ndimage.affine_transform(
            volume.data,
            to_volume[:3, :3],
            to_volume[:3, 3],
            output_shape=self.shape,
            order=order,
            mode="grid-constant",  # "constant" drops a whole slice that lies a rounding error beside its own
            cval=volume.data.min() if order else 0,
        )

    def to(self, other: Grid) -> npt.NDArray[np.float64]:
        """`(4, 4)`: voxels of this grid → voxels of the other; rounded, so that equal grids map exactly."""
        return np.round(np.linalg.inv(other.affine) @ self.affine, 9)


def in_space(affine: npt.NDArray[np.floating], points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """An affine map `(4, 4)` of points `(..., 3)`."""
    return points @ affine[:3, :3].T + affine[:3, 3]

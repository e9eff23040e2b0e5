"""The voxel grid of a phantom in its own space, in millimetres around the organ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Raster:
    """A grid of voxels. One voxel along an axis makes it a plane: a 2D phantom, whose motion is solved in that plane.

    Attributes:
        shape: (X, Y, Z), unequal on purpose.
        spacing_mm: voxel sizes.
        centre_mm: the point in the middle of the grid.
        signs: −1 for every axis that the files count the other way: the header's direction, the array's order stays.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    signs: tuple[int, int, int] = (1, 1, 1)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes along which the phantom extends and moves: two or three of (0, 1, 2)."""
        return tuple(axis for axis, side in enumerate(self.shape) if side > 1)

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape without the axis of a plane: that of all arrays here, (X, Y[, Z])."""
        return tuple(self.shape[axis] for axis in self.axes)

    @property
    def steps_mm(self) -> FloatArray:
        """Voxel sizes along `axes`."""
        return np.array([self.spacing_mm[axis] for axis in self.axes])

    @property
    def origin_mm(self) -> FloatArray:
        """Centre of the first voxel, shape `(3,)`."""
        return np.array(self.centre_mm) - (np.array(self.shape) - 1) / 2 * np.array(self.spacing_mm)

    @cached_property
    def points_mm(self) -> FloatArray:
        """The voxel centres, shape `(X, Y[, Z], 3)`."""
        axes = [
            origin + np.arange(side) * step
            for origin, side, step in zip(self.origin_mm, self.shape, self.spacing_mm, strict=True)
        ]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(*self.sides, 3)

    def embed(self, points_mm: FloatArray) -> FloatArray:
        """Points `(..., D)` along `axes` as points in space, shape `(..., 3)`."""
        embedded = np.tile(np.array(self.centre_mm, dtype=float), (*points_mm.shape[:-1], 1))
        embedded[..., self.axes] = points_mm
        return embedded

    def refined(self, factor: int) -> Raster:
        """The same space with voxels `factor` times smaller along `axes`."""
        shape = tuple(side * factor if side > 1 else 1 for side in self.shape)
        spacing = tuple(
            step / factor if side > 1 else step for side, step in zip(self.shape, self.spacing_mm, strict=True)
        )
        return Raster(shape, spacing, self.centre_mm, self.signs)  # type: ignore[arg-type]

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """Voxel → RAS mm, as written to files."""
        affine = np.eye(4)
        affine[:3, :3] = np.diag(np.multiply(self.signs, self.spacing_mm))
        affine[:3, 3] = np.multiply(self.signs, self.origin_mm)
        return affine

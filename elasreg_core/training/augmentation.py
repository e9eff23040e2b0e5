"""Random views of training pairs: turned, stretched, cut to a window, a little brighter or darker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

ZOOM = 0.3  # log of the largest magnification, all axes together
STRETCH = 0.18  # and of each axis by itself: voxels need not be isotropic
GAMMA = 0.35  # log of the largest exponent of the grey values
SHADE = 0.06  # largest shift of one image's grey values against the other's


@dataclass(frozen=True)
class RandomView:
    """One view of one pair: both images and the labels are read at the same points.

    Attributes:
        matrix: from a step in the window to a step in the pair, shape `(D, D)`.
        offset: where the window's first voxel lies in the pair, shape `(D,)`.
        window: sides of the window.
        gamma: exponent of the grey values of both images.
        shades: shift of the moving and of the fixed image's grey values.
    """

    matrix: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    window: tuple[int, ...]
    gamma: float
    shades: tuple[float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator, sides: tuple[int, ...], window: tuple[int, ...]) -> RandomView:
        """A random flip and, in 2D, any rotation; a zoom and a stretch; a window anywhere in the pair."""
        dim = len(sides)
        scale = np.exp(-rng.uniform(-ZOOM, ZOOM) - rng.uniform(-STRETCH, STRETCH, dim))
        matrix = _rotation(rng) if dim == 2 else np.eye(dim)
        matrix = matrix * scale * rng.choice([-1.0, 1.0], dim)
        reach = np.abs(matrix) @ (np.array(window) - 1) / 2  # of the window around its centre, in the pair
        room = np.maximum((np.array(sides) - 1) / 2 - reach, 0)
        centre = (np.array(sides) - 1) / 2 + rng.uniform(-1, 1, dim) * room
        offset = centre - matrix @ ((np.array(window) - 1) / 2)
        shades = rng.uniform(-SHADE, SHADE, 2)
        return cls(
            matrix, offset, window, float(np.exp(rng.uniform(-GAMMA, GAMMA))), (float(shades[0]), float(shades[1]))
        )

    def image(self, image: npt.NDArray[np.float32], shade: float) -> npt.NDArray[np.float32]:
        """The view of an image in [0, 1], linearly interpolated; beyond the rim the nearest voxel counts."""
        read = self._read(image, order=1)
        return np.clip(read, 0, 1) ** np.float32(self.gamma) + np.float32(shade)

    def labels(self, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The view of a label map, nearest neighbour."""
        return self._read(labels, order=0)

    def vectors(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The view of a displacement `(X, Y[, Z], D)` in voxels: read as an image, and turned and stretched with it."""
        read = [self._read(component, order=1) for component in np.moveaxis(vectors, -1, 0)]
        return np.stack(read, axis=-1) @ np.linalg.inv(self.matrix).T.astype(np.float32)

    def _read(self, array: npt.NDArray[Any], order: int) -> npt.NDArray[Any]:
        return ndimage.affine_transform(
            array, self.matrix, self.offset, output_shape=self.window, order=order, mode="nearest"
        )


def _rotation(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    angle = rng.uniform(-np.pi, np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

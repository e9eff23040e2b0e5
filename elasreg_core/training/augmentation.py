"""Random views of training pairs: turned, stretched, cut to a window, moved a little more, brighter or darker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

ZOOM = 0.3  # log of the largest magnification, all axes together
STRETCH = 0.18  # and of each axis by itself: voxels need not be isotropic
GAMMA = 0.35  # log of the largest exponent of the grey values
SHADE = 0.06  # largest shift of one image's grey values against the other's
WAVE = 8  # voxels between the nodes of the smooth random motion


@dataclass(frozen=True)
class RandomView:
    """One view of one pair: both images and the labels are read at the same points.

    Attributes:
        matrix: from a step in the window to a step in the pair, shape `(D, D)`.
        offset: where the window's first voxel lies in the pair, shape `(D,)`.
        window: sides of the window.
        gamma: exponent of the grey values of both images.
        shades: shift of the moving and of the fixed image's grey values.
        wobble: a smooth random motion w, shape `(*window, D)` in voxels of the window, or None: the fixed image and its
            labels are seen at p + w(p), and so the displacement becomes w(p) + u(p + w(p)).
    """

    matrix: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    window: tuple[int, ...]
    gamma: float
    shades: tuple[float, float]
    wobble: npt.NDArray[np.float32] | None = None

    @classmethod
    def draw(
        cls, rng: np.random.Generator, sides: tuple[int, ...], window: tuple[int, ...], wobble: float = 0.0
    ) -> RandomView:
        """A random flip and rotation, in 3D by right angles; a zoom and a stretch; a window anywhere in the pair.

        Args:
            rng: where all of it comes from.
            sides: of the pair.
            window: sides of the view.
            wobble: largest root mean square of the smooth random motion along each axis, in voxels.
        """
        dim = len(sides)
        scale = np.exp(-rng.uniform(-ZOOM, ZOOM) - rng.uniform(-STRETCH, STRETCH, dim))
        matrix = _rotation(rng) if dim == 2 else rng.permutation(np.eye(dim))
        matrix = matrix * scale * rng.choice([-1.0, 1.0], dim)
        reach = np.abs(matrix) @ (np.array(window) - 1) / 2  # of the window around its centre, in the pair
        room = np.maximum((np.array(sides) - 1) / 2 - reach, 0)
        centre = (np.array(sides) - 1) / 2 + rng.uniform(-1, 1, dim) * room
        offset = centre - matrix @ ((np.array(window) - 1) / 2)
        shades = rng.uniform(-SHADE, SHADE, 2)
        gamma = float(np.exp(rng.uniform(-GAMMA, GAMMA)))
        motion = _smooth_motion(rng, window, rng.uniform(0, wobble)) if wobble > 0 else None
        return cls(matrix, offset, window, gamma, (float(shades[0]), float(shades[1])), motion)

    def moving(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The view of a moving image in [0, 1], linearly interpolated; beyond the rim the nearest voxel counts."""
        return self._brightened(self._read(image, order=1), self.shades[0])

    def fixed(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The view of a fixed image, likewise."""
        return self._brightened(self._read_moved(image, order=1), self.shades[1])

    def moving_labels(self, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The view of a label map of the moving image, nearest neighbour."""
        return self._read(labels, order=0)

    def fixed_labels(self, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The view of a label map of the fixed image, likewise."""
        return self._read_moved(labels, order=0)

    def displacement(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The view of a displacement `(X, Y[, Z], D)` in voxels: read as an image, and turned and stretched with it."""
        read = [self._read_moved(component, order=1) for component in np.moveaxis(vectors, -1, 0)]
        seen = np.stack(read, axis=-1) @ np.linalg.inv(self.matrix).T.astype(np.float32)
        return seen if self.wobble is None else seen + self.wobble

    def _brightened(self, image: npt.NDArray[np.float32], shade: float) -> npt.NDArray[np.float32]:
        return np.clip(image, 0, 1) ** np.float32(self.gamma) + np.float32(shade)

    def _read(self, array: npt.NDArray[Any], order: int) -> npt.NDArray[Any]:
        return ndimage.affine_transform(
            array, self.matrix, self.offset, output_shape=self.window, order=order, mode="nearest"
        )

    def _read_moved(self, array: npt.NDArray[Any], order: int) -> npt.NDArray[Any]:
        if self.wobble is None:
            return self._read(array, order)
        return ndimage.map_coordinates(array, self._moved, order=order, mode="nearest")

    @cached_property
    def _moved(self) -> npt.NDArray[np.float32]:
        """Where the fixed image is read, shape `(D, *window)`."""
        points = np.moveaxis(np.indices(self.window, dtype=np.float32), 0, -1)
        if self.wobble is not None:
            points += self.wobble
        return np.moveaxis(points @ self.matrix.T.astype(np.float32) + self.offset.astype(np.float32), -1, 0)


def _rotation(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    angle = rng.uniform(-np.pi, np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _smooth_motion(rng: np.random.Generator, window: tuple[int, ...], rms: float) -> npt.NDArray[np.float32]:
    """A random displacement, smooth over `WAVE` voxels, of that root mean square along each axis."""
    nodes = [round(side / WAVE) + 2 for side in window]
    motion = np.stack(
        [ndimage.zoom(rng.normal(size=nodes).astype(np.float32), np.array(window) / nodes, order=3) for _ in window],
        axis=-1,
    )
    return motion * np.float32(rms / np.sqrt(np.square(motion).mean()))

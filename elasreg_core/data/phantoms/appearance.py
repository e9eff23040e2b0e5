"""What the scanner makes of a phantom: smooth random fields, partial volume, blur and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatArray = npt.NDArray[np.floating[Any]]


def smooth_noise(
    rng: np.random.Generator, sides: tuple[int, ...], sigma_vox: float | FloatArray, amplitude: float = 1.0
) -> FloatArray:
    """A random field of `sides`, correlated over `sigma_vox`, with standard deviation `amplitude`.

    It is made on a grid as coarse as the correlation allows and interpolated, which costs next to nothing.
    """
    sigma = np.broadcast_to(np.asarray(sigma_vox, dtype=float), (len(sides),))
    step = np.maximum(sigma / 2, 1)
    coarse = np.ceil(np.array(sides) / step).astype(int) + 5
    field = ndimage.gaussian_filter(rng.standard_normal(coarse), sigma / step)
    field *= amplitude / field.std()
    offset = rng.uniform(1, 2, len(sides))
    field = ndimage.affine_transform(field, 1 / step, offset=offset, output_shape=sides, order=1)
    return field.astype(np.float32)


def blobs(rng: np.random.Generator, sides: tuple[int, ...], sigma_vox: tuple[float, float], n: int) -> FloatArray:
    """A random partition into `n` blob-shaped regions, shape `sides` of integers (Hoffmann et al., IEEE TMI 2022)."""
    fields = [smooth_noise(rng, sides, rng.uniform(*sigma_vox), rng.uniform(0.6, 1.4)) for _ in range(n)]
    return np.argmax(fields, axis=0)


def block_mean(image: FloatArray, factor: int) -> FloatArray:
    """Voxels `factor` times larger along every axis: the partial volume effect."""
    if factor == 1:
        return image
    split = [part for side in image.shape for part in (side // factor, factor)]
    return image.reshape(split).mean(axis=tuple(range(1, 2 * image.ndim, 2)))

"""From a solved displacement to a moving image: inversion, folding, and how much a tissue moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.physics.fields import jacobian_determinant

FloatArray = npt.NDArray[np.floating[Any]]


def inverse_displacement(displacement: FloatArray, iterations: int = 40, tolerance: float = 1e-3) -> FloatArray:
    """V with v(q) = −u(q + v(q)), on the same grid and in voxels like u, by fixed-point iteration.

    Converges where u is a contraction in the mean; a displacement that does not fold nearly always is.
    """
    grid = np.indices(displacement.shape[:-1], dtype=np.float32)
    components = np.moveaxis(displacement, -1, 0).astype(np.float32)
    inverse: FloatArray = -components
    for _ in range(iterations):
        at = grid + inverse
        update = -np.stack([ndimage.map_coordinates(c, at, order=1, mode="nearest") for c in components])
        change = np.abs(update - inverse).max()
        inverse = 0.3 * inverse + 0.7 * update
        if change < tolerance:
            break
    return np.moveaxis(inverse, 0, -1)


def scale_to_unfold(displacement: FloatArray, smallest_jacobian: float) -> float:
    """The largest factor ≤ 1, to 5 %, at which det J of id + factor · u stays above `smallest_jacobian`."""
    factor = 1.0
    while jacobian_determinant(factor * displacement).min() < smallest_jacobian:
        factor *= 0.95
    return factor

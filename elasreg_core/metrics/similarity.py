"""How alike two images are, without labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

_EPSILON = 1e-5


def local_ncc(
    fixed: npt.NDArray[np.floating[Any]], warped: npt.NDArray[np.floating[Any]], window: int = 9
) -> npt.NDArray[np.float64]:
    """Squared local normalized cross-correlation at every voxel, as in the training loss (`networks/loss.py`).

    Args:
        fixed: shape `(X, Y[, Z])`.
        warped: same shape.
        window: side of the window, in voxels; outside the image counts as 0.

    Returns:
        Shape `(X, Y[, Z])`, in [0, 1] up to rounding; 1 where both images are flat.
    """
    n = float(window**fixed.ndim)

    def box_sum(image: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return n * ndimage.uniform_filter(image, window, mode="constant")

    i, j = fixed.astype(np.float64), warped.astype(np.float64)
    sum_i, sum_j = box_sum(i), box_sum(j)
    cross, variance_i, variance_j = (
        np.maximum(box_sum(a * b) - sum_a * sum_b / n, _EPSILON)
        for a, b, sum_a, sum_b in ((i, j, sum_i, sum_j), (i, i, sum_i, sum_i), (j, j, sum_j, sum_j))
    )
    return cross / variance_i * (cross / variance_j)

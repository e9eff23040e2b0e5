"""Distance to a known motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.truth import Truth


def displacement_error_vox(
    truth: Truth | None, displacement: npt.NDArray[np.floating[Any]], where: npt.NDArray[np.bool_] | None = None
) -> float:
    """Mean of ‖u − u_true‖ over the voxels of the body, in voxels; NaN without a truth (only phantoms have one).

    Args:
        truth: the true displacement.
        displacement: u, shape `(X, Y[, Z], D)`, in voxels.
        where: only these voxels of the body, shape `(X, Y[, Z])`; none among them gives NaN.

    Example:
        >>> truth = Truth(np.zeros((2, 3, 2), np.float32), np.ones((2, 3), bool))
        >>> displacement_error_vox(truth, np.broadcast_to([3.0, 4.0], (2, 3, 2)))
        5.0
    """
    if truth is None:
        return float("nan")
    inside = truth.body if where is None else truth.body & where
    if not inside.any():
        return float("nan")
    return float(np.linalg.norm((displacement - truth.displacement)[inside], axis=-1).mean())

"""How regular a deformation is, from its Jacobian determinant (`physics.fields.jacobian_determinant`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def negative_jacobian_percent(
    jacobian: npt.NDArray[np.floating[Any]], where: npt.NDArray[np.bool_] | None = None
) -> float:
    """%negJ = 100 · fraction of voxels with det ∇φ ≤ 0, over the whole image or over some voxels; NaN over none.

    Example:
        >>> jacobian = np.array([[1.0, -0.5], [0.0, 2.0]])
        >>> negative_jacobian_percent(jacobian)
        50.0
        >>> negative_jacobian_percent(jacobian, np.array([[True, True], [False, False]]))
        50.0
    """
    values = jacobian if where is None else jacobian[where]
    return float(100.0 * np.mean(values <= 0)) if values.size else float("nan")


def sd_log_jacobian(jacobian: npt.NDArray[np.floating[Any]]) -> float:
    """SDlogJ: standard deviation of log det ∇φ where it is positive; NaN where it is nowhere so."""
    positive = jacobian[jacobian > 0]
    return float(np.std(np.log(positive))) if positive.size else float("nan")


def learn2reg_sd_log_jacobian(jacobian: npt.NDArray[np.floating[Any]]) -> float:
    """SDlogJ as the Learn2Reg challenge computes it: the standard deviation of log(clip(det ∇φ + 3, 1e-9, 1e9)).

    The 3 keeps folded voxels in and shrinks the value, so it does not compare with `sd_log_jacobian`. The challenge
    leaves out two voxels along every rim; so does this.

    Args:
        jacobian: det ∇φ of the whole image, more than 4 voxels along every axis.
    """
    inner = jacobian[(slice(2, -2),) * jacobian.ndim]
    return float(np.std(np.log(np.clip(inner + 3, 1e-9, 1e9)))) if inner.size else float("nan")

"""How regular a deformation is, from its Jacobian determinant (`physics.fields.jacobian_determinant`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def negative_jacobian_percent(jacobian: npt.NDArray[np.floating[Any]]) -> float:
    """%negJ = 100 · fraction of voxels with det ∇φ ≤ 0, over the whole array given."""
    return float(100.0 * np.mean(jacobian <= 0))


def sd_log_jacobian(jacobian: npt.NDArray[np.floating[Any]]) -> float:
    """SDlogJ: standard deviation of log det ∇φ where it is positive; NaN where it is nowhere so."""
    positive = jacobian[jacobian > 0]
    return float(np.std(np.log(positive))) if positive.size else float("nan")

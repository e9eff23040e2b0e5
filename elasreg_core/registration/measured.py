"""What every registration is measured by: overlap of its labels and regularity of its deformation. No TensorFlow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.metrics import negative_jacobian_percent, sd_log_jacobian, warped_dice
from elasreg_core.physics.fields import jacobian_determinant, warp_labels


class Measured(NamedTuple):
    """A displacement and its scores (definitions: `metrics.METRICS`).

    Attributes:
        displacement: shape `(X, Y[, Z], D)`, in voxels of the fixed grid.
        dice: per tissue in label order; NaN where a class is absent from moving or fixed, or there are no labels.
        neg_jacobian_percent: voxels that fold.
        sd_log_jacobian: over the others.
    """

    displacement: npt.NDArray[np.floating]
    dice: tuple[float, ...]
    neg_jacobian_percent: float
    sd_log_jacobian: float


def measure_displacement(pair: RegistrationPair, displacement: npt.NDArray[np.floating]) -> Measured:
    """Measures one displacement of a pair in NumPy; `Engine.measured` gives the same for many, where they are made."""
    dice: tuple[float, ...] = (float("nan"),) * len(pair.tissues.names)
    if pair.moving_labels is not None and pair.fixed_labels is not None:
        warped = warp_labels(pair.moving_labels, displacement)
        dice = tuple(map(float, warped_dice(pair.moving_labels, warped, pair.fixed_labels, pair.tissues.n_classes)))
    jacobian = jacobian_determinant(displacement)
    return Measured(displacement, dice, negative_jacobian_percent(jacobian), sd_log_jacobian(jacobian))

"""All scores of one displacement, per tissue and whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.metrics import (
    displacement_error_vox,
    hd95_mm,
    learn2reg_sd_log_jacobian,
    negative_jacobian_percent,
    tre_mm,
)
from elasreg_core.physics.fields import jacobian_determinant, require_finite, warp_labels
from elasreg_core.registration.measured import measure_displacement


@dataclass(frozen=True)
class Scores:
    """Scores; NaN where undefined (a class or the labels absent, no landmarks). Definitions: `metrics.METRICS`."""

    dice: dict[str, float]
    hd95_mm: dict[str, float]
    tre_mm: float
    neg_jacobian_percent: float
    sd_log_jacobian: float
    displacement_error_vox: float = float("nan")
    neg_jacobian_tissues_percent: float = float("nan")
    learn2reg_sd_log_jacobian: float = float("nan")

    @property
    def mean_dice(self) -> float:
        """Mean over the tissues where Dice is defined; NaN where it is nowhere."""
        defined = [value for value in self.dice.values() if not math.isnan(value)]
        return float(np.mean(defined)) if defined else float("nan")

    @property
    def mean_hd95_mm(self) -> float:
        """Mean over the tissues whose Dice is defined; NaN if the warp made one of them vanish."""
        values = [self.hd95_mm[tissue] for tissue, dice in self.dice.items() if not math.isnan(dice)]
        return float(np.mean(values)) if values else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """The form of metrics.json: null where undefined."""
        return _null_for_nan(
            {
                "mean_dice": self.mean_dice,
                "dice": self.dice,
                "hd95_mm": self.hd95_mm,
                "tre_mm": self.tre_mm,
                "neg_jacobian_percent": self.neg_jacobian_percent,
                "sd_log_jacobian": self.sd_log_jacobian,
            }
        )


def score_displacement(pair: RegistrationPair, displacement: npt.NDArray[np.floating] | None = None) -> Scores:
    """Scores a displacement `(X, Y[, Z], D)` of a pair; None scores the pair as it is, unregistered.

    Raises:
        InputError: the displacement is not finite.
    """
    if displacement is None:
        displacement = np.zeros((*pair.grid_shape, len(pair.grid_shape)), dtype=np.float32)
    require_finite(displacement, pair.id)
    names = pair.tissues.names
    found = measure_displacement(pair, displacement)
    hd95 = dict.fromkeys(names, float("nan"))
    if pair.moving_labels is not None and pair.fixed_labels is not None:
        warped = warp_labels(pair.moving_labels, displacement)
        hd95 = {
            name: hd95_mm(warped == label, pair.fixed_labels == label, pair.spacing_mm) for label, name in pair.tissues
        }
    jacobian = jacobian_determinant(displacement)
    tissues = None if pair.fixed_labels is None else pair.fixed_labels > 0
    return Scores(
        dice=dict(zip(names, found.dice, strict=True)),
        hd95_mm=hd95,
        tre_mm=tre_mm(pair.keypoints, displacement, pair.spacing_mm),
        neg_jacobian_percent=found.neg_jacobian_percent,
        sd_log_jacobian=found.sd_log_jacobian,
        displacement_error_vox=displacement_error_vox(pair.truth, displacement),
        neg_jacobian_tissues_percent=float("nan") if tissues is None else negative_jacobian_percent(jacobian, tissues),
        learn2reg_sd_log_jacobian=learn2reg_sd_log_jacobian(jacobian),
    )


def _null_for_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _null_for_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value

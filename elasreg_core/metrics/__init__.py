"""What a registration is judged by: each metric's definition, its unit, and which way is better."""

from __future__ import annotations

from elasreg_core.metrics.deformation import learn2reg_sd_log_jacobian, negative_jacobian_percent, sd_log_jacobian
from elasreg_core.metrics.displacement import displacement_error_vox
from elasreg_core.metrics.landmarks import tre_mm
from elasreg_core.metrics.overlap import dice_from_counts, dice_per_label, present_in_both, warped_dice
from elasreg_core.metrics.registry import METRICS, Metric, shown
from elasreg_core.metrics.similarity import local_ncc
from elasreg_core.metrics.surface import hd95_mm, hd95_vox

__all__ = [
    "METRICS",
    "Metric",
    "dice_from_counts",
    "dice_per_label",
    "displacement_error_vox",
    "hd95_mm",
    "hd95_vox",
    "learn2reg_sd_log_jacobian",
    "local_ncc",
    "negative_jacobian_percent",
    "present_in_both",
    "sd_log_jacobian",
    "shown",
    "tre_mm",
    "warped_dice",
]

"""Every metric's name, unit and direction, stored once."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How to show and compare one metric.

    Attributes:
        name: column name, unit included.
        title: for axes and tables.
        unit: for axes; empty where dimensionless.
        higher_is_better: its direction.
        definition: one sentence, shown beside the numbers.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    definition: str

    @property
    def label(self) -> str:
        """Title and unit, for an axis."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def shown(value: float | None, digits: int = 3) -> str:
    """A score for reading: "–" where it is undefined."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "dice",
            "Dice",
            "",
            True,
            "Overlap 2|A∩B| / (|A|+|B|) of warped and fixed labels (nearest neighbour); undefined for an absent class.",
        ),
        Metric(
            "hd95_mm",
            "HD95",
            "mm",
            False,
            "95th percentile of the distances between the two surfaces, both directions pooled by their maximum.",
        ),
        Metric(
            "tre_mm",
            "TRE",
            "mm",
            False,
            "Mean distance of the landmarks after registration; in 2D of those on the slice, within the slice.",
        ),
        Metric(
            "ncc",
            "Local NCC",
            "",
            True,
            "Mean squared local normalized cross-correlation (window 9) of warped and fixed image within the tissue.",
        ),
        Metric(
            "ncc_image",
            "Local NCC of the image",
            "",
            True,
            "Mean squared local normalized cross-correlation (window 9) of warped and whole fixed image.",
        ),
        Metric(
            "displacement_error_vox",
            "Displacement error",
            "voxels",
            False,
            "Mean distance between found and true displacement, inside the body or one of its tissues; phantoms only.",
        ),
        Metric(
            "neg_jacobian_percent",
            "Folding",
            "%",
            False,
            "Share of all voxels of the image whose Jacobian determinant is ≤ 0.",
        ),
        Metric(
            "neg_jacobian_tissues_percent",
            "Folding in the tissues",
            "%",
            False,
            "Share of the voxels of the fixed labels' tissues whose Jacobian determinant is ≤ 0.",
        ),
        Metric(
            "sd_log_jacobian",
            "SDlogJ",
            "",
            False,
            "Standard deviation of log det ∇φ over the voxels where it is positive.",
        ),
        Metric(
            "learn2reg_sd_log_jacobian",
            "SDlogJ (Learn2Reg)",
            "",
            False,
            "The challenge's form: standard deviation of log(det ∇φ + 3), folded voxels in, rims of two voxels out.",
        ),
    )
}

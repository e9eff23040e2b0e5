"""Alignment against regularity: how much overlap a model reaches at which price, all its parameters taken together.

A model at one point of a table may be better aligned only because its motion is less regular. Here the choice of
parameters is confined, step by step, to those whose motion stays within a budget of irregularity (after the
alignment-regularity characteristic, arXiv 2503.07185): where one model's curve lies above another's, it aligns better
at equal regularity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.identification.selection import Selection, node_values
from elasreg_core.identification.sweep import SubjectSweep

REGULARITY = "sd_log_jacobian"
POINTS = 12


def budgets(sweeps: Sequence[SubjectSweep], points: int = POINTS) -> npt.NDArray[np.float64]:
    """Budgets of SDlogJ common to all subjects and models, from what each can keep to what any reaches."""
    if not sweeps:
        return np.empty(0)
    irregular = [list(node_values(sweep, REGULARITY).values()) for sweep in sweeps]
    return np.linspace(max(map(min, irregular)), max(map(max, irregular)), points)


def within(budget: float) -> Selection:
    """The paper's choice among the parameters whose motion is at most so irregular."""
    return Selection(max_sd_log_jacobian=float(budget))


def curve_row(
    subject: str, model: str, budget: float, dice: Mapping[str, float], sd_log_jacobian: float, folding_percent: float
) -> dict[str, object]:
    """One subject at one budget."""
    return {
        "subject": subject,
        "model": model,
        "budget": budget,
        **{f"dice {tissue}": value for tissue, value in dice.items()},
        "mean_dice": float(np.nanmean(list(dice.values()))),
        "sd_log_jacobian": sd_log_jacobian,
        "neg_jacobian_percent": folding_percent,
    }


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """The cohort's curves: the mean over subjects of every column, per model and budget."""
    return rows.drop(columns="subject").groupby(["model", "budget"], sort=False).mean().reset_index()

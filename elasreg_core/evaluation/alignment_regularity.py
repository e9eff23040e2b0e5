"""Alignment against regularity: how much overlap a model reaches at which price, all its parameters taken together.

A model at one point of a table may be better aligned only because its motion is less regular. Here it is confined, step
by step, to parameters with which its motion stays within a budget of irregularity (after the alignment-regularity
characteristic, arXiv 2503.07185): where one model's curve lies above another's, it aligns better at equal regularity.
Parameters are chosen with the subject's own labels, an oracle for all models alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.evaluation.statistics import paired_comparison
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
    """The paper's choice among the parameters with which the *global* network's motion is at most so irregular."""
    return Selection(max_sd_log_jacobian=float(budget))


class Candidate(NamedTuple):
    """What a model made of one subject with some parameters."""

    dice: Mapping[str, float]
    sd_log_jacobian: float
    neg_jacobian_percent: float

    @property
    def mean_dice(self) -> float:
        """Over the tissues where it is defined."""
        return float(np.nanmean(list(self.dice.values())))


def curve_rows(
    subject: str, model: str, limits: Iterable[float], candidates: Sequence[Candidate]
) -> list[dict[str, object]]:
    """One subject's curve: within each budget the best aligned of the candidates that keep to it themselves.

    An adaptive network's motion may be less regular than the global one's with the same parameters, so that it is its
    own motion that counts. Budgets that no candidate keeps to have no row.
    """
    rows = []
    for limit in limits:
        kept = [candidate for candidate in candidates if candidate.sd_log_jacobian <= limit]
        if kept:
            best = max(kept, key=lambda candidate: candidate.mean_dice)
            rows.append(
                {
                    "subject": subject,
                    "model": model,
                    "budget": float(limit),
                    **{f"dice {tissue}": value for tissue, value in best.dice.items()},
                    "mean_dice": best.mean_dice,
                    "sd_log_jacobian": best.sd_log_jacobian,
                    "neg_jacobian_percent": best.neg_jacobian_percent,
                }
            )
    return rows


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """The cohort's curves: per model and budget the mean over the subjects, where every one of them has a value."""
    if rows.empty:
        return pd.DataFrame(columns=["model", "budget", "mean_dice", REGULARITY, "neg_jacobian_percent"])
    grouped = rows.drop(columns="subject").groupby(["model", "budget"], sort=False)
    means = grouped.mean()[grouped.size() == rows["subject"].nunique()].reset_index()
    order = {model: place for place, model in enumerate(rows["model"].unique())}
    return means.sort_values(["model", "budget"], key=lambda of: of.map(order) if of.name == "model" else of)


def at_equal_regularity(rows: pd.DataFrame, points: int = 3) -> pd.DataFrame:
    """Every two models at the same budget of SDlogJ, paired over the subjects: later model minus earlier model.

    Args:
        rows: of `curve_rows`.
        points: how many of the budgets that all models keep to in every subject, from the first to the last.

    Returns:
        Columns `budget, a, b` and those of `paired_comparison` of mean Dice, a − b; empty where no budget is common.
    """
    if rows.empty:
        return pd.DataFrame()
    models = rows["model"].unique()
    kept_by = curves(rows).groupby("budget").size()
    common = kept_by.index[kept_by == len(models)].to_numpy()
    if not len(common):
        return pd.DataFrame()
    places = np.unique(np.linspace(0, len(common) - 1, points).round().astype(int))
    found = []
    for budget in common[places]:
        wide = rows[rows["budget"] == budget].pivot(index="subject", columns="model", values="mean_dice")
        for a, b in combinations(models, 2):
            found.append({"budget": budget, "a": b, "b": a, **paired_comparison(wide[b], wide[a])})
    return pd.DataFrame(found)

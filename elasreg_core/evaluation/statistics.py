"""Is the difference between two models more than chance? Paired, over the subjects."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from elasreg_core.evaluation.comparison import INITIAL, Contender


def paired_comparison(a: npt.ArrayLike, b: npt.ArrayLike) -> dict[str, float]:
    """The differences a − b of the same subjects; subjects undefined in either are left out.

    Returns:
        `n`; `difference`, their mean; `low` and `high`, its 95 % confidence interval (percentile bootstrap, fixed
        seed); `p` of Wilcoxon's signed-rank test, two-sided; `effect`, the matched-pairs rank-biserial correlation:
        1 where a is larger in every subject, −1 where b is. NaN with fewer than two subjects; p is 1 and effect 0 where
        nothing differs.

    Example:
        >>> paired_comparison([3.0, 5.0, 6.0, 8.0], [2.0, 3.0, 3.0, 4.0])["effect"]
        1.0
    """
    differences = np.subtract(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    differences = differences[~np.isnan(differences)]
    n, nan = len(differences), float("nan")
    if n < 2:
        mean = float(differences.mean()) if n else nan
        return {"n": n, "difference": mean, "low": nan, "high": nan, "p": nan, "effect": nan}
    interval = stats.bootstrap((differences,), np.mean, method="percentile", rng=0).confidence_interval
    moved = differences[differences != 0]
    ranks = stats.rankdata(np.abs(moved))
    return {
        "n": n,
        "difference": float(differences.mean()),
        "low": float(interval.low),
        "high": float(interval.high),
        "p": float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0,
        "effect": float((ranks * np.sign(moved)).sum() / ranks.sum()) if len(moved) else 0.0,
    }


def mean_interval(values: npt.ArrayLike) -> tuple[float, float]:
    """The 95 % confidence interval of a mean over subjects, undefined values left out; NaN with fewer than two.

    A percentile bootstrap of the subjects, with a fixed seed (Efron and Tibshirani, An Introduction to the Bootstrap,
    1993, chapter 13).

    Example:
        >>> low, high = mean_interval([0.7, 0.8, 0.9, 0.8])
        >>> bool(0.7 < low < 0.8 < high < 0.9)
        True
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return float("nan"), float("nan")
    interval = stats.bootstrap((known,), np.mean, method="percentile", rng=0).confidence_interval
    return float(interval.low), float(interval.high)


def all_comparisons(
    rows: pd.DataFrame, compared: Sequence[Contender], metrics: Sequence[str] = ("mean_dice",)
) -> pd.DataFrame:
    """Every two models under the same choice, and every model under two choices: later row minus earlier row.

    A refined model also meets the global ones under the choice that its refinement started from.

    Args:
        rows: of `comparison.score_row`.
        compared: the table's contenders.
        metrics: columns of the rows.

    Returns:
        Columns `metric, a, b`, those of `paired_comparison` for a − b, and `p_adjusted` for all tests of one metric
        (Benjamini and Hochberg).
    """
    return pd.concat([_comparisons(rows, compared, metric) for metric in metrics], ignore_index=True)


def _comparisons(rows: pd.DataFrame, compared: Sequence[Contender], metric: str) -> pd.DataFrame:
    wide = rows.pivot(index="subject", columns="model", values=metric)
    present = [contender for contender in compared if contender.title in wide]
    table = pd.DataFrame(
        [
            {"metric": metric, "a": b.title, "b": a.title, **paired_comparison(wide[b.title], wide[a.title])}
            for a, b in combinations(present, 2)
            if _labels_of(a) == _labels_of(b) or a.model == b.model
        ]
    )
    if len(table):
        tested = table["p"].notna()
        table["p_adjusted"] = table["p"]
        if tested.any():
            table.loc[tested, "p_adjusted"] = stats.false_discovery_control(table.loc[tested, "p"])
    return table


def _labels_of(contender: Contender) -> str:
    """Whose labels its parameters come from: a refinement starts from the subject's own."""
    return "subject" if contender.choice == "refined" else contender.choice


def between_families(per_family: dict[str, pd.DataFrame], metric: str = "mean_dice") -> pd.DataFrame:
    """The same models trained more than once: each one's cohort mean per family, and how far those spread.

    Args:
        per_family: rows of `comparison.score_row` by family, e.g. one per seed of the training.
        metric: a column of theirs.

    Returns:
        One row per model, then one per difference of two models: `model`, a column per family, `mean`, `sd` between
        families (one degree of freedom less).
    """
    means = pd.DataFrame({name: rows.groupby("model", sort=False)[metric].mean() for name, rows in per_family.items()})
    models = [model for model in means.index if model != INITIAL]
    for earlier, later in combinations(models, 2):
        means.loc[f"{later} − {earlier}"] = means.loc[later] - means.loc[earlier]
    families = list(per_family)
    spread = means.assign(mean=means[families].mean(axis=1), sd=means[families].std(axis=1))
    return spread.rename_axis("model").reset_index()

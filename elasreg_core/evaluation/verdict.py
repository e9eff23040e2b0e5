"""Which model is best, in sentences that claim no more than the paired differences show."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

SIGNIFICANT = 0.05
_FEWEST = 6  # with fewer subjects, Wilcoxon's two-sided p cannot fall below 0.05: 2 / 2⁵ = 0.0625


def told_apart(tests: pd.DataFrame) -> pd.Series:
    """Whether each difference is more than chance: its interval leaves 0 out, and the adjusted p is below 0.05.

    Args:
        tests: of `statistics.all_comparisons`, of one metric.
    """
    outside = (tests["low"] > 0) | (tests["high"] < 0)
    return outside & (tests["p_adjusted"] < SIGNIFICANT)


def verdict(means: pd.Series, tests: pd.DataFrame, digits: int = 4) -> str:
    """Who has the highest mean Dice, from whom that tells it apart, and from whom it does not.

    Args:
        means: mean Dice by model, the unregistered pair left out.
        tests: of `statistics.all_comparisons`, of mean Dice: rows with `a, b, n, difference, low, high, p_adjusted`.
        digits: of the differences.

    Example:
        >>> test = {"a": "elas-sas", "b": "elas-g", "n": 30, "difference": 0.02, "low": 0.01, "high": 0.03}
        >>> verdict(pd.Series({"elas-g": 0.85, "elas-sas": 0.87}), pd.DataFrame([test | {"p_adjusted": 0.01}]), 2)
        'elas-sas has the highest mean Dice, 0.870. It is told apart from elas-g (+0.02; 95 % interval +0.01 to +0.03).'
    """
    ranked = means.dropna().sort_values(ascending=False, kind="stable")
    if len(ranked) < 2 or tests.empty:
        return "There is nothing to compare: one model alone." if len(ranked) else "No model has a Dice to compare."
    tested = tests[tests["low"].notna()]
    if tested.empty:
        return "One subject says nothing about the next one: no difference can be tested."
    rows = tested.assign(clear=told_apart(tested)).to_dict("records")
    if not any(row["clear"] for row in rows):
        return _none(rows, digits)
    return _best(str(ranked.index[0]), float(ranked.iloc[0]), rows, digits)


def _none(rows: list[dict[Hashable, Any]], digits: int) -> str:
    largest = max(rows, key=lambda row: abs(row["difference"]))
    subjects = max(row["n"] for row in rows)
    text = "No model is told apart from another by mean Dice: every difference is within chance"
    text += f"{_adjusted(rows)}. "
    text += (
        f"The largest, {largest['a']} − {largest['b']}, is {_interval(largest, 1, digits)}, over {subjects} subjects."
    )
    return text + f" With fewer than {_FEWEST} subjects none could be told apart." * (subjects < _FEWEST)


def _best(best: str, mean: float, rows: list[dict[Hashable, Any]], digits: int) -> str:
    """The model of the highest mean, against all others that it was tested against."""
    ahead: list[str] = []
    behind: list[str] = []
    level: list[str] = []
    for row in rows:
        if best in (row["a"], row["b"]):
            sign, other = (1, row["b"]) if row["a"] == best else (-1, row["a"])
            clear = ahead if sign * row["difference"] > 0 else behind
            (clear if row["clear"] else level).append(f"{other} ({_interval(row, sign, digits)})")
    text = f"{best} has the highest mean Dice, {mean:.3f}."
    if ahead:
        text += f" It is told apart from {_listed(ahead)}."
    if behind:
        text += f" On the subjects that both have, it is behind {_listed(behind)}."
    if level:
        text += f" Its difference to {_listed(level)} is within chance{_adjusted(rows)}."
    others = sum(row["clear"] for row in rows) - len(ahead) - len(behind)
    if others:
        text += f" Of the differences between the others, {others} {'is' if others == 1 else 'are'} more than chance."
    return text


def _adjusted(rows: list[dict[Hashable, Any]]) -> str:
    return f", adjusted for {len(rows)} tests" if len(rows) > 1 else ""


def _interval(row: dict[Hashable, Any], sign: int, digits: int) -> str:
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return f"{sign * row['difference']:+.{digits}f}; 95 % interval {low:+.{digits}f} to {high:+.{digits}f}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

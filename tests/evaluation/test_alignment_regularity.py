"""Curves of alignment against regularity: budgets all can keep, and choices that keep them."""

from __future__ import annotations

import pandas as pd
import pytest

from elasreg_core.evaluation.alignment_regularity import (
    Candidate,
    at_equal_regularity,
    budgets,
    curve_rows,
    curves,
    within,
)
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import best_node
from elasreg_core.identification.sweep import SubjectSweep
from tests.builders import node_scores

NAN = float("nan")
GRID = ParameterGrid(((0.0, 0.5), (0.5, 1.0)))


def swept(subject, irregular, dice=(0.9, 0.8, 0.7, 0.6)) -> SubjectSweep:
    nodes = [node_scores(n, (d,), sd=sd) for n, d, sd in zip(GRID.nodes, dice, irregular, strict=True)]
    return SubjectSweep.from_nodes(subject, ("a",), GRID, nodes)


def test_budgets_run_from_what_every_subject_can_keep_to_what_any_reaches():
    found = budgets([swept("s", (0.4, 0.3, 0.2, 0.1)), swept("t", (0.5, 0.3, 0.25, 0.15))], points=3)
    assert found.tolist() == pytest.approx([0.15, 0.325, 0.5])


def test_a_budget_confines_the_choice():
    sweep = swept("s", (0.4, 0.3, 0.2, 0.1))
    assert [best_node(sweep, "a", within(budget)).value for budget in (0.1, 0.25, 0.3, 0.9)] == [0.6, 0.7, 0.8, 0.9]
    assert best_node(sweep, "a", within(0.05)).node is None


def test_a_model_counts_where_its_own_motion_keeps_to_the_budget():
    # the adaptive network bends more than the global one did with the same parameters
    found = curve_rows(
        "s",
        "elas-sas",
        (0.1, 0.2, 0.3),
        [Candidate({"a": 0.8, "b": NAN}, 0.19, 0.0), Candidate({"a": 0.9, "b": 0.6}, 0.25, 0.1)],
    )
    assert [row["budget"] for row in found] == [0.2, 0.3]  # nobody keeps to .1
    # .75 is the mean of .9 and .6: the first stays the better one
    assert [row["mean_dice"] for row in found] == [0.8, 0.8]
    assert [row["sd_log_jacobian"] for row in found] == [0.19, 0.19]


def rows_of(model, values) -> list[dict]:
    """Per subject and budget a mean Dice; None: nothing kept to it."""
    return [
        row
        for subject, by_budget in values.items()
        for budget, dice in by_budget.items()
        if dice is not None
        for row in curve_rows(subject, model, (budget,), [Candidate({"a": dice}, budget, 0.0)])
    ]


def test_curves_are_means_over_all_subjects_or_nothing():
    rows = pd.DataFrame(rows_of("elas-g", {"s": {0.2: 0.8, 0.4: 0.9}, "t": {0.2: None, 0.4: 0.7}}))
    found = curves(rows)
    assert found["budget"].tolist() == [0.4]
    assert found.iloc[0][["dice a", "mean_dice", "sd_log_jacobian"]].tolist() == pytest.approx([0.8, 0.8, 0.4])
    assert curves(pd.DataFrame()).empty


def test_models_are_compared_at_budgets_that_all_keep():
    rows = pd.DataFrame(
        rows_of("elas-g", {s: {0.1: 0.5, 0.2: 0.6, 0.3: 0.7, 0.4: 0.8} for s in "st"})
        + rows_of("elas-sas", {s: {0.1: None, 0.2: 0.7, 0.3: 0.75, 0.4: 0.81} for s in "st"})
    )
    found = at_equal_regularity(rows)
    assert found["budget"].tolist() == [0.2, 0.3, 0.4]
    assert set(zip(found["a"], found["b"], strict=True)) == {("elas-sas", "elas-g")}
    assert found["difference"].tolist() == pytest.approx([0.1, 0.05, 0.01])
    assert found["n"].tolist() == [2, 2, 2]
    apart = pd.DataFrame(rows_of("elas-g", {"s": {0.1: 0.5}}) + rows_of("elas-sas", {"s": {0.2: 0.5}}))
    assert at_equal_regularity(apart).empty
    assert at_equal_regularity(pd.DataFrame()).empty

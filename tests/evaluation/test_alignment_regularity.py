"""Curves of alignment against regularity: budgets all can keep, and choices that keep them."""

from __future__ import annotations

import pandas as pd
import pytest

from elasreg_core.evaluation.alignment_regularity import budgets, curve_row, curves, within
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import best_node
from elasreg_core.identification.sweep import SubjectSweep
from tests.builders import node_scores

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


def test_curves_are_means_over_the_subjects_and_leave_out_absent_classes():
    rows = pd.DataFrame(
        [
            curve_row("s", "elas-g", 0.2, {"a": 0.8, "b": 0.6}, 0.15, 0.0),
            curve_row("t", "elas-g", 0.2, {"a": 0.6, "b": float("nan")}, 0.19, 0.2),
            curve_row("s", "elas-g", 0.4, {"a": 0.9, "b": 0.7}, 0.35, 0.0),
        ]
    )
    found = curves(rows)
    assert found["budget"].tolist() == [0.2, 0.4]
    first = found.iloc[0]
    assert (first["dice a"], first["dice b"]) == pytest.approx((0.7, 0.6))
    assert first["mean_dice"] == pytest.approx((0.7 + 0.6) / 2)
    assert (first["sd_log_jacobian"], first["neg_jacobian_percent"]) == pytest.approx((0.17, 0.1))

"""What several choices choose for a cohort, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.identification.choices import choices_summary, choices_table, possible_choices
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection
from elasreg_core.identification.sweep import SubjectSweep
from tests.builders import TISSUES, node_scores

NAN = float("nan")
GRID = ParameterGrid(((0.0, 0.5, 1.0), (0.5,)))
REGULAR = Selection(rule="most_regular")


def sweep(subject, wall, pool=(0.5, 0.5, 0.5), sd=(0.3, 0.2, 0.1)) -> SubjectSweep:
    """Dice of both tissues at λ = 0, 0.5, 1; a higher λ moves less irregularly."""
    values = zip(GRID.nodes, wall, pool, sd, strict=True)
    return SubjectSweep.from_nodes(subject, TISSUES, GRID, [node_scores(n, (w, p), sd=s) for n, w, p, s in values])


SWEEPS = {"s1": sweep("s1", (0.80, 0.90, 0.899)), "s2": sweep("s2", (0.80, 0.85, 0.90), (NAN, NAN, NAN))}


def test_a_row_per_subject_and_tissue_says_what_why_and_how_sure():
    table = choices_table(SWEEPS, Selection(), {"s1": "HCM"}).set_index(["subject", "tissue"])
    first = table.loc[("s1", "wall")]
    assert (first["lambda"], first["mu"], first["value"], first["dice"]) == (0.5, 0.5, 0.9, 0.9)
    assert first["plateau"] == pytest.approx(2 / 3)
    assert first["sd_log_jacobian"] == 0.2
    assert first["group"] == "HCM"
    assert table.loc[("s2", "wall"), "group"] == "no group"
    absent = table.loc[("s2", "pool")]
    assert absent[["lambda", "mu", "value", "plateau", "dice"]].isna().all()
    tied = table.loc[("s1", "pool")]
    assert (tied["lambda"], tied["ties"], tied["on_edge"]) == (1.0, 2, True)


def test_the_rules_differ_where_nodes_are_nearly_as_good():
    argmax, regular = (choices_table(SWEEPS, selection) for selection in (Selection(), REGULAR))
    assert argmax["lambda"].iloc[0] == 0.5
    assert regular["lambda"].iloc[0] == 1.0
    assert regular["dice"].iloc[0] == 0.899


def test_by_another_criterion_the_chosen_nodes_dice_stands_beside():
    nodes = [node_scores(n, (d, d), (h, h)) for n, d, h in zip(GRID.nodes, (0.9, 0.8, 0.7), (3, 1, 2), strict=True)]
    by_hd95 = choices_table({"s": SubjectSweep.from_nodes("s", TISSUES, GRID, nodes)}, Selection("hd95_mm"))
    assert by_hd95["value"].tolist() == [1, 1]
    assert by_hd95["dice"].tolist() == [0.8, 0.8]


def test_diffusions_choices_have_no_mu():
    grid = ParameterGrid(((0.5, 1.0),))
    nodes = [node_scores((0.5,), (0.8, 0.8)), node_scores((1.0,), (0.9, 0.7))]
    table = choices_table({"s": SubjectSweep.from_nodes("s", TISSUES, grid, nodes)}, Selection())
    assert table["lambda"].tolist() == [1.0, 0.5]
    assert table["mu"].isna().all()
    assert choices_summary(table)["as_first"].tolist() == [1.0, 1.0]


def test_the_summary_compares_every_choice_with_the_first():
    both = pd.concat([choices_table(SWEEPS, selection) for selection in (Selection(), REGULAR)])
    summary = choices_summary(both).set_index(["choice", "tissue"])
    # argmax: λ = 0.5 and 1; most regular: 1 and 1, the same as before for one of two
    assert summary.loc[("dice, argmax", "wall"), ["lambda", "as_first"]].tolist() == [0.75, 1.0]
    wall = summary.loc[("dice, most_regular", "wall")]
    assert (wall["subjects"], wall["lambda"], wall["lambda low"], wall["as_first"]) == (2, 1.0, 1.0, 0.5)
    assert wall["dice"] == pytest.approx((0.899 + 0.9) / 2)
    assert wall["on_edge"] == 1.0
    assert summary.loc[("dice, argmax", "pool"), "subjects"] == 1  # absent in the other


def test_nothing_chosen_is_an_empty_table():
    empty = choices_table({}, Selection())
    assert empty.empty
    assert choices_summary(empty).empty
    assert np.array_equal(empty.columns, choices_table(SWEEPS, Selection()).columns)


def test_every_rule_goes_with_every_criterion():
    assert list(possible_choices(["dice", "ncc"])) == [
        *("dice, argmax", "dice, most_regular"),
        *("ncc, argmax", "ncc, most_regular"),
    ]
    assert possible_choices(["ncc"])["ncc, most_regular"] == Selection("ncc", "most_regular")

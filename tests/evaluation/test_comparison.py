"""Table 1: who gets which parameters, and what the means leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.errors import InputError
from elasreg_core.evaluation.comparison import (
    INITIAL,
    Chosen,
    Contender,
    choose_for_all,
    contenders,
    parameter_rows,
    score_row,
)
from elasreg_core.evaluation.table_one import TableOne
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS
from tests.builders import make_pair, node_scores, shift

GRID = ParameterGrid(((0.0, 0.5), (0.5, 1.0)))
LINE = ParameterGrid(((0.25, 0.5, 1.0),))
# wall is best at (0, .5), pool at (.5, 1); their mean is best at (0, 1)
DICE = {(0.0, 0.5): (0.9, 0.1), (0.0, 1.0): (0.8, 0.6), (0.5, 0.5): (0.1, 0.2), (0.5, 1.0): (0.3, 0.7)}
# the same over λ alone: wall is best at ¼, pool at ½, their mean at 1
SMOOTH = {(0.25,): (0.9, 0.1), (0.5,): (0.3, 0.7), (1.0,): (0.8, 0.6)}
UNDEFINED = (np.nan, np.nan)


def swept(dice=DICE, grid=GRID, subject="subject", **per_tissue):
    nodes = [
        node_scores(node, values, **{metric: of[node] for metric, of in per_tissue.items()})
        for node, values in dice.items()
    ]
    return SubjectSweep.from_nodes(subject, ("wall", "pool"), grid, nodes)


def chosen(model, sweep, background, choice="subject", **how):
    found = choose_for_all(Contender(MODELS[model], choice), {sweep.subject: sweep}, background, **how)["subject"]
    return found.parameters


def test_the_global_model_takes_the_best_mean_and_the_adaptive_one_each_tissues_best():
    assert chosen("elas-g", swept(), (0.25, 0.0)).nodes == ((0.0, 1.0),) * 3
    assert chosen("elas-sas", swept(), (0.25, 0.0)).nodes == ((0.25, 0.0), (0.0, 0.5), (0.5, 1.0))
    assert chosen("diff-g", swept(SMOOTH, LINE), (0.0,)).nodes == ((1.0,),) * 3
    assert chosen("diff-sas", swept(SMOOTH, LINE), (0.0,)).nodes == ((0.0,), (0.25,), (0.5,))


def test_a_choice_by_the_image_looks_at_the_image_alone():
    ncc = {(0.0, 0.5): (0.1, 0.2), (0.0, 1.0): (0.3, 0.2), (0.5, 0.5): (0.2, 0.5), (0.5, 1.0): (0.1, 0.1)}
    for dice in (DICE, dict.fromkeys(DICE, UNDEFINED)):
        found = chosen("elas-sas", swept(dice, ncc=ncc), (0.0, 0.0), "image", selection=Selection("dice"))
        assert found.nodes == ((0.0, 0.0), (0.0, 1.0), (0.5, 0.5))


def test_an_undisplaced_pair_scores_as_the_initial_one():
    pair = make_pair()
    initial, still = (score_row(pair, title, u) for title, u in ((INITIAL, None), ("elas-g", shift(pair, 0, 0))))
    assert (initial.pop("model"), still.pop("model")) == (INITIAL, "elas-g")
    pd.testing.assert_series_equal(pd.Series(initial), pd.Series(still))
    assert (initial["subject"], initial["dice wall"], initial["mean_dice"]) == ("subject", 0.5, 0.5)


def test_a_subject_without_a_common_class_cannot_be_compared():
    sweeps = {"a": swept(dict.fromkeys(DICE, UNDEFINED), subject="a"), "b": swept(subject="b")}
    found = choose_for_all(Contender(MODELS["elas-sas"]), sweeps, (0.0, 0.0))
    assert isinstance(found["a"], InputError)
    assert str(found["a"]).startswith("a is left out of elas-sas. Received: No tissue has an optimum.")
    assert isinstance(found["b"], Chosen)  # nobody else's choice is lost


def test_rows_of_the_table_come_in_the_papers_order_choice_by_choice():
    found = contenders(["elas-sas", "elas-g", "diff-g"], ["subject", "refined", "cohort"])
    assert [contender.title for contender in found] == [
        *("diff-g", "elas-g", "elas-sas"),
        "elas-sas (refined)",  # a global network has nothing to refine jointly
        *("diff-g (cohort)", "elas-g (cohort)", "elas-sas (cohort)"),
    ]


def test_a_choice_by_the_image_keeps_rule_and_caps():
    # without the cap (0, 1) is best; with it, it folds too much
    ncc = {(0.0, 0.5): (0.1, 0.1), (0.0, 1.0): (0.3, 0.3), (0.5, 0.5): (0.2, 0.2), (0.5, 1.0): (0.1, 0.1)}
    nodes = [node_scores(n, DICE[n], folding=float(n == (0.0, 1.0)), ncc=of) for n, of in ncc.items()]
    sweep = SubjectSweep.from_nodes("subject", ("wall", "pool"), GRID, nodes)
    for cap, node in ((None, (0.0, 1.0)), (0.5, (0.5, 0.5))):
        how = Selection("dice", tolerance=0.5, max_folding_percent=cap)
        assert chosen("elas-g", sweep, (0.0, 0.0), "image", selection=how).nodes == (node,) * 3


def test_what_a_subject_was_registered_with_is_one_row_a_class_with_how_sure_that_is():
    found = choose_for_all(Contender(MODELS["elas-sas"]), {"s": swept(subject="s")}, (0.25, 0.0))["s"]
    background, wall, pool = parameter_rows("s", "elas-sas", found, ("wall", "pool"))
    unknown = dict.fromkeys(("plateau", "nodes", "on_edge", "ties"))
    whose = {"subject": "s", "model": "elas-sas"}
    assert background == {**whose, "tissue": "background", "lambda": 0.25, "mu": 0.0} | unknown
    # one node of four within .005 of the best; on this grid of 2 × 2 every node lies on the edge
    sure = {"plateau": 0.25, "nodes": 4, "on_edge": True, "ties": 0}
    assert wall == {**whose, "tissue": "wall", "lambda": 0.0, "mu": 0.5} | sure
    assert pool["mu"] == 1.0
    of_all = choose_for_all(Contender(MODELS["elas-g"]), {"s": swept(subject="s")}, (0.25, 0.0))["s"]
    assert [row["plateau"] for row in parameter_rows("s", "elas-g", of_all, ("wall", "pool"))] == [0.25] * 3
    refined = Chosen(found.parameters)
    assert [row["plateau"] for row in parameter_rows("s", "elas-sas", refined, ("wall", "pool"))] == [None] * 3


def test_the_table_gives_means_and_deviations_without_undefined_values():
    rows = pd.DataFrame(
        {
            "subject": ["a", "b", "a", "b"],
            "model": ["initial", "initial", "elas-g", "elas-g"],
            "dice wall": [0.4, 0.6, 0.9, np.nan],
            "mean_dice": [0.4, 0.6, 0.9, 0.7],
            "mean_hd95_mm": [4.0, 6.0, 1.0, 1.0],
            "tre_mm": [np.nan] * 4,
            "displacement_error_vox": [2.0, 3.0, 0.5, 0.5],
            "neg_jacobian_percent": [0.0, 0.0, 0.0, 0.5],
            "sd_log_jacobian": [0.0, 0.0, 0.1, 0.3],
        }
    )
    table = TableOne.of(rows, ("wall",)).cells().set_index("model")
    # SD with one degree of freedom: √(2 · 0.1²) = 0.141
    assert table.loc["initial", "DSC wall"] == "0.500 (0.141)"
    assert table.loc["elas-g", "DSC wall"] == "0.900, n = 1"  # one defined value has no SD
    assert table.loc["elas-g", "mean DSC"] == "0.800 (0.141)"
    assert table.loc["initial", "HD95 mm"] == "5.000 (1.414)"
    assert table.loc["elas-g", "SDlogJ"] == "0.200 (0.141)"
    assert table.loc["elas-g", "error voxels"] == "0.500 (0.000)"
    assert "TRE mm" not in table  # nobody had landmarks


def test_a_choice_of_one_subject_by_the_cohort_is_impossible():
    with pytest.raises(InputError, match="needs other subjects"):
        chosen("elas-g", swept(), (0.0, 0.0), "cohort")

"""Table 1: who gets which parameters, and what the means leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.errors import InputError
from elasreg_core.evaluation.comparison import compare_subject, table_one
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import NodeScores, SubjectSweep
from tests.builders import make_pair

GRID = ParameterGrid((0.0, 0.5), (0.5, 1.0))
# wall is best at (0, .5), pool at (.5, 1); their mean is best at (0, 1)
DICE = {(0.0, 0.5): (0.9, 0.1), (0.0, 1.0): (0.8, 0.6), (0.5, 0.5): (0.1, 0.2), (0.5, 1.0): (0.3, 0.7)}


def subject(dice=DICE):
    pair = make_pair()
    nodes = [NodeScores(*node, values, (np.nan,) * 2, 0.0, 0.1) for node, values in dice.items()]
    return pair, SubjectSweep.from_nodes(pair.id, pair.tissues.names, GRID, nodes)


def test_the_global_model_takes_the_best_mean_and_the_adaptive_one_each_tissues_best():
    pair, sweep = subject()
    asked = {}

    def displace(model):
        def remember(pair, parameters):
            asked[model] = parameters
            return np.zeros((*pair.grid_shape, 2), "f4")

        return remember

    rows = compare_subject(pair, sweep, {m: displace(m) for m in ("elas-g", "elas-sas")}, background=(0.25, 0.0))
    assert [row["model"] for row in rows] == ["initial", "elas-g", "elas-sas"]
    assert (asked["elas-g"].lam, asked["elas-g"].mu) == ((0.0,) * 3, (1.0,) * 3)
    assert (asked["elas-sas"].lam, asked["elas-sas"].mu) == ((0.25, 0.0, 0.5), (0.0, 0.5, 1.0))
    # nothing was displaced, so every model scores as the initial pair
    assert rows[0]["mean_dice"] == rows[1]["mean_dice"] == rows[2]["mean_dice"]


def test_a_subject_without_a_common_class_cannot_be_compared():
    pair, sweep = subject(dict.fromkeys(DICE, (np.nan, np.nan)))
    with pytest.raises(InputError, match="No tissue has an optimum"):
        compare_subject(pair, sweep, {}, (0.0, 0.0))


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
        }
    )
    table = table_one(rows, ("wall",)).set_index("model")
    # SD with one degree of freedom: √(2 · 0.1²) = 0.141
    assert table.loc["initial", "DSC wall"] == "0.500 (0.141)"
    assert table.loc["elas-g", "DSC wall"] == "0.900"  # one defined value has no SD
    assert table.loc["elas-g", "mean DSC"] == "0.800 (0.141)"
    assert table.loc["initial", "HD95 mm"] == "5.000 (1.414)"
    assert table.loc["elas-g", "error voxels"] == "0.500 (0.000)"
    assert "TRE mm" not in table  # nobody had landmarks

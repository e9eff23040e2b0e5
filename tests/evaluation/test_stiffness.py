"""Estimates against true stiffness, where the answer is known because it was made so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.errors import InputError
from elasreg_core.evaluation.stiffness import (
    ALL_TISSUES,
    error_at_choice,
    error_summary,
    estimates,
    rank_correlations,
    settings,
    true_stiffness,
)
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection
from elasreg_core.identification.sweep import SubjectSweep
from tests.builders import node_scores

GRID = ParameterGrid(((0.0, 0.5, 1.0), (0.25, 0.75)))


def truth(n=12) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"subject": f"s{i}", "tissue": tissue, "lambda_kpa": base * rng.random(), "mu_kpa": base * rng.random()}
            for i in range(n)
            for tissue, base in (("wall", 100.0), ("pool", 1.0))
        ]
    )


def test_an_estimate_in_the_same_order_correlates_fully_and_one_without_order_does_not():
    true = truth(40)
    estimated = true.assign(setting="s", mu=np.random.default_rng(5).random(len(true)))
    estimated["lambda"] = np.log(true["lambda_kpa"])  # another unit and another range, the same order
    found = rank_correlations(estimated[["setting", "subject", "tissue", "lambda", "mu"]], true)
    assert list(found["tissue"].unique()) == ["wall", "pool", ALL_TISSUES]
    by = found.set_index(["parameter", "tissue"])
    for tissue in ("wall", "pool", ALL_TISSUES):
        assert by.loc[("lambda", tissue), ["rho", "low", "high"]].tolist() == pytest.approx([1, 1, 1])
        assert by.loc[("mu", tissue), "low"] < 0 < by.loc[("mu", tissue), "high"]
    assert set(by["subjects"]) == {40}


def test_the_interval_comes_from_whole_subjects():
    # three subjects, each with both tissues: wall always above pool, so that over all tissues the order is mostly right
    true = pd.DataFrame(
        {
            "subject": list("aabbcc"),
            "tissue": ["wall", "pool"] * 3,
            "lambda_kpa": [9, 1, 8, 2, 7, 3],
            "mu_kpa": range(6),
        }
    )
    values = {"setting": "s", "lambda": [0.9, 0.1, 0.8, 0.2, 0.7, 0.3], "mu": 0.5}
    estimated = true[["subject", "tissue"]].assign(**values)
    found = rank_correlations(estimated, true).set_index(["parameter", "tissue"])
    assert found.loc[("lambda", ALL_TISSUES), "rho"] == pytest.approx(1)
    assert np.isnan(found.loc[("mu", ALL_TISSUES), ["rho", "low", "high"]].astype(float)).all()  # one estimate for all


def swept() -> SubjectSweep:
    # Dice is best at (0, .25), the true error at (1, .75), local NCC in between
    scores = zip(GRID.nodes, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4), (3.0, 2.5, 2.0, 1.5, 1.0, 0.5), strict=True)
    nodes = [
        node_scores(node, (dice,), displacement_error_vox=(error,), ncc=(1 - abs(error - 2.0),), hd95=(error,))
        for node, dice, error in scores
    ]
    return SubjectSweep.from_nodes("s", ("wall",), GRID, nodes)


def test_every_setting_chooses_from_the_same_sweeps():
    chosen = {"dice": Selection(), "error": Selection("displacement_error_vox"), "ncc": Selection("ncc")}
    found = estimates([swept()], chosen).set_index("setting")
    assert found.loc["dice", ["lambda", "mu"]].tolist() == [0.0, 0.25]
    assert found.loc["error", ["lambda", "mu"]].tolist() == [1.0, 0.75]
    assert found.loc["ncc", ["lambda", "mu"]].tolist() == [0.5, 0.25]


def test_what_a_choice_costs_in_true_error():
    found = error_at_choice([swept()], {"dice": Selection(), "ncc": Selection("ncc")}).set_index("setting")
    assert found["error_vox"].to_dict() == {"dice": 3.0, "ncc": 2.0}
    assert set(found["least_vox"]) == {0.5}
    assert not found["as_good"].any()
    itself = error_at_choice([swept()], {"error": Selection("displacement_error_vox")})
    assert itself["as_good"].tolist() == [True]


def test_the_cost_is_summed_up_over_the_subjects():
    errors = pd.DataFrame(
        {
            "setting": "dice",
            "subject": list("abcd"),
            "tissue": "wall",
            "error_vox": [1.0, 1.2, 0.9, 1.1],
            "least_vox": 0.9,
        }
    ).assign(as_good=[False, False, True, False])
    (found,) = error_summary(errors).to_dict("records")
    assert (found["error_vox"], found["excess_vox"], found["as_good"]) == pytest.approx((1.05, 0.15, 0.25))
    assert 0 <= found["low"] < 0.15 < found["high"] <= 0.3


def test_there_are_at_least_six_settings_with_names():
    assert len(settings()) >= 6
    assert {selection.rule for selection in settings().values()} == {"argmax", "most_regular"}


def test_the_truth_is_read_as_the_phantoms_write_it(tmp_path):
    folder = tmp_path / "truth" / "patient001"
    folder.mkdir(parents=True)
    head = "material,name,label,youngs_modulus_kpa,poisson_ratio,lambda_kpa,mu_kpa,source"
    (folder / "tissues.csv").write_text(f"{head}\n1,RV,1,2.0,0.25,0.8,0.8,assumption\n")
    assert true_stiffness(tmp_path).to_dict("records") == [
        {"subject": "patient001", "tissue": "RV", "lambda_kpa": 0.8, "mu_kpa": 0.8}
    ]
    with pytest.raises(InputError, match="holds no truth"):
        true_stiffness(tmp_path / "nowhere")

"""Paired comparisons on numbers one can check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elasreg_core.evaluation.comparison import Contender
from elasreg_core.evaluation.statistics import all_comparisons, between_families, mean_interval, paired_comparison
from elasreg_core.networks.architecture import MODELS

NAN = float("nan")


def test_the_difference_is_the_mean_over_the_subjects_that_have_both():
    found = paired_comparison([0.9, 0.8, 0.7, NAN, 0.5], [0.7, 0.7, 0.7, 0.9, NAN])
    assert found["n"] == 3
    assert found["difference"] == pytest.approx(0.1)
    assert found["low"] <= 0.1 <= found["high"]


def test_the_effect_is_the_rank_biserial_correlation():
    # differences 3, −1, 2, 4, 0: ranks of the four that differ 3, 1, 2, 4; (3 + 2 + 4 − 1) / 10 = 0.8
    found = paired_comparison([3, 0, 2, 4, 1], [0, 1, 0, 0, 1])
    assert found["effect"] == pytest.approx(0.8)
    assert paired_comparison([0, 1, 0, 0, 1], [3, 0, 2, 4, 1])["effect"] == pytest.approx(-0.8)


def test_p_is_wilcoxons_and_the_interval_covers_a_known_difference():
    rng = np.random.default_rng(0)
    b = rng.normal(0.8, 0.05, 40)
    a = b + rng.normal(0.02, 0.01, 40)
    found = paired_comparison(a, b)
    assert found["p"] == pytest.approx(stats.wilcoxon(a - b).pvalue)
    # standard error .01/√40 = .0016: the interval is about ± 1.96 of them
    assert found["low"] < 0.02 < found["high"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.std(a - b, ddof=1) / np.sqrt(40), rel=0.1)


def test_equal_models_do_not_differ_and_one_subject_tells_nothing():
    same = paired_comparison([0.5, 0.6, 0.7], [0.5, 0.6, 0.7])
    assert (same["difference"], same["low"], same["high"], same["p"], same["effect"]) == (0, 0, 0, 1, 0)
    one = paired_comparison([0.5], [0.4])
    assert one["difference"] == pytest.approx(0.1)
    assert np.isnan([one["low"], one["high"], one["p"], one["effect"]]).all()
    assert np.isnan(paired_comparison([], [])["difference"])


def rows(**values) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"subject": f"s{i}", "model": model, "mean_dice": value}
            for model, of in values.items()
            for i, value in enumerate(of)
        ]
    )


def test_models_are_compared_where_that_means_something():
    elas_g, elas_sas = MODELS["elas-g"], MODELS["elas-sas"]
    compared = [Contender(elas_g), Contender(elas_sas), Contender(elas_g, "cohort"), Contender(elas_sas, "cohort")]
    table = all_comparisons(
        rows(
            **{
                "initial": [0.1] * 5,
                "elas-g": [0.5, 0.6, 0.7, 0.8, 0.9],
                "elas-sas": [0.6, 0.7, 0.8, 0.9, 1.0],
                "elas-g (cohort)": [0.4, 0.5, 0.6, 0.7, 0.8],
                "elas-sas (cohort)": [0.5, 0.6, 0.7, 0.8, 0.9],
            }
        ),
        compared,
    )
    # neither the unregistered pair, nor different models under different choices
    assert list(zip(table["a"], table["b"], strict=True)) == [
        ("elas-sas", "elas-g"),
        ("elas-g (cohort)", "elas-g"),
        ("elas-sas (cohort)", "elas-sas"),
        ("elas-sas (cohort)", "elas-g (cohort)"),
    ]
    assert table["difference"].tolist() == pytest.approx([0.1, -0.1, -0.1, 0.1])
    assert (table["p_adjusted"] >= table["p"]).all()


def test_a_refined_model_meets_the_global_ones_and_every_metric_has_its_tests():
    elas_g, elas_sas = MODELS["elas-g"], MODELS["elas-sas"]
    table = rows(**{"elas-g": [0.5, 0.6], "elas-sas": [0.6, 0.8], "elas-sas (refined)": [0.7, 0.9]})
    table["tre_mm"] = 1 - table["mean_dice"]
    compared = [Contender(elas_g), Contender(elas_sas), Contender(elas_sas, "refined")]
    found = all_comparisons(table, compared, ["mean_dice", "tre_mm"]).set_index(["metric", "a", "b"])["difference"]
    assert len(found) == 6
    assert found["mean_dice", "elas-sas (refined)", "elas-g"] == pytest.approx(0.25)
    assert found["tre_mm", "elas-sas (refined)", "elas-sas"] == pytest.approx(-0.1)


def test_one_model_alone_has_nobody_to_be_compared_with():
    assert all_comparisons(rows(initial=[0.1, 0.2], **{"elas-g": [0.5, 0.6]}), [Contender(MODELS["elas-g"])]).empty


def test_the_spread_between_families_is_of_their_means():
    per_family = {
        "seed-0": rows(initial=[0.2, 0.4], **{"elas-g": [0.7, 0.9]}),
        "seed-1": rows(initial=[0.2, 0.4], **{"elas-g": [0.8, 0.8]}),
        "seed-2": rows(initial=[0.2, 0.4], **{"elas-g": [0.8, 0.9]}),
    }
    spread = between_families(per_family).set_index("model")
    assert spread.loc["elas-g", ["seed-0", "seed-1", "seed-2"]].tolist() == pytest.approx([0.8, 0.8, 0.85])
    # mean .8167, deviations −.0167, −.0167, .0333: √((2·.000278 + .00111) / 2) = .0289
    assert spread.loc["elas-g", "sd"] == pytest.approx(0.0289, abs=1e-4)
    assert spread.loc["initial", "sd"] == pytest.approx(0, abs=1e-12)


def test_the_spread_of_a_difference_is_not_that_of_the_models():
    # both models are lucky together: their difference hardly varies
    per_family = {
        "seed-0": rows(initial=[0.2], **{"elas-g": [0.7], "elas-sas": [0.72]}),
        "seed-1": rows(initial=[0.2], **{"elas-g": [0.9], "elas-sas": [0.92]}),
    }
    spread = between_families(per_family).set_index("model")
    assert list(spread.index) == ["initial", "elas-g", "elas-sas", "elas-sas − elas-g"]
    assert spread.loc["elas-sas − elas-g", ["mean", "sd"]].tolist() == pytest.approx([0.02, 0])
    assert spread.loc["elas-g", "sd"] == pytest.approx(0.1414, abs=1e-4)


def test_a_means_interval_is_about_two_standard_errors_either_side():
    values = np.random.default_rng(0).normal(0.8, 0.05, 100)
    low, high = mean_interval([*values, NAN])
    error = values.std() / 10  # √100
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.1 * error)


@pytest.mark.parametrize("values", [[], [0.8], [0.8, NAN]])
def test_fewer_than_two_subjects_have_no_interval(values):
    assert np.isnan(mean_interval(values)).all()

"""A comparison's figures and its report: complete, self-contained, nothing that could be sent away."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from elasreg_core.evaluation.comparison import Comparison
from elasreg_core.evaluation.statistics import all_comparisons, paired_comparison
from elasreg_core.evaluation.table_one import TableOne, certainty_table, paper_rows
from elasreg_core.figures.comparison import (
    difference_intervals,
    parameter_scatter,
    regularity_figure,
    regularity_panel,
    subject_lines,
)
from elasreg_core.figures.distributions import distribution_figure
from elasreg_core.figures.palette import choice_symbol, model_colour
from elasreg_core.figures.report import Found, comparison_report
from tests.builders import TISSUES, make_comparison

CURVE = pd.DataFrame(
    {
        "model": ["elas-g"] * 3 + ["elas-sas"] * 3,
        "budget": [0.1, 0.2, 0.3] * 2,
        "mean_dice": [0.7, 0.8, 0.85, 0.72, 0.79, 0.86],
        **{f"dice {tissue}": [0.7, 0.8, 0.85, 0.72, 0.79, 0.86 - place] for place, tissue in enumerate(TISSUES)},
        "sd_log_jacobian": [0.09, 0.18, 0.28, 0.1, 0.2, 0.3],
        "neg_jacobian_percent": [0.0] * 6,
    }
)


@pytest.fixture
def comparison(tmp_path) -> Comparison:
    return make_comparison(tmp_path / "fam<1>")


@pytest.fixture
def html(comparison) -> str:
    return comparison_report(comparison, found(comparison))


def found(comparison, curve=CURVE) -> Found:
    return Found(
        TableOne.of(comparison.rows, TISSUES),
        certainty_table(comparison.parameters, pd.DataFrame()),
        all_comparisons(comparison.rows, comparison.contenders),
        curve,
        pd.DataFrame([{"budget": 0.2, "a": "elas-sas", "b": "elas-g", **paired_comparison([0.7, 0.8], [0.6, 0.8])}]),
        paper_rows("acdc", ("RV", "LV-Myo", "LV-BP")),
        "Six subjects.",
    )


def test_the_report_needs_nothing_else(html):
    outside = re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert "http" not in outside
    assert "src=" not in outside
    assert html.count("Plotly.newPlot") == 4
    assert '"showSendToCloud": false' in html
    assert "sendDataToCloud" not in outside


def test_the_report_holds_table_tests_faults_and_the_papers_rows(html):
    assert "Six subjects." in html
    assert html.count("<b>") >= 4  # one best a column
    assert "elas-sas − elas-g" in html
    assert "Reithmeir et al. 2024" in html
    assert "0.888" in html
    assert "s9 is damaged &amp; left out." in html
    assert "<title>fam&lt;1&gt;: Table 1</title>" in html
    assert "oracle" not in html  # said by the caption, which is another's here
    assert "does not say whether its %negJ is a fraction or a percentage" in html
    assert "<td>elas-sas</td><td>wall</td><td>6</td><td>25%</td><td>6</td>" in html
    assert "<td>0.200</td><td>2</td><td>+0.0500</td>" in html  # at equal regularity


def test_one_subject_alone_has_a_report_without_intervals_and_without_nan(comparison):
    one = dataclasses.replace(
        comparison,
        rows=comparison.rows[comparison.rows["subject"] == "s0"],
        parameters=comparison.parameters[comparison.parameters["subject"] == "s0"],
    )
    html = comparison_report(one, found(one, curve=pd.DataFrame()))
    assert "<td>elas-sas − elas-g</td><td>1</td>" in html
    assert "– … –" in html
    assert not re.search(r"\bnan\b", re.sub(r"<script.*?</script>", "", html, flags=re.S))


def test_every_subject_has_a_line_and_the_mean_is_on_top(comparison):
    figure = subject_lines(comparison.rows)
    assert len(figure.data) == 7
    assert figure.data[-1].name == "mean"
    np.testing.assert_allclose(figure.data[-1].y, comparison.rows.groupby("model", sort=False)["mean_dice"].mean())


def test_lines_relative_to_a_model_start_at_0_and_one_stands_out(comparison):
    figure = subject_lines(comparison.rows, "mean_dice", "Mean Dice", highlight="s3", relative_to="elas-g")
    by_name = {trace.name: trace for trace in figure.data}
    wide = comparison.rows.pivot(index="subject", columns="model", values="mean_dice")
    assert by_name["s1"].y[1] == 0
    assert by_name["s1"].y[2] == pytest.approx(wide.loc["s1", "elas-sas"] - wide.loc["s1", "elas-g"])
    assert figure.data[-2].name == "s3"  # on top of all others, below the mean
    assert by_name["s3"].line.width > by_name["s1"].line.width
    assert figure.layout.yaxis.title.text == "Mean Dice, less that of elas-g"


def test_a_difference_within_chance_is_grey(comparison):
    tests = all_comparisons(comparison.rows, comparison.contenders)
    tests = pd.concat([tests.assign(low=-0.1, high=0.1), tests.assign(low=0.1, high=0.3, p_adjusted=0.01)])
    within, apart = difference_intervals(tests).data[0].marker.color
    assert within.startswith("rgba(120,120,120")
    assert apart.startswith("#")


def test_a_box_for_every_class_and_model(comparison):
    figure = distribution_figure(comparison.rows, "dice", "Dice", TISSUES)
    assert [trace.name for trace in figure.data] == ["initial", "elas-g", "elas-sas"]
    of = comparison.rows[comparison.rows["model"] == "elas-sas"]
    np.testing.assert_array_equal(figure.data[2].y, [*of["dice wall"], *of["dice pool"]])
    assert list(figure.data[2].x) == ["wall"] * 6 + ["pool"] * 6


def test_a_panel_shows_one_column_and_a_subjects_own_curve():
    own = CURVE.assign(subject="s1", mean_dice=0.5)
    figure = regularity_panel(CURVE, "mean_dice", "mean", own)
    assert [trace.line.dash for trace in figure.data] == [None, None, "dot", "dot"]
    assert set(figure.data[3].y) == {0.5}


def test_models_have_one_colour_whoever_chose_and_a_mark_by_who_did():
    assert model_colour("elas-sas (cohort)") == model_colour("elas-sas") != model_colour("elas-g")
    assert choice_symbol("elas-sas (cohort)") != choice_symbol("elas-sas")
    assert model_colour("initial") == "#8A8A8A"


def test_intervals_are_drawn_around_their_difference(comparison):
    tests = all_comparisons(comparison.rows, comparison.contenders)
    (trace,) = difference_intervals(tests).data
    assert trace.x[0] + trace.error_x.array[0] == pytest.approx(tests["high"][0])
    assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(tests["low"][0])


def test_one_curve_per_model():
    figure = regularity_figure(CURVE, TISSUES)
    assert [trace.name for trace in figure.data] == ["elas-g", "elas-sas"] * 3  # the mean, and each tissue
    assert figure.data[0].x.tolist() == [0.09, 0.18, 0.28]
    assert figure.data[3].y.tolist() == CURVE["dice wall"].tolist()[3:]
    assert len({trace.line.color for trace in figure.data}) == 2


def test_parameters_lie_in_the_square_or_on_a_line_per_tissue(comparison):
    figure = parameter_scatter(comparison.parameters, "elas-sas", TISSUES)
    assert [trace.name for trace in figure.data] == list(TISSUES)
    assert list(figure.data[0].x) == pytest.approx([i / 10 for i in range(6)])
    assert set(figure.data[0].y) == {0.3}
    of_diffusion = comparison.parameters.assign(mu=np.nan, model="diff-sas")
    assert set(parameter_scatter(of_diffusion, "diff-sas", TISSUES).data[0].y) == {TISSUES[0]}

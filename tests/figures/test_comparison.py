"""A comparison's figures and its report: complete, self-contained, nothing that could be sent away."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from elasreg_core.evaluation.comparison import Comparison, Contender
from elasreg_core.evaluation.statistics import all_comparisons, paired_comparison
from elasreg_core.evaluation.table_one import TableOne, certainty_table, paper_rows
from elasreg_core.figures.comparison import difference_intervals, parameter_scatter, regularity_figure, subject_lines
from elasreg_core.figures.report import Found, comparison_report
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import load_family
from tests.builders import TISSUES, make_family

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
    rng = np.random.default_rng(0)
    rows = [
        {
            "subject": f"s{i}",
            "model": model,
            **{f"dice {tissue}": base + 0.05 * rng.random() for tissue in TISSUES},
            "mean_dice": base + 0.05 * rng.random(),
            "mean_hd95_mm": 3.0,
            "tre_mm": np.nan,
            "displacement_error_vox": np.nan,
            "neg_jacobian_percent": 0.0,
            "sd_log_jacobian": 0.2,
        }
        for model, base in (("initial", 0.5), ("elas-g", 0.8), ("elas-sas", 0.82))
        for i in range(6)
    ]
    known = {"plateau": 0.25, "nodes": 120, "on_edge": True, "ties": 0}
    parameters = [
        {"subject": f"s{i}", "model": "elas-sas", "tissue": tissue, "lambda": i / 10, "mu": 0.3, **known}
        for i in range(6)
        for tissue in TISSUES
    ]
    return Comparison(
        load_family(make_family(tmp_path / "fam<1>")),
        (Contender(MODELS["elas-g"]), Contender(MODELS["elas-sas"])),
        pd.DataFrame(rows),
        pd.DataFrame(parameters),
        pd.DataFrame(),
        {},
        is_phantom=False,
        faults=("s9 is damaged & left out.",),
    )


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

"""The table for reading: means, the best in bold, Markdown and LaTeX, the paper's own rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.evaluation.table_one import TableOne, certainty_table, paper_rows, to_latex, to_markdown

ROWS = pd.DataFrame(
    {
        "subject": ["a", "b"] * 3,
        "model": ["initial"] * 2 + ["elas-g"] * 2 + ["elas-sas"] * 2,
        "dice wall_1": [0.4, 0.6, 0.9, np.nan, 0.9, 0.8],
        "mean_dice": [0.4, 0.6, 0.9, 0.7, 0.95, 0.75],
        "mean_hd95_mm": [4.0, 6.0, 1.0, 1.0, 2.0, 3.0],
        "tre_mm": [np.nan] * 6,
        "displacement_error_vox": [2.0, 3.0, 0.5, 0.5, 0.4, 0.6],
        "neg_jacobian_percent": [0.0, 0.0, 0.0, 0.5, 0.1, 0.1],
        "sd_log_jacobian": [0.0, 0.0, 0.2, 0.2, 0.1, 0.1],
    }
)


@pytest.fixture
def table() -> TableOne:
    return TableOne.of(ROWS, ("wall_1",))


def test_the_best_of_each_column_is_bold_the_initial_pair_apart(table):
    cells = table.cells(lambda text: f"<{text}>").set_index("model")
    assert cells["mean DSC"].tolist() == ["0.500 (0.141)", "0.800 (0.141)", "<0.850> (0.141)"]
    assert cells["HD95 mm"].tolist() == ["5.000 (1.414)", "<1.000> (0.000)", "2.500 (0.707)"]
    # initial never folds, and that is no merit
    assert cells["%negJ"].tolist() == ["0.000 (0.000)", "0.250 (0.354)", "<0.100> (0.000)"]
    # equal to three decimals: both are best
    assert cells["error voxels"].tolist() == ["2.500 (0.707)", "<0.500> (0.000)", "<0.500> (0.141)"]
    assert "TRE mm" not in cells


def test_the_means_intervals_come_in_brackets_too(table):
    cells = table.cells(spread="95 % interval").set_index("model")
    # two subjects: resampled means are 0.4, 0.5 or 0.6
    assert cells.loc["initial", "mean DSC"] == "0.500 (0.400 to 0.600)"
    assert cells.loc["elas-g", "DSC wall_1"] == "0.900, n = 1"  # one value has no interval


def test_a_table_comes_back_from_its_numbers(table):
    again = TableOne.from_numbers(table.numbers())
    for part in ("means", "deviations", "counts", "lows", "highs"):
        pd.testing.assert_frame_equal(getattr(again, part), getattr(table, part))


def test_the_numbers_say_how_many_subjects_each_mean_is_of(table):
    numbers = table.numbers().set_index("model")
    assert numbers.loc["elas-g", "dice wall_1 n"] == 1
    assert numbers.loc["elas-sas", "dice wall_1 n"] == 2
    assert numbers.loc["elas-sas", "mean_dice sd"] == pytest.approx(0.1414, abs=1e-4)


def test_markdown_and_latex_hold_the_same_numbers(table):
    markdown = to_markdown(table.cells(lambda text: f"**{text}**"))
    assert markdown.splitlines()[0].startswith("| model | DSC wall_1 | mean DSC |")
    assert "**0.850** (0.141)" in markdown
    latex = to_latex(table, pd.DataFrame(), "Trained on 5 % of λ_c")
    assert r"\textbf{0.850} (0.141)" in latex
    assert r"\caption{Trained on 5 \% of $\lambda$\_c}" in latex
    assert r"DSC wall\_1" in latex
    assert r"\%negJ" in latex
    assert latex.count(r"\\") >= 4  # a heading and three rows
    assert latex.count(r"\midrule") == 1


def test_the_papers_rows_stand_below_ours_in_latex():
    ours = TableOne.of(ROWS.rename(columns={"dice wall_1": "dice RV"}), ("RV",))
    latex = to_latex(ours, paper_rows("acdc", ("RV", "LV-Myo", "LV-BP")), "c").splitlines()
    start = next(i for i, line in enumerate(latex) if "Reithmeir" in line)
    assert latex[start - 1].startswith("elas-sas")
    # the columns that ours has: RV, mean DSC, HD95; SDlogJ is not in the paper
    assert latex[start + 5].startswith("elas-sas & 0.888 & 0.833 & 3.175 & 0.009 & – & –")
    assert latex[start + 6] == r"\bottomrule"


def test_a_mean_of_fewer_subjects_says_of_how_many(table):
    # the wall of b vanished in elas-g
    assert table.cells().set_index("model").loc["elas-g", "DSC wall_1"] == "0.900, n = 1"


def test_how_sure_the_choices_are():
    def row(subject, model, tissue, plateau, on_edge=False):
        return {"subject": subject, "model": model, "tissue": tissue, "plateau": plateau, "on_edge": on_edge}

    parameters = pd.DataFrame(
        [
            *(row(s, "elas-g", tissue, 0.5) for s in "ab" for tissue in ("background", "wall")),
            *(row(s, "elas-sas", "background", None) for s in "ab"),  # fixed by the checkpoint
            row("a", "elas-sas", "wall", 0.1, on_edge=True),
            row("b", "elas-sas", "wall", 0.3),
            row("a", "elas-sas (cohort)", "wall", 0.2),
        ]
    )
    again = pd.DataFrame({"subject": ["a", "b"], "model": "elas-g", "tissue": "wall", "same_node": [0.5, 0.7]})
    assert certainty_table(parameters, again).to_numpy().tolist() == [
        ["elas-g", "their mean", "2", "50%", "0", "–"],
        ["elas-sas", "wall", "2", "20%", "1", "60%"],
        ["elas-sas (cohort)", "wall", "1", "20%", "0", "–"],
    ]
    assert "same node" not in certainty_table(parameters, pd.DataFrame())


@pytest.mark.parametrize(
    ("layout", "tissues", "model", "expected"),
    [
        ("acdc", ("RV", "LV-Myo", "LV-BP"), "elas-sas", ["0.888", "0.743", "0.869", "0.833", "3.175", "–", "0.009"]),
        ("nlst", ("lung", "bone", "liver"), "diff-g", ["0.972", "0.799", "0.855", "0.885", "8.227", "–", "0.022"]),
        ("lungct", ("lung", "bone", "liver"), "initial", ["0.911", "0.494", "0.758", "0.721", "16.092", "3.227", "–"]),
    ],
)
def test_the_papers_rows_are_those_of_its_table_one(layout, tissues, model, expected):
    rows = paper_rows(layout, tissues).set_index("model")
    assert list(rows.index) == ["initial", "diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert rows.loc[model].tolist() == expected
    assert list(rows.columns[:3]) == [f"DSC {tissue}" for tissue in tissues]


def test_the_papers_means_for_acdc_are_means_of_its_classes():
    rows = paper_rows("acdc", ("RV", "LV-Myo", "LV-BP"))
    means = rows[["DSC RV", "DSC LV-Myo", "DSC LV-BP"]].astype(float).mean(axis=1)
    assert np.abs(means - rows["mean DSC"].astype(float)).max() < 0.0015  # rounding; for NLST they differ by .01


def test_other_data_or_other_tissues_have_no_rows_in_the_paper():
    assert paper_rows("pairs", ("RV", "LV-Myo", "LV-BP")).empty
    assert paper_rows("acdc", ("LV-BP", "LV-Myo", "RV")).empty

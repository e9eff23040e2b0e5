"""The page Compare: finished comparisons from their files, and a new one as a job."""

from __future__ import annotations

import os
import subprocess
import sys

import pandas as pd
import pytest

from elasreg_core.cli.comparison_files import write_comparison
from elasreg_core.data.datasets import Dataset
from elasreg_core.workspace import paths
from elasreg_core.workspace.comparisons import HowToCompare
from elasreg_core.workspace.jobs import Jobs
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import TISSUES, make_comparison
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

CURVES = [
    {
        "subject": subject,
        "model": model,
        "budget": budget,
        **{f"dice {tissue}": budget + 0.5 for tissue in TISSUES},
        "mean_dice": budget + 0.5,
        "sd_log_jacobian": budget,
        "neg_jacobian_percent": 0.0,
    }
    for subject in ("s0", "s1")
    for model in ("elas-g", "elas-sas")
    for budget in (0.1, 0.2)
]


def save(tmp_path, name="first", **changes) -> None:
    comparison = make_comparison(tmp_path / name / "fam", **changes)
    comparison.curve_rows[list(CURVES[0])] = pd.DataFrame(CURVES)
    out = paths.comparisons_folder() / name
    write_comparison(out, comparison, HowToCompare(), Dataset("pairs", tmp_path / "hearts", (), None))


def test_without_a_comparison_one_can_be_started(monkeypatch):
    started = []
    monkeypatch.setattr(Jobs, "start", lambda self, kind, about, arguments: started.append((kind, about, arguments)))
    page = open_page("compare")
    assert_fine(page)
    assert "There is no comparison yet." in page.info[0].value
    page.multiselect(key="choosers").set_value(["subject", "cohort"]).run()
    page.button[0].click().run()
    assert_fine(page)
    ((kind, about, arguments),) = started
    assert (kind, about) == ("compare", "cardiac-phantom-cardiac")
    assert page.code[0].value.split() == ["elasreg", *arguments]
    assert arguments[-1] == str(paths.comparisons_folder() / "cardiac-phantom-cardiac")
    assert list(arguments[5:10]) == ["--models", "cardiac", "--choice", "subject", "cohort"]


@pytest.mark.parametrize(("key", "said"), [("families", "at least one family"), ("name", "letters, digits")])
def test_a_comparison_without_families_or_with_an_odd_name_is_not_offered(key, said):
    page = open_page("compare")
    if key == "families":
        page.multiselect(key=key).set_value([]).run()
    else:
        page.text_input[0].set_value("../away").run()
    assert_fine(page)
    assert said in page.info[-1].value
    assert not page.button


def test_a_saved_comparison_is_told_drawn_and_downloadable(tmp_path):
    save(tmp_path)
    page = open_page("compare")
    assert_fine(page)
    assert page.selectbox(key="comparison").value == "first"
    assert any("mean Dice" in text.value and text.value.startswith("**") for text in page.markdown)
    assert any("mean (95 % interval) of 6 subjects" in text.value for text in page.caption)
    assert "s9 is damaged" in page.warning[0].value
    assert len(charts(page)) == 1 + 1 + 1 + 3  # differences, lines, classes, curves of the mean and two tissues
    assert "told apart" in page.dataframe[0].value
    labels = [button.label for button in page.get("download_button")]
    assert {"Table (CSV)", "Table (LaTeX)", "Report (HTML)"} <= set(labels)


def test_its_controls_change_what_is_drawn(tmp_path):
    save(tmp_path)
    page = open_page("compare")
    before = charts(page)
    assert '"initial"' not in before[1]
    page.toggle(key="initial").set_value(True).run()
    assert_fine(page)
    assert '"initial"' in charts(page)[1]
    page.selectbox(key="score").set_value("dice wall").run()
    assert "DSC wall" in charts(page)[0]
    page.selectbox(key="reference").set_value("elas-g").run()
    assert "DSC wall, less that of elas-g" in charts(page)[1]
    page.button_group(key="classes").set_value("hd95_mm").run()
    assert "HD95 (mm)" in charts(page)[2]
    page.button_group(key="brackets").set_value("SD").run()
    assert_fine(page)
    assert any("mean (SD) of 6 subjects" in text.value for text in page.caption)


def test_the_url_says_which_comparison(tmp_path):
    save(tmp_path, "first")
    save(tmp_path, "second", n_subjects=1)
    page = open_page("compare", comparison="first")
    assert page.selectbox(key="comparison").value == "first"
    page.selectbox(key="comparison").set_value("second").run()
    assert_fine(page)
    assert any("One subject says nothing about the next one" in text.value for text in page.markdown)
    assert len(charts(page)) == 5  # no interval to draw


def test_a_damaged_file_is_a_readable_message(tmp_path):
    save(tmp_path)
    (paths.comparisons_folder() / "first" / "tests.csv").unlink()
    page = open_page("compare")
    assert not page.exception
    assert "tests.csv" in page.error[0].value
    assert "Cure:" in page.error[0].value


OPEN = f"""
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({str(ROOT / "pages" / "compare.py")!r}, default_timeout=120).run()
assert not page.exception and not page.error, page
assert len(page.get("plotly_chart")) == 6
print("tensorflow" in sys.modules)
"""


def test_opening_one_does_not_load_tensorflow(tmp_path):
    save(tmp_path)
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPEN], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert found.stdout.strip() == "False", found.stdout + found.stderr

"""Every notebook runs from top to bottom on the demo, is kept without outputs, and finds what its prose says."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = ["01_quickstart", "02_train", "03_identify", "04_compare", "05_physics"]


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == LESSONS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_without_outputs(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_reads_as_a_lesson(path):
    """It opens with a title, a question, what one will know, and how long it takes; and ends with what to try."""
    first, *_, last = nbformat.read(path, as_version=4).cells
    title, _, question = first.source.splitlines()[:3]
    assert title.startswith("# ")
    assert question.startswith("*")
    assert re.search(r"At the end you will .*\sIt\stakes\s.*\sminutes?\son\stwo", first.source, re.DOTALL)
    assert "## Try it" in last.source


def run(name: str) -> list:
    """All outputs of a notebook, run from top to bottom."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    return outputs


def n_figures(outputs: list) -> int:
    return sum("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)


def printed(outputs: list) -> str:
    """What print and tables say."""
    texts = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
    return "\n".join(texts)


def numbers(pattern: str, outputs: list) -> list[float]:
    """The numbers that a sentence gives, by its groups."""
    (found,) = re.findall(pattern, printed(outputs))
    return [float(number) for number in found]


@pytest.mark.slow
def test_the_quickstart_runs_on_the_demo():
    outputs = run("01_quickstart")
    assert n_figures(outputs) == 4
    table = outputs[-1]["data"]["text/plain"]  # the last table: Dice before, with one (λ, μ), with one per tissue
    initial, _, tissue_wise = (float(value) for value in table.strip().splitlines()[-1].split()[1:])
    assert tissue_wise > initial + 0.1


@pytest.mark.long
def test_a_short_training_registers_hearts_that_it_has_never_seen(monkeypatch):
    monkeypatch.setenv("ELASREG_NOTEBOOK_STEPS", "320")
    monkeypatch.setenv("ELASREG_NOTEBOOK_SUBJECTS", "12")
    outputs = run("02_train")
    assert n_figures(outputs) == 5
    before, after, better = numbers(r"mean Dice: (\S+) before, (\S+) after; better in (\d+) of 8", outputs)
    assert after > before + 0.05
    assert better >= 7


@pytest.mark.slow
def test_a_search_is_doubted(monkeypatch):
    monkeypatch.setenv("ELASREG_NOTEBOOK_SUBJECTS", "2")
    outputs = run("03_identify")
    assert n_figures(outputs) == 7
    first = re.search(r"patient001 +(\d+) +(\d) +(\S+)", printed(outputs))  # of the adaptive searches
    nodes, same, lost = (float(number) for number in first.groups())
    assert (same, lost) == (3, 0)
    assert nodes < 120 / 3
    _, most = numbers(r"(\d+) of 120 nodes on average; Dice lost at most (\S+),", outputs)
    assert most <= 0.005


@pytest.mark.long
def test_four_models_are_compared(monkeypatch):
    monkeypatch.setenv("ELASREG_NOTEBOOK_SUBJECTS", "2")
    outputs = run("04_compare")
    assert n_figures(outputs) == 4
    text = printed(outputs)
    assert "2 hearts, 4 models, 0 faults" in text
    (table,) = [of for output in outputs if "mean DSC" in (of := output.get("data", {}).get("text/plain", ""))]
    rows = re.findall(r"^(initial|diff-g|diff-sas|elas-g|elas-sas) ", table, re.MULTILINE)
    assert rows[:5] == ["initial", "diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert "With fewer than 6 subjects none could be told apart." in text
    assert len(re.findall(r"sas − (?:elas|diff)-g: [+-]0\.\d{4} ", text)) == 2


@pytest.mark.long
def test_the_physics_and_the_study_of_stiffness_run_on_a_few_phantoms(monkeypatch):
    monkeypatch.setenv("ELASREG_NOTEBOOK_SUBJECTS", "3")
    outputs = run("05_physics")
    assert n_figures(outputs) == 8
    motions = re.findall(
        r"^(?:Translation|Rotation|Turn|Stretch|Shear|Dilation) .* (\S+) +(\S+)$", printed(outputs), re.M
    )
    assert len(motions) == 6
    assert all(known == measured for known, measured in motions)
    for symbol in "λμ":
        volume, strain = numbers(rf"{symbol} from 0 to 1: (\d+)% less volume change, .*; (\d+)% less strain", outputs)
        assert min(volume, strain) > 20
    assert "most regular within the plateau of Dice" in outputs[-2]["data"]["text/plain"]
    assert "error_vox" in outputs[-1]["data"]["text/plain"]

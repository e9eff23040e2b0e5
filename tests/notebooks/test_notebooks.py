"""Every notebook runs from top to bottom on the demo, and is kept without outputs."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["01_quickstart", "05_physics"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_kept_without_outputs(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count] == []


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


@pytest.mark.slow
def test_the_quickstart_runs_on_the_demo():
    outputs = run("01_quickstart")
    assert n_figures(outputs) == 5
    table = outputs[-1]["data"]["text/plain"]  # the last table: Dice before, with one (λ, μ), with one per tissue
    initial, _, tissue_wise = (float(value) for value in table.strip().splitlines()[-1].split()[1:])
    assert tissue_wise > initial + 0.1


@pytest.mark.slow
def test_the_study_of_stiffness_runs_on_a_few_phantoms(monkeypatch):
    monkeypatch.setenv("ELASREG_NOTEBOOK_SUBJECTS", "3")
    outputs = run("05_physics")
    assert n_figures(outputs) == 1
    assert "most regular within the plateau of Dice" in outputs[-2]["data"]["text/plain"]
    assert "error_vox" in outputs[-1]["data"]["text/plain"]

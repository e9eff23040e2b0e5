"""Opening a page without a browser, and reading what stands on it."""

from __future__ import annotations

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT


def open_page(name: str) -> AppTest:
    """A page; the first through app.py, as page links know only pages that the router knows."""
    script = ROOT / "app.py" if name == "start" else ROOT / "pages" / f"{name}.py"
    return AppTest.from_file(str(script), default_timeout=120).run()


def assert_fine(page: AppTest) -> None:
    assert [error.value for error in page.exception] == []
    assert [error.value for error in page.error] == []


def dice(page: AppTest) -> np.ndarray:
    """The Dice values of the score cards."""
    values = [metric.value for metric in page.metric if "Dice" in metric.label]
    return np.array([float("nan") if value == "–" else float(value) for value in values])


def charts(page: AppTest) -> list[str]:
    """The figures, as JSON."""
    return [chart.proto.spec for chart in page.get("plotly_chart")]

"""Opening a page without a browser, and reading what stands on it."""

from __future__ import annotations

import time

import numpy as np
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from elasreg_core.workspace import paths
from elasreg_core.workspace.jobs import Job, Jobs
from tests.conftest import ROOT


def open_page(name: str, **query: str | list[str]) -> AppTest:
    """A page under its URL, through the router: page links know only pages that the router knows."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=240)
    if name != "start":
        page._page_hash = calc_hash(name)
    for key, value in query.items():
        page.query_params[key] = value
    return page.run()


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


def start(page: AppTest) -> Job:
    """Presses the button that starts a search; the job."""
    next(button for button in page.button if "search" in button.label.lower()).click().run()
    assert_fine(page)
    (job, *_) = Jobs(paths.store_path()).all()
    return job


def wait_for(job: Job) -> Job:
    """The job at its end."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        now = Jobs(paths.store_path()).get(job.id)
        if not now.is_running:
            return now
        time.sleep(0.1)
    raise AssertionError(now)

"""g: how long a user of the app waits: first page, first registration, a redraw with all in memory."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from benchmarks.report import Row
from benchmarks.timing import Timing

if TYPE_CHECKING:
    from playwright.sync_api import Page


ROOT = Path(__file__).resolve().parents[1]


def waits(repeats: int) -> list[Row]:
    """In Chromium, on a new workspace each time whose demo data are made before the clock starts."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import CHROMIUM
    from tests.browser.serving import CHROMIUM_FLAGS, served_app

    if CHROMIUM is None:
        return [Row("g", "the app in a browser", "not measured: no Chromium here")]
    page_seconds, first_seconds, redraw_seconds, script_seconds = [], [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                home = Path(folder) / "home"
                _make_demo(home)
                started = time.perf_counter()
                with served_app(home) as url:
                    page = browser.new_page(viewport={"width": 1400, "height": 900})
                    page.goto(url)
                    page.get_by_role("heading", level=1).wait_for(timeout=60_000)
                    page_seconds.append(time.perf_counter() - started)
                    page.goto(f"{url}/explore")
                    page.get_by_test_id("stMetric").first.wait_for(timeout=60_000)
                    first_seconds.append(time.perf_counter() - started)
                    redraw_seconds += _redraws(page)
                    page.close()
                script_seconds += _reruns(home)
        browser.close()
    return [
        Row("g", "from the command to the first page's heading", str(Timing(tuple(page_seconds)))),
        Row(
            "g",
            "from the command to the first registration on screen",
            str(Timing(tuple(first_seconds))),
        ),
        Row("g", "redraw of a registration in memory, the page's script alone", str(Timing(tuple(script_seconds)))),
        Row(
            "g",
            "the same from the key on the slider until the browser has drawn six charts (Chromium without a GPU)",
            str(Timing(tuple(redraw_seconds))),
        ),
    ]


def _make_demo(home: Path) -> None:
    """The demo cohorts, where the app of this workspace finds them."""
    from elasreg_core.workspace.demo import COHORTS, ensure_phantom

    for name, cohort in COHORTS.items():
        ensure_phantom(cohort, home / "data" / name)


def _reruns(home: Path, times: int = 6) -> list[float]:
    """Seconds of the page's script from a new λ to its end, with all its results in memory."""
    from streamlit.testing.v1 import AppTest

    with mock.patch.dict(os.environ, ELASREG_HOME=str(home)):
        page = AppTest.from_file(str(ROOT / "pages" / "explore.py"), default_timeout=120).run()
        seconds = []
        for i in range(times + 2):
            slider = page.slider(key="lambda").set_value((0.2, 0.1)[i % 2])
            started = time.perf_counter()
            slider.run()
            seconds.append(time.perf_counter() - started)
        return seconds[2:]  # the first two registrations are new


_WATCH = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  window.redrawn = new Promise(resolve => {
    let started = null;
    document.addEventListener('keydown', () => { started ??= performance.now(); }, {once: true, capture: true});
    let ran = false;
    new MutationObserver((_, observer) => {
      const state = app.getAttribute('data-test-script-state');
      if (state === 'running') ran = true;
      if (ran && state === 'notRunning') { observer.disconnect(); resolve(performance.now() - started); }
    }).observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
  });
}"""


def _redraws(page: Page, times: int = 6) -> list[float]:
    """Seconds from a key on the slider of λ until the page stands still again, with all its results in memory."""
    idle = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    idle.wait_for(timeout=60_000)
    slider = page.get_by_role("slider").first
    seconds = []
    for i in range(times + 2):
        page.evaluate(_WATCH)
        slider.press("ArrowRight" if i % 2 == 0 else "ArrowLeft")
        milliseconds = page.evaluate("() => window.redrawn")
        page.wait_for_timeout(400)
        idle.wait_for(timeout=60_000)
        if i >= 2:  # the first two registrations are new
            seconds.append(milliseconds / 1e3)
    return seconds

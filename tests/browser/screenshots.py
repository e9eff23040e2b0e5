"""Takes pictures of every page on the demo: `make screenshots`, or with a folder as the argument."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pandas as pd
from playwright.sync_api import sync_playwright

import benchmarks
from elasreg_core.data.phantoms import Cohort
from elasreg_core.data.tissues import CARDIAC, THORAX
from elasreg_core.figures import correlation_map, phantom_figures
from tests.browser.conftest import CHROMIUM
from tests.browser.serving import CHROMIUM_FLAGS, PAGES, served_app

#: Page → the button that starts what it shows, and what stands there once that is done.
LONG_WORK = {
    "identify": ("Search this subject", "Download the sweep"),
    "parameters": ("Search 7 subjects", "8 of 8 subjects"),
    "compare": ("Compare on 8 subjects", "Table (CSV)"),
}


def take(out: Path, widths: Sequence[int]) -> None:
    """Writes `<page>-<width>.png` for every page."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served_app(Path(folder) / "home") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for width in widths:
            for name in PAGES:
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(f"{url}/{name}")
                page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=90_000)
                if name in LONG_WORK and width == widths[0]:  # the workspace keeps the result for the other widths
                    button, done = LONG_WORK[name]
                    page.get_by_role("button", name=button).click(timeout=90_000)
                    page.get_by_text(done).first.wait_for(timeout=600_000)
                if name != "train":  # which has no figure before its first training
                    page.locator(".js-plotly-plot").first.wait_for(timeout=90_000)
                page.wait_for_timeout(2500)  # figures fade in
                height = page.locator('[data-testid="stMain"]').evaluate("e => e.scrollHeight")
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(1000)
                page.screenshot(path=out / f"{name or 'start'}-{width}.png")
                page.close()
        browser.close()


def take_phantoms(out: Path) -> None:
    """Writes `phantoms.png`: one phantom a row, images, stiffness and true motion."""
    rows = [(Cohort("cardiac", 1, 2024), 2, CARDIAC)]
    rows += [(Cohort("thorax", 1, 2024, plane=plane), 2, THORAX) for plane in ("coronal", "axial")]
    figures = [f for cohort, number, tissues in rows for f in phantom_figures(cohort.phantom(number), tissues.names)]
    cells = [figure.to_html(full_html=False, include_plotlyjs=not i) for i, figure in enumerate(figures)]
    style = "display:grid;grid-template-columns:repeat(5,320px);width:1600px"
    _picture(f'<div style="{style}">{"".join(cells)}</div>', (1600, 920), out / "phantoms.png")


def take_stiffness(out: Path) -> None:
    """Writes `stiffness.png`: the map of what `make stiffness` found."""
    figure = correlation_map(pd.read_csv(Path(benchmarks.__file__).with_name("stiffness_correlations.csv")))
    size = (figure.layout.width, figure.layout.height)
    _picture(figure.to_html(full_html=False), size, out / "stiffness.png")


def _picture(html: str, size: tuple[int, int], path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sheet = Path(folder) / "sheet.html"
        sheet.write_text(f'<body style="margin:0">{html}</body>', encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(sheet.as_uri())
        page.wait_for_timeout(3000)
        page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    folder, *widths = sys.argv[1:] or ["docs/screenshots"]
    folder = Path(folder)
    take_phantoms(folder)
    take_stiffness(folder)
    take(folder, [int(width) for width in widths] or [1400])  # 800, too, where one wants to look at that

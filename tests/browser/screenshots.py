"""Takes pictures of every page on the demo: `make screenshots`, or with a folder as the argument."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.serving import CHROMIUM_FLAGS, served_app


def take(out: Path, widths: tuple[int, ...] = (1400, 800)) -> None:
    """Writes `<page>-<width>.png` for every page."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served_app(Path(folder) / "home") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for width in widths:
            for name in ("", "explore", "identify"):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(f"{url}/{name}")
                page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=90_000)
                search = page.get_by_role("button", name="Search this subject")
                if search.count():
                    search.click()
                    page.get_by_text("Download the sweep").wait_for(timeout=120_000)
                page.wait_for_timeout(2500)  # figures fade in
                height = page.locator('[data-testid="stMain"]').evaluate("e => e.scrollHeight")
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(1000)
                page.screenshot(path=out / f"{name or 'start'}-{width}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screenshots"))

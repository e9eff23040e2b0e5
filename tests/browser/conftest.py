"""One server and one browser for all browser tests; without Chromium they skip."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.browser.serving import CHROMIUM_FLAGS, served_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running app on a workspace of its own."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with served_app(tmp_path_factory.mktemp("browser") / "home") as url:
        yield url


@pytest.fixture(scope="session")
def browser(app_url: str):
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()

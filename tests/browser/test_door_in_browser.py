"""The door of an app that is bound to every address: no link leads past it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from elasreg_core.cli.app import TOKEN_VARIABLE
from tests.browser.serving import PAGES, served_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "open sesame"  # noqa: S105


def test_no_link_leads_past_the_door(browser, tmp_path):
    with served_app(tmp_path / "home", address="0.0.0.0", **{TOKEN_VARIABLE: TOKEN}) as url:  # noqa: S104
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        for name in ("explore", "learn", "", "train"):  # the first one on a fresh server
            page.goto(f"{url}/{name}")
            expect(page.get_by_label("Token", exact=True)).to_be_visible(timeout=60_000)
            expect(page.get_by_role("heading", name=PAGES[name])).to_have_count(0)
            expect(page.locator('[data-testid="stSidebarNavLink"]')).to_have_count(0)
        page.goto(f"{url}/learn?step=Energy")
        for wrong in ("open", f"{TOKEN}!", "é"):
            page.get_by_label("Token", exact=True).fill(wrong)
            page.get_by_role("button", name="Come in").click()
            expect(page.get_by_text("That is not the token.")).to_be_visible(timeout=30_000)
            expect(page.get_by_role("heading", name=PAGES["learn"])).to_have_count(0)
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Come in").click()
        expect(page.get_by_role("heading", name=PAGES["learn"])).to_be_visible(timeout=60_000)
        expect(page.locator('[data-testid="stSidebarNavLink"]')).to_have_count(len(PAGES))
        assert TOKEN not in page.url
        page.close()

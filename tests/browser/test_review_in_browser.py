"""The page Review in Chromium: cases judged by keyboard alone, images that blink, the report as a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield page
    page.close()


def heading(page):
    return page.locator('[data-testid="stMain"] h3').first


def test_three_cases_by_keyboard_then_the_report(page, app_url, tmp_path):
    page.goto(f"{app_url}/review?reviewer=Ada&views=Jacobian&blinded=true&seed=3")
    expect(page.get_by_text("0 of 8 reviewed")).to_be_visible(timeout=300_000)
    for done, (key, subject) in enumerate((("g", "patient002"), ("d", "patient003"), ("b", "patient004")), start=1):
        expect(page.get_by_role("button", name="Good")).to_be_enabled(timeout=60_000)  # keys act once buttons do
        page.locator(IDLE).wait_for(timeout=60_000)
        page.keyboard.press(key)
        expect(heading(page)).to_contain_text(subject, timeout=60_000)
        expect(page.get_by_text(f"{done} of 8 reviewed")).to_be_visible(timeout=60_000)
    expect(page).to_have_url(re.compile("subject=patient004"))
    page.locator(IDLE).wait_for(timeout=60_000)
    page.keyboard.press("p")
    expect(heading(page)).to_contain_text(re.compile("patient003.*bad"), timeout=60_000)
    page.locator(IDLE).wait_for(timeout=60_000)
    # a note is typed, not taken for verdicts; Tab leaves the field for the first verdict
    page.get_by_label("Note, kept with the verdict").click()
    page.keyboard.type("gdb: a bad one")
    page.keyboard.press("Tab")
    page.keyboard.press("d")
    expect(heading(page)).to_contain_text("patient004", timeout=60_000)
    page.locator(IDLE).wait_for(timeout=60_000)
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Download the report").click()
    download.value.save_as(tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert html.count("data:image/webp") == 3
    assert "gdb: a bad one" in html
    assert "elas-sas" in html  # which the page did not name
    assert "http" not in html
    assert str(Path.home()) not in html


def test_blinking_needs_no_server(page, app_url):
    page.goto(f"{app_url}/review?views=Blink")
    figure = page.locator(".js-plotly-plot").first
    expect(figure.get_by_text("▶ blink")).to_be_visible(timeout=300_000)
    page.locator(IDLE).wait_for(timeout=60_000)
    page.context.set_offline(True)
    seen = figure.locator(".textpoint")
    figure.get_by_text("▶ blink").click()
    for name in ("fixed", "warped", "fixed"):
        expect(seen).to_have_text(name, timeout=10_000)
    figure.locator(".updatemenu-button").nth(2).click()
    expect(seen).to_have_text("warped", timeout=10_000)
    page.wait_for_timeout(1200)
    expect(seen).to_have_text("warped")  # and there it stays
    page.context.set_offline(False)

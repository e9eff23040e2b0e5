"""Long work in Chromium: a search outlives its browser, is reloaded, stopped, gone on with; a curve grows alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CHROMIUM
from tests.browser.serving import CHROMIUM_FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    page.close()


@pytest.mark.long
def test_a_search_outlives_its_browser_and_is_reloaded_stopped_and_gone_on_with(browser, page, app_url):
    url = f"{app_url}/identify?steps=21&subject=patient003"  # 440 nodes: there is time to press a button
    first = browser.browser_type.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
    starting = first.new_page()
    starting.goto(url)
    starting.get_by_role("button", name="Search this subject").click(timeout=180_000)
    expect(starting.get_by_text(re.compile("Starting a worker|Searching patient003"))).to_be_visible(timeout=60_000)
    first.close()
    page.goto(url)
    expect(page.get_by_text(re.compile("Starting a worker|Searching patient003"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"Searching patient003 with elas-g: [1-9]\d* of 440"))).to_be_visible(
        timeout=180_000
    )
    page.reload()  # the worker does not notice
    expect(page.get_by_text(re.compile("Searching patient003 with elas-g"))).to_be_visible(timeout=60_000)
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)  # the surfaces as they grow
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("what was finished is kept")).to_be_visible(timeout=120_000)
    known = re.compile(r"\d+ of 440 nodes are known already")
    expect(page.get_by_text(known)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Continue the search").click()
    expect(page.get_by_text(re.compile("of 440 nodes are as good")).first).to_be_visible(timeout=300_000)
    assert page.problems == []


@pytest.mark.long
def test_a_training_is_started_followed_and_stopped(page, app_url):
    page.goto(f"{app_url}/train?steps-cardiac-quick=5000")
    page.get_by_label("Name of the checkpoint").fill("from-the-browser", timeout=180_000)
    page.get_by_label("Name of the checkpoint").press("Enter")
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile("run=from-the-browser"), timeout=60_000)
    title = page.locator(".js-plotly-plot .gtitle").filter(has_text=re.compile(r"elas-g: [1-9]\d* of 5000 steps"))
    expect(title.first).to_be_visible(timeout=300_000)
    before = title.first.text_content()
    expect(title.filter(has_not_text=before).first).to_be_visible(timeout=120_000)  # nobody reloads it
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on with it")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("heading", name=re.compile(r"registered by elas-g after \d+ steps"))).to_be_visible(
        timeout=120_000
    )
    assert page.problems == []

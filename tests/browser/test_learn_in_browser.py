"""The page Learn in Chromium: every step fits the window, a click carries p, and a link restores what was set."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEPS = ("Field", "Energy", "Stiffness", "Hypernetwork", "Surface")


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 800, "height": 1000})
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    yield page
    page.close()


def wait(page):
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=90_000)


def test_next_leads_through_steps_that_fit_the_window_and_keeps_what_was_set(page, app_url):
    page.goto(f"{app_url}/learn?motion=Shear&amount=0.4")
    for number, step in enumerate(STEPS, start=1):
        expect(page.get_by_role("heading", name=f"{number} · ")).to_be_visible(timeout=90_000)
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=90_000)
        wait(page)
        width = page.locator('[data-testid="stMain"]').evaluate("e => e.scrollWidth - e.clientWidth")
        assert width <= 0, f"{step} sticks out by {width} px"
        if step != STEPS[-1]:
            page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile("step=Surface"))
    page.get_by_test_id("stMain").get_by_text("Energy", exact=True).click()
    expect(page.get_by_text("Squares become parallelograms")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile("amount=0.4"))
    assert page.faults == []


def test_a_click_into_the_fixed_grid_moves_p(page, app_url):
    page.goto(f"{app_url}/learn?motion=Translation&amount=0")
    expect(page.get_by_text("p = (36, 17)")).to_be_visible(timeout=90_000)
    wait(page)
    layer = page.locator(".js-plotly-plot .nsewdrag").first
    layer.wait_for(timeout=90_000)
    plot = layer.bounding_box()
    # the middle of 48 × 36 voxels is (23.5, 17.5); the click is a little to the left of it and below
    page.mouse.click(plot["x"] + plot["width"] / 2 - 4, plot["y"] + plot["height"] / 2 + 2)
    expect(page.get_by_text(re.compile(r"p = \(2[23], 17\)"))).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile(r"i=2[23]"))

"""Explore and Start in Chromium: what only a browser shows."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from elasreg_core.workspace.demo import demo_cohort
from elasreg_core.workspace.paths import open_data
from tests.browser.timing import WARM_REDRAW_MS, ms_to_redraw

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: Streamlit looks for its own server beside the page's address before it looks at the root.
PROBES = re.compile(r"/_stcore/(health|host-config)$")


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.complaints.append(_told(message)))
    yield page
    page.close()
    assert [told for told in page.complaints if not PROBES.search(told)] == []


def _told(message):
    return f"{message.text} {message.location.get('url', '')}".strip()


def idle(page, timeout=90_000):
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=timeout)


def plots(page, number):
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(number, timeout=90_000)
    idle(page)


def upload_folders():
    return set(Path(tempfile.gettempdir()).glob("elasreg-upload-*"))


def test_from_start_into_the_demo_and_a_sliders_release_redraws_the_figures(page, app_url):
    page.goto(app_url)
    idle(page)
    page.get_by_role("button", name="Try it on a demo heart").click()
    expect(page.get_by_role("heading", name="Explore λ and μ")).to_be_visible(timeout=60_000)
    plots(page, 4)
    mu = page.locator('[data-testid="stSlider"]').nth(1).locator("input, [role=slider]").first
    times = []
    for _ in range(4):
        times.append(ms_to_redraw(page, lambda: mu.press("ArrowRight")))
        idle(page)
    print(f"\nslider's key to new figure: {', '.join(f'{ms:.0f}' for ms in times)} ms")
    assert min(times) < WARM_REDRAW_MS
    expect(page).to_have_url(re.compile(r"mu=0\.14"), timeout=30_000)


def test_one_parameter_plays_in_the_browser_without_the_server(page, app_url):
    page.goto(f"{app_url}/explore?play=true&pictures=Warped+image")
    plots(page, 2)
    played = page.locator(".js-plotly-plot").last
    title = played.locator(".gtitle")
    expect(title).to_contain_text("λ of the image = 0.1", timeout=60_000)
    lines = "plot => [...plot.querySelectorAll('.scatterlayer path.js-line')].map(line => line.getAttribute('d'))"
    before = played.evaluate(lines)
    sent = page.evaluate(
        "() => { window.sent = 0; const send = WebSocket.prototype.send;"
        "WebSocket.prototype.send = function (x) { window.sent++; return send.call(this, x) }; return window.sent }"
    )
    played.locator(".slider-rail-touch-rect").click(position={"x": 200, "y": 5})
    expect(title).not_to_contain_text("λ of the image = 0.1:", timeout=30_000)
    assert played.evaluate(lines) != before
    played.locator(".updatemenu-button").first.click()
    expect(title).to_contain_text("λ of the image = 1:", timeout=60_000)
    assert page.evaluate("window.sent") == sent


def test_panning_one_panel_moves_the_one_beside_it(page, app_url):
    page.goto(f"{app_url}/explore?pictures=Warped+image")
    plots(page, 1)
    plot = page.locator(".js-plotly-plot").first
    box = plot.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 110, box["y"] + 110, steps=5)
    page.mouse.up()
    ranges = "plot => [plot.layout.xaxis.range, plot.layout.xaxis2.range]"
    page.wait_for_function(
        "() => { const [a, b] = [document.querySelector('.js-plotly-plot').layout.xaxis.range,"
        "document.querySelector('.js-plotly-plot').layout.xaxis2.range];"
        "return Math.abs(a[1] - a[0]) < 150 && a[0] === b[0] && a[1] === b[1] }",
        timeout=30_000,
    )
    first, second = plot.evaluate(ranges)
    assert first == second


def test_a_broken_upload_is_a_sentence_and_a_good_pair_is_explored(page, app_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path))
    case = open_data(demo_cohort(), "acdc").case("patient003")
    before = upload_folders()
    page.goto(app_url)
    idle(page)
    fixed, moving = (
        page.get_by_role("region", name=f"{role} image", exact=True).locator("input[type=file]")
        for role in ("Fixed", "Moving")
    )
    use = page.get_by_role("button", name="Check and use this pair")
    broken = {"name": "letter.nii.gz", "mimeType": "application/gzip", "buffer": b"Dear doctor, " * 50}
    fixed.set_input_files(broken)
    expect(page.get_by_role("button", name="Remove letter.nii.gz")).to_be_visible(timeout=30_000)
    moving.set_input_files(case.moving)
    expect(page.get_by_role("button", name=f"Remove {case.moving.name}")).to_be_visible(timeout=30_000)
    use.click()
    expect(page.get_by_text("letter.nii.gz is not compressed, although its name says so.")).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("button", name="Remove letter.nii.gz").click()
    fixed.set_input_files(case.fixed)
    expect(page.get_by_role("button", name=f"Remove {case.fixed.name}")).to_be_visible(timeout=30_000)
    use.click()
    expect(page.get_by_role("heading", name="The pair at hand: pair-1")).to_be_visible(timeout=90_000)
    page.locator('[data-testid="stSidebarNavLink"]', has_text="Explore").click()
    expect(page.get_by_text("Dice and HD95 need labels of both images")).to_be_visible(timeout=90_000)
    plots(page, 4)
    expect(page.get_by_text("pair-1 · 128 × 128 voxels")).to_be_visible()
    assert case.fixed.name not in page.url
    (folder,) = upload_folders() - before
    for name, said in (
        ("Identify", "pair-1 cannot be searched by its labels."),
        ("Parameters", "It stays with this session, and ends with it."),
        ("Compare", "An uploaded pair stays this session's own"),
        ("Review", "Unreviewed"),
    ):
        page.locator('[data-testid="stSidebarNavLink"]', has_text=name).click()
        expect(page.get_by_text(said).first).to_be_visible(timeout=60_000)
        idle(page)
        errors = page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]')
        expect(errors).to_have_count(1 if name == "Identify" else 0)
    stranger = page.context.browser.new_page()
    stranger.goto(f"{app_url}/explore?data=uploaded-cardiac&subject=pair-1")
    idle(stranger)
    expect(stranger.get_by_text("patient001 · group PHANTOM")).to_be_visible(timeout=60_000)
    assert "uploaded" not in stranger.url
    stranger.close()
    page.close()  # the session ends, and what it uploaded with it
    deadline = time.monotonic() + 60
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not folder.exists()

"""Parameters and Compare in Chromium: from a mark to its subjects' pages; a comparison that fits the window."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from elasreg_core.cli.comparison_files import write_comparison
from elasreg_core.data.datasets import Dataset
from elasreg_core.workspace.comparisons import HowToCompare
from elasreg_core.workspace.demo import demo_cohort
from elasreg_core.workspace.paths import comparisons_folder
from tests.browser.conftest import CHROMIUM
from tests.browser.serving import served_app
from tests.builders import make_comparison, search_demo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'


@pytest.fixture(scope="module")
def cohort_url(tmp_path_factory):
    """An app whose workspace has three searches with diffusion, and one comparison."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    folder = tmp_path_factory.mktemp("cohort")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELASREG_HOME", str(folder / "home"))
        demo_cohort()
        search_demo(["patient001", "patient002", "patient003"], "diff-g")
        comparison = make_comparison(folder / "fam")
        cohort = Dataset("pairs", folder / "hearts", (), None)
        write_comparison(comparisons_folder() / "first", comparison, HowToCompare(), cohort)
    with served_app(folder / "home") as url:
        yield url


@pytest.fixture
def page(browser, request):
    page = browser.new_page(viewport={"width": getattr(request, "param", 1400), "height": 1000})
    yield page
    page.close()


def test_a_click_on_a_mark_picks_its_subject_whose_link_opens_explore_at_what_was_chosen(page, cohort_url):
    page.goto(f"{cohort_url}/parameters?steps=3&regularizer=diffusion")
    expect(page.get_by_text("3 of 8 subjects")).to_be_visible(timeout=120_000)
    figure = page.locator(".js-plotly-plot").first
    figure.scroll_into_view_if_needed(timeout=60_000)
    page.locator(IDLE).wait_for(timeout=60_000)
    mark = figure.locator(".scatterlayer .trace").first.locator("path.point").last.bounding_box()
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    expect(page).to_have_url(re.compile(r"picked=patient00\d"), timeout=60_000)
    link = page.locator('[data-testid="stMain"]').get_by_role("link", name="Explore").first
    href = link.get_attribute("href", timeout=60_000)
    subject = re.search(r"subject=(patient00\d)", href).group(1)
    values = re.findall(r"lambda-[\w-]+=([\d.]+)", href)
    page.goto(f"{cohort_url}/{href.lstrip('./')}")
    expect(page.get_by_text(f"{subject} · group").first).to_be_visible(timeout=120_000)
    sliders = page.locator('[data-testid="stSliderThumbValue"]')  # a λ for every tissue, with the adaptive network
    expect(sliders).to_have_count(3, timeout=60_000)
    shown = [float(text) for text in sliders.all_inner_texts()]  # with two decimals
    assert shown == pytest.approx([float(value) for value in values], abs=0.006)


@pytest.mark.parametrize("page", [1400, 800], indirect=True)
def test_a_comparison_fits_the_window_and_its_files_can_be_had(page, cohort_url):
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{cohort_url}/compare")
    expect(page.get_by_role("columnheader", name="mean DSC").first).to_be_visible(timeout=120_000)
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=60_000)
    assert page.locator(ERRORS).count() == 0
    assert page.locator('[data-testid="stMain"]').evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert [text for text in errors if "404" not in text] == []  # Streamlit looks for its own address under the page's
    with page.expect_download() as download:
        page.get_by_role("button", name="Table (LaTeX)").click()
    assert download.value.suggested_filename == "first-table.tex"
    assert download.value.path().read_text().startswith("\\begin{table}")

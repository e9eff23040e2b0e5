"""Every page: empty, on the demo, and after its main widget, run without a browser."""

from __future__ import annotations

import shutil
import sys

import nibabel as nib
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.workspace import paths
from pages._shared import context, loaders
from tests.builders import write_nifti
from tests.conftest import ROOT

PAGES = ["start", "explore", "identify"]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _fresh_listing():
    """Every test has a workspace of its own, which the app's listing of data sets may not know yet."""
    loaders.datasets.clear()
    loaders.dataset.clear()


@pytest.fixture(autouse=True)
def _own_main():
    """A page run by AppTest takes the place of `__main__`, which processes started later would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def open_page(name: str) -> AppTest:
    """A page; the first through app.py, as page links know only pages that the router knows."""
    script = ROOT / "app.py" if name == "start" else ROOT / "pages" / f"{name}.py"
    return AppTest.from_file(str(script), default_timeout=120).run()


def assert_fine(page: AppTest) -> None:
    assert [error.value for error in page.exception] == []
    assert [error.value for error in page.error] == []


@pytest.fixture
def no_checkpoints(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "PROJECT", tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_without_a_checkpoint_a_page_names_the_command_that_makes_one(name, no_checkpoints):
    page = open_page(name)
    assert not page.exception
    assert "There is no checkpoint yet." in page.info[0].value
    assert page.code[0].value == "make checkpoints"


@pytest.mark.parametrize("name", PAGES)
def test_on_the_demo(name):
    page = open_page(name)
    assert_fine(page)
    assert page.title[0].value
    assert [box.label for box in page.sidebar.selectbox][:3] == ["Data set", "Subject", "Checkpoint"]


def test_data_of_other_tissues_offer_no_checkpoint_that_does_not_know_them(monkeypatch):
    list(write_cohort(paths.data_folder() / "chests", Cohort("thorax", subjects=1, seed=5)))
    monkeypatch.setattr(context, "family_names", lambda: ("cardiac",))
    page = open_page("explore")
    assert_fine(page)
    assert page.sidebar.selectbox(key="checkpoint").options == ["cardiac"]
    page.sidebar.selectbox(key="data").set_value("chests").run()
    assert_fine(page)
    assert "No checkpoint knows the tissues of chests: lung, bone, liver." in page.info[0].value


def dice(page: AppTest) -> np.ndarray:
    values = [metric.value for metric in page.metric if "Dice" in metric.label]
    return np.array([float("nan") if value == "–" else float(value) for value in values])


def test_explore_follows_its_sliders():
    page = open_page("explore")
    assert_fine(page)
    soft = dice(page)
    assert len(soft) == 4  # the mean and three tissues
    page.sidebar.slider(key="mu").set_value(1.0).run()
    assert_fine(page)
    stiff = dice(page)
    assert np.abs(soft - stiff).max() > 0.01


def test_explore_offers_one_pair_of_sliders_per_tissue_for_the_adaptive_model():
    page = open_page("explore")
    page.sidebar.button_group(key="model").set_value("elas-sas").run()
    assert_fine(page)
    assert len(page.sidebar.slider) == 6
    before = dice(page)
    page.sidebar.slider(key="mu-LV-Myo").set_value(1.0).run()
    assert_fine(page)
    assert not np.array_equal(dice(page), before)


def test_identify_searches_then_shows_optima_and_both_registrations():
    page = open_page("identify")
    page.sidebar.slider(key="steps").set_value(3).run()
    page.button[0].click().run()
    assert_fine(page)
    sentences = [text.value for text in page.markdown if text.value.startswith("- ")]
    assert [sentence.split(":")[0] for sentence in sentences] == ["- RV", "- LV-Myo", "- LV-BP"]
    assert len(dice(page)) == 8  # at the node, and tissue-wise
    # the search is in the store: the page opens on its result the second time
    again = open_page("identify")
    again.sidebar.slider(key="steps").set_value(3).run()
    assert not [button for button in again.button if button.label == "Search this subject"]


def test_identify_may_visit_only_the_nodes_that_the_choice_needs():
    page = open_page("identify")
    page.sidebar.toggle(key="adaptive").set_value(True).run()
    assert any(text.value.startswith("At most 120 registrations") for text in page.markdown)
    page.button[0].click().run()
    assert_fine(page)
    (visited,) = {
        text.value.split("% of ")[1].split()[0] for text in page.markdown if "nodes are as good" in text.value
    }
    assert 15 < int(visited) <= 60


def test_a_damaged_file_is_a_readable_message(tmp_path, monkeypatch):
    page = open_page("explore")
    home = paths.home()
    shutil.copytree(home / "data" / "cardiac-phantom", home / "data" / "aa-broken")
    fixed = next((home / "data" / "aa-broken").glob("training/patient001/*frame01.nii.gz"))
    fixed.write_bytes(fixed.read_bytes()[:1000])
    loaders.datasets.clear()
    page = open_page("explore")
    assert not page.exception
    assert "is damaged" in page.error[0].value
    assert "Cure:" in page.error[0].value


def test_a_subject_without_one_of_the_tissues_is_searched_all_the_same():
    open_page("identify")  # makes the demo
    gt = next((paths.home() / "data" / "cardiac-phantom").glob("training/patient001/*frame12_gt.nii.gz"))
    image = nib.load(gt)
    labels = np.asarray(image.dataobj).copy()
    labels[labels == 1] = 0
    nib.save(nib.Nifti1Image(labels, image.affine), gt)
    page = open_page("identify")
    page.button[0].click().run()
    assert_fine(page)
    sentences = [text.value for text in page.markdown if text.value.startswith("- ")]
    assert sentences[0].startswith("- RV: no optimum, because the class is absent")
    assert [metric.value for metric in page.metric if metric.label == "Dice RV"] == ["–", "–"]


def test_a_corrected_label_map_is_read_again():
    page = open_page("explore")
    before = dice(page)
    gt = next((paths.home() / "data" / "cardiac-phantom").glob("training/patient001/*frame01_gt.nii.gz"))
    image = nib.load(gt)
    nib.save(nib.Nifti1Image(np.where(np.asarray(image.dataobj) == 2, 3, 0).astype("u1"), image.affine), gt)
    assert not np.array_equal(dice(open_page("explore"))[:1], before[:1])


@pytest.fixture
def volumes(volume_family):
    """A workspace with one family for volumes and one volume of that kind, in the pairs layout."""
    home = paths.home()
    shutil.copytree(volume_family, home / "checkpoints" / "volumes")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (16, 20, 12)).astype(np.uint8)
    arrays = {"moving": rng.random(labels.shape), "fixed": rng.random(labels.shape)}
    folder = home / "data" / "own" / "s1"
    for role, array in arrays.items():
        write_nifti(folder / f"{role}.nii.gz", array.astype("f4"), np.diag([3.0, 3.0, 3.0, 1.0]))
        write_nifti(folder / f"{role}_labels.nii.gz", np.roll(labels, len(role)), np.diag([3.0, 3.0, 3.0, 1.0]))
    (folder.parent / "tissues.json").write_text('["a", "b"]')


def charts(page: AppTest) -> list[str]:
    return [chart.proto.spec for chart in page.get("plotly_chart")]


@pytest.mark.parametrize("name", ["explore", "identify"])
def test_a_volume_is_shown_in_three_planes_that_move(name, volumes):
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=240)
    page.query_params["data"] = "own"
    page.query_params["checkpoint"] = "volumes"
    page.query_params["steps"] = "3"
    page.run()
    assert_fine(page)
    if name == "identify":
        next(button for button in page.button if button.label == "Search this subject").click().run()
        assert_fine(page)
    planes = [slider for slider in page.slider if slider.label.endswith("plane")]
    assert [slider.label for slider in planes[:3]] == ["Axial plane", "Coronal plane", "Sagittal plane"]
    assert [slider.max for slider in planes[:3]] == [11, 19, 15]
    before = charts(page)
    assert sum("axial" in spec for spec in before) >= 6  # fixed, moving, warped, difference, grid, Jacobian
    planes[0].set_value(2).run()
    assert_fine(page)
    after = charts(page)
    moved = [one != other for one, other in zip(before, after, strict=True)]
    axial = ["axial" in spec for spec in before]
    assert any(m for m, a in zip(moved, axial, strict=True) if a)
    assert not any(m for m, a in zip(moved, axial, strict=True) if not a)

"""The page Start: what is here, the way into the demo, and data of one's own."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import streamlit as st

from elasreg_core.workspace import paths
from elasreg_core.workspace.demo import demo_cohort
from elasreg_core.workspace.store import Store
from tests.app.opening import assert_fine, open_page
from tests.builders import node_scores, write_nifti, write_pair_folder

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _no_uploads_left():
    """All pages under test are one session to Streamlit; that sessions do not see each other is tested in a browser."""
    yield
    st.cache_resource.clear()


def roles(page):
    """The places for files, by role."""
    return {uploader.key.rpartition("-")[2]: uploader for uploader in page.get("file_uploader")}


def submit(page, label):
    return next(button for button in page.button if button.label == label).click().run()


def files_of(subject):
    case = paths.open_data(demo_cohort(), "acdc").case(subject)
    return {role: getattr(case, role).read_bytes() for role in ("fixed", "moving", "fixed_labels", "moving_labels")}


def test_what_is_here_is_listed():
    demo_cohort()
    store = Store(paths.store_path())
    store.begin("key", "patient007", "cardiac/elas-g")
    store.add("key", node_scores((0.0, 1.0), (0.5, 0.5, 0.5)))
    page = open_page("start")
    assert_fine(page)
    listed = [table.value for table in page.dataframe]
    assert "cardiac-phantom" in set(listed[0]["data set"])
    assert {"cardiac", "thorax"} <= set(listed[1]["checkpoint"])
    assert list(listed[2]["state"]) == ["1 nodes so far"]
    assert "Try it on a demo heart" in [button.label for button in page.button]


def test_a_broken_upload_is_a_sentence_and_a_good_one_becomes_the_pair_at_hand():
    page = open_page("start")
    given = files_of("patient002")
    found = roles(page)
    found["fixed"].set_value(("smith.nii.gz", b"no image at all", "application/gzip"))
    found["moving"].set_value(("moving.nii.gz", given["moving"], "application/gzip"))
    submit(page, "Check and use this pair")
    assert not page.exception
    assert "smith.nii.gz is not compressed, although its name says so" in page.error[0].value
    found = roles(page)
    for role, content in given.items():
        found[role].set_value((f"smith-{role}.nii.gz", content, "application/gzip"))
    submit(page, "Check and use this pair")
    assert_fine(page)
    assert page.sidebar.selectbox(key="data").value == "uploaded-cardiac"
    assert page.sidebar.selectbox(key="subject").value == "pair-1"
    assert page.subheader[0].value == "The pair at hand: pair-1"
    assert "smith" not in str(dict(page.query_params))
    assert all(field.value is None for field in roles(page).values())  # the form is empty again
    submit(page, "Remove my uploads")
    assert_fine(page)
    assert page.sidebar.selectbox(key="data").value != "uploaded-cardiac"


def test_a_header_that_claims_terabytes_is_a_sentence():
    page = open_page("start")
    given = files_of("patient001")
    raw = bytearray(gzip.decompress(given["fixed"]))
    raw[40:56] = np.array([3, 30000, 30000, 30000, 1, 1, 1, 1], "<i2").tobytes()
    found = roles(page)
    found["fixed"].set_value(("huge.nii.gz", gzip.compress(bytes(raw)), "application/gzip"))
    found["moving"].set_value(("moving.nii.gz", given["moving"], "application/gzip"))
    submit(page, "Check and use this pair")
    assert not page.exception
    assert "huge.nii.gz is too large" in page.error[0].value


def test_a_folder_further_down_becomes_the_data_set_at_hand():
    demo_cohort()
    folder = write_pair_folder(paths.data_folder() / "studies" / "hearts").parent
    (folder / "tissues.json").write_text('["RV", "LV-Myo", "LV-BP"]')
    (paths.data_folder() / "studies" / "none" / "deep").mkdir(parents=True)
    write_nifti(paths.data_folder() / "studies" / "none" / "a.nii", np.zeros((2, 2, 2), "u1"))
    page = open_page("start")
    page.button_group(key="own").set_value("Choose a folder").run()
    page.selectbox(key="own-folder").set_value("studies/none")
    submit(page, "Look into it")
    assert "studies/none follows no known layout" in page.error[0].value
    page.selectbox(key="own-folder").set_value("studies/hearts")
    submit(page, "Look into it")
    assert_fine(page)
    assert page.sidebar.selectbox(key="data").value == "studies/hearts"
    assert page.subheader[0].value == "The pair at hand: s1"

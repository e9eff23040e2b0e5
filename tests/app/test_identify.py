"""The page Identify: a search, its surfaces, what was chosen and why."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.workspace import paths
from tests.app.opening import assert_fine, dice, open_page

pytestmark = pytest.mark.slow


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

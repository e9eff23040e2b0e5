"""Every page: empty, on the demo, and on data that are damaged, of other tissues, or volumes."""

from __future__ import annotations

import shutil

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.workspace import paths
from pages._shared import context, loaders
from tests.app.opening import assert_fine, charts, open_page, start, wait_for

PAGES = ["start", "explore", "identify", "parameters", "compare", "review"]

pytestmark = pytest.mark.slow


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


def test_a_corrected_label_map_is_read_again():
    before = charts(open_page("explore"))
    gt = next((paths.home() / "data" / "cardiac-phantom").glob("training/patient001/*frame01_gt.nii.gz"))
    image = nib.load(gt)
    nib.save(nib.Nifti1Image(np.where(np.asarray(image.dataobj) == 2, 3, 0).astype("u1"), image.affine), gt)
    assert charts(open_page("explore"))[0] != before[0]


@pytest.mark.parametrize("name", ["explore", "identify", "review"])
def test_a_volume_is_shown_in_three_planes_that_move(name, volumes):
    page = open_page(name, data="own", checkpoint="volumes", steps="3")
    assert_fine(page)
    if name == "identify":
        assert wait_for(start(page)).state == "done"
        page.run()
        assert_fine(page)
    planes = [slider for slider in page.slider if slider.label.endswith("plane")]
    assert [slider.label for slider in planes[:3]] == ["Axial plane", "Coronal plane", "Sagittal plane"]
    assert [slider.max for slider in planes[:3]] == [11, 19, 15]
    before = charts(page)
    assert sum("axial" in spec for spec in before) >= 4  # the pair, warped, grid, Jacobian
    planes[0].set_value(2).run()
    assert_fine(page)
    after = charts(page)
    moved = [one != other for one, other in zip(before, after, strict=True)]
    axial = ["axial" in spec for spec in before]
    assert any(m for m, a in zip(moved, axial, strict=True) if a)
    assert not any(m for m, a in zip(moved, axial, strict=True) if not a)

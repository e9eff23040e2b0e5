"""The page Identify: a search as a job, its surfaces, what was chosen and why."""

from __future__ import annotations

import json
import sqlite3

import nibabel as nib
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.workspace import paths
from elasreg_core.workspace.commands import search_command
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.searches import SubjectSearch
from elasreg_core.workspace.store import Store
from pages._shared import loaders
from tests.app.opening import assert_fine, charts, dice, open_page, start, wait_for

pytestmark = pytest.mark.slow

ROOT_OF_DEMO = "cardiac-phantom"


def search_here(steps: int = 3, nodes: int | None = None, adaptive: bool = False, also: tuple[str, ...] = ()) -> None:
    """Puts the first demo heart's search, or its first nodes, into the store, without a worker."""
    checkpoint = paths.find_family("cardiac").member("elas-g")
    data = paths.open_data(paths.data_folder() / ROOT_OF_DEMO, "acdc")
    pair = data.load("patient001", checkpoint.card.preprocessing, checkpoint.tissues)
    grid = ParameterGrid.for_checkpoint(steps, checkpoint)
    search = SubjectSearch(Store(paths.store_path()), checkpoint, pair, grid, adaptive=adaptive, also=also)
    for done in search.run(loaders.registrar(checkpoint).measured):
        if done == nodes:
            break


def reopen(**query: str) -> AppTest:
    return open_page("identify", **{"steps": "3", "checkpoint": "cardiac", "data": ROOT_OF_DEMO} | query)


def sentences(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown if text.value.startswith("- ")]


def test_a_search_is_a_job_that_the_page_follows_to_its_result():
    page = open_page("identify")
    page.sidebar.slider(key="steps").set_value(3).run()
    assert any("8 registrations of patient001" in text.value for text in page.markdown)
    job = start(page)
    assert job.about == "patient001 of cardiac-phantom with cardiac/elas-g, 3 steps, Dice"
    assert "Stop" in [button.label for button in page.button]
    assert "Search this subject" not in [button.label for button in page.button]
    assert_fine(reopen())  # another session sees the same one
    assert len(Jobs(paths.store_path()).all()) == 1
    assert wait_for(job).state == "done"
    page.run()
    assert_fine(page)
    assert [sentence.split(":")[0] for sentence in sentences(page)] == ["- RV", "- LV-Myo", "- LV-BP"]
    assert len(dice(page)) == 8  # at the node, and tissue-wise
    assert "Stop" not in [button.label for button in page.button]


def test_a_stopped_search_shows_what_it_has_and_goes_on():
    open_page("identify")  # makes the demo
    search_here(nodes=3)
    page = reopen()
    assert_fine(page)
    assert any("3 of 8 nodes are known already" in text.value for text in page.markdown)
    assert len(sentences(page)) == 3
    jobs = Jobs(paths.store_path())
    job = start(page)
    next(button for button in page.button if button.label == "Stop").click().run()
    assert wait_for(job).state == "stopped"
    page.run()
    assert_fine(page)
    assert any("what was finished is kept" in box.value for box in page.info)
    assert "Continue the search" in [button.label for button in page.button]
    assert jobs.all()[0].id == job.id


def test_a_search_that_failed_says_why_and_can_be_started_again():
    open_page("identify")
    jobs, data = Jobs(paths.store_path()), paths.open_data(paths.data_folder() / ROOT_OF_DEMO, "acdc")
    command = search_command(paths.find_family("cardiac").member("elas-g"), data, "patient001", steps=3)
    failing = ["search", "--checkpoint", "none", "--data", "none", "--dataset", "acdc"]
    wait_for(jobs.start(command.kind, command.about, failing))
    with sqlite3.connect(jobs.path) as connection:  # as if the page's own command had met that
        connection.execute("UPDATE jobs SET arguments = ?", (json.dumps(command.arguments),))
    connection.close()
    page = reopen()
    assert not page.exception
    assert page.error[0].value.startswith("There is no checkpoint none.")
    assert "elasreg: There is no checkpoint none." in page.code[0].value  # its log
    assert "Search this subject" in [button.label for button in page.button]


def test_the_surfaces_show_plateau_and_both_rules_and_a_link_restores_them():
    open_page("identify")
    search_here(also=("hd95_mm",))
    page = reopen(also="HD95", rule="the most regular of the nearly best", node="0.5,0.5")
    assert_fine(page)
    maps = [json.loads(spec) for spec in charts(page)[:6]]
    assert [spec["layout"]["title"]["text"] for spec in maps] == ["RV", "LV-Myo", "LV-BP"] * 2
    assert [spec["data"][0]["colorbar"]["title"]["text"] for spec in maps] == ["Dice"] * 3 + ["HD95 (mm)"] * 3
    symbols = [[t["marker"].get("symbol") for t in spec["data"] if "marker" in t] for spec in maps]
    assert all(found[:3] == ["star", "diamond", "circle-open"] for found in symbols)
    assert page.subheader[0].value == "The same everywhere: λ = 0.5, μ = 0.5"
    page.segmented_control(key="surfaces").set_value("space").run()
    assert_fine(page)
    assert {json.loads(spec)["data"][0]["type"] for spec in charts(page)[:6]} == {"surface"}


def test_a_click_puts_the_node_into_the_url_and_shows_its_scores():
    open_page("identify")
    search_here()
    page = reopen(node="1,0")
    table = page.dataframe[0].value
    assert set(table["lambda"]) == {1.0}
    assert set(table["mu"]) == {0.0}
    assert list(table["tissue"]) == ["RV", "LV-Myo", "LV-BP"]
    np.testing.assert_allclose(dice(page)[1:4], table["dice"], atol=6e-4)


def test_only_the_nodes_that_the_choice_needs():
    open_page("identify")
    page = reopen(steps="11", adaptive="true")
    assert any(text.value.startswith("At most 120 registrations") for text in page.markdown)
    search_here(11, adaptive=True)
    page = reopen(steps="11", adaptive="true")
    assert_fine(page)
    (visited,) = {s.split("% of ")[1].split()[0] for s in sentences(page)}
    assert 15 < int(visited) <= 60


def test_a_subject_without_one_of_the_tissues_is_searched_all_the_same():
    open_page("identify")
    gt = next((paths.data_folder() / ROOT_OF_DEMO).glob("training/patient001/*frame12_gt.nii.gz"))
    image = nib.load(gt)
    labels = np.asarray(image.dataobj).copy()
    labels[labels == 1] = 0
    nib.save(nib.Nifti1Image(labels, image.affine), gt)
    search_here()
    page = reopen()
    assert_fine(page)
    assert sentences(page)[0].startswith("- RV: no optimum, because the class is absent")
    assert [metric.value for metric in page.metric if metric.label == "Dice RV"] == ["–", "–"]

"""The page Parameters: a cohort's choices, from the store alone."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.workspace import paths
from elasreg_core.workspace.jobs import Jobs
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import search_demo

pytestmark = pytest.mark.slow

GROUPS = ("DCM", "HCM", "NOR")


@pytest.fixture
def hearts():
    """The demo, its subjects in three groups."""
    root = paths.data_folder() / "cardiac-phantom"
    for number, info in enumerate(sorted(root.glob("training/*/Info.cfg"))):
        info.write_text(info.read_text().replace("PHANTOM", GROUPS[number % 3]))
    return root


def opened(**query) -> AppTest:
    page = open_page("parameters", **{"steps": "3", **query})
    assert_fine(page)
    return page


def subjects(numbers) -> list[str]:
    return [f"patient{number:03d}" for number in numbers]


def marks(spec: str) -> dict:
    """The trace of the marks of a figure."""
    return next(trace for trace in json.loads(spec)["data"] if trace["type"] == "scatter")


def test_without_a_search_a_button_and_a_command_make_one():
    page = open_page("parameters")
    assert_fine(page)
    assert any("**0 of 8 subjects** are searched at all 120 nodes" in text.value for text in page.markdown)
    assert "No search is in the store yet." in page.info[0].value
    command = page.code[0].value
    family = paths.find_family("cardiac").folder
    assert command.startswith(f"elasreg search --checkpoint {family} --model elas-g --data ")
    assert command.endswith("--dataset acdc --grid 11")
    assert [button.label for button in page.button] == ["Search 8 subjects"]


def test_the_button_starts_the_command_that_is_shown(monkeypatch):
    started = []
    monkeypatch.setattr(Jobs, "start", lambda self, kind, about, arguments: started.append((kind, about, arguments)))
    page = open_page("parameters")
    page.multiselect(key="beside").set_value(["ncc"]).run()
    page.button[0].click().run()
    assert_fine(page)
    ((kind, about, arguments),) = started
    assert (kind, about) == ("search", "cardiac-phantom with cardiac/elas-g, 11 steps")
    assert page.code[0].value.split() == ["elasreg", *arguments]
    assert arguments[-2:] == ("--also", "ncc")


def test_searched_subjects_are_drawn_per_tissue_and_choice(hearts):
    search_demo(subjects([1, 2, 3]))
    page = opened()
    assert any("**3 of 8 subjects**" in text.value for text in page.markdown)
    assert "Search 5 subjects" in [button.label for button in page.button]
    drawn = charts(page)
    assert len(drawn) == 2 * 3 + 1  # argmax and most_regular, three tissues; the plateaus of Dice
    named = [name for names in marks(drawn[0])["customdata"] for name in names]
    assert sorted(named) == subjects([1, 2, 3])
    summary = page.dataframe[0].value
    assert len(summary) == 6
    assert set(summary["subjects"]) == {3}


def test_the_store_is_asked_again_when_it_has_grown(hearts):
    search_demo(subjects([1]))
    page = opened()
    search_demo(subjects([1, 2]), ncc=(0.1, 0.2, 0.3))
    page.run()
    assert any("**2 of 8 subjects**" in text.value for text in page.markdown)
    assert "ncc, argmax" in page.sidebar.multiselect(key="choices").options


def test_an_open_page_draws_the_first_search_as_soon_as_there_is_one(hearts):
    page = opened()
    assert not charts(page)
    search_demo(subjects([1]))
    page.run()
    assert_fine(page)
    assert len(charts(page)) == 7


def test_colours_dots_and_choices_follow_the_sidebar(hearts):
    search_demo(subjects([1, 2, 3, 4]), hd95=(3.0, 2.0, 1.0))
    page = opened()
    by_tissue = charts(page)
    page.sidebar.button_group(key="colour").set_value("group").run()
    assert_fine(page)
    assert len(set(marks(charts(page)[0])["marker"]["color"])) == 3
    assert len(set(marks(by_tissue[0])["marker"]["color"])) == 1
    page.sidebar.button_group(key="spread").set_value("dots").run()
    assert all(len(names) == 1 for names in marks(charts(page)[0])["customdata"])
    page.sidebar.multiselect(key="choices").set_value(["hd95_mm, argmax"]).run()
    assert_fine(page)
    assert page.subheader[0].value == "HD95: the best node"
    page.sidebar.multiselect(key="choices").set_value([]).run()
    assert_fine(page)
    assert "No choice is picked." in page.info[0].value


def test_picked_subjects_stand_in_a_table_with_links_that_carry_the_setting(hearts):
    search_demo(subjects([1, 2, 3]), absent="patient002")
    page = opened()
    page.multiselect(key="picked").set_value(["patient002"]).run()
    assert_fine(page)
    rows = page.dataframe[0].value
    assert list(rows["choice"]) == ["dice, argmax", "dice, most_regular"]
    assert (rows.loc[0, "subject"], rows.loc[0, "group"], rows.loc[0, "RV"]) == ("patient002", "HCM", "–")
    assert rows.loc[0, "LV-Myo"].startswith("λ = ")
    identify, explore = (parse_qs(link.proto.query_string) for link in page.get("page_link"))
    assert identify["subject"] == explore["subject"] == ["patient002"]
    assert (identify["data"], identify["checkpoint"]) == (["cardiac-phantom"], ["cardiac"])
    assert (identify["steps"], identify["criterion"], identify["rule"]) == (["3"], ["Dice"], ["the best node"])
    assert "lambda-LV-Myo" in explore
    assert "lambda-RV" not in explore  # the class is absent: the page's own default


def test_diffusion_has_one_axis(hearts):
    search_demo(subjects([1, 2]), model="diff-g")
    page = opened(regularizer="diffusion")
    first = json.loads(charts(page)[0])
    assert [trace["type"] for trace in first["data"]] == ["scatter", "scatter"]  # the marks, the ring
    assert "μ, median (quartiles)" not in page.dataframe[0].value


def test_everything_can_be_downloaded(hearts):
    search_demo(subjects([1, 2]))
    page = opened()
    assert [button.label for button in page.get("download_button")] == ["Every subject (CSV)", "Summary (CSV)"]


def test_a_damaged_subject_is_said_and_the_others_are_drawn(hearts):
    search_demo(subjects([1, 2]))
    next(hearts.glob("training/patient001/*frame01.nii.gz")).write_bytes(b"no image")
    page = opened()
    assert "patient001_frame01.nii.gz" in page.warning[0].value
    assert any("**1 of 8 subjects**" in text.value for text in page.markdown)
    assert len(charts(page)) == 7


def test_a_search_can_run_in_several_processes_or_on_the_owners_cluster(monkeypatch):
    monkeypatch.setenv("ELASREG_SCHEDULER", "tcp://10.0.0.1:8786")
    page = open_page("parameters")
    assert page.segmented_control(key="where").options == ["one process", "several processes", "the cluster"]
    assert "--scheduler" not in page.code[0].value
    page.segmented_control(key="where").set_value("the cluster").run()
    assert page.code[0].value.endswith("--grid 11 --scheduler tcp://10.0.0.1:8786")
    page.segmented_control(key="where").set_value("several processes").run()
    page.number_input(key="processes").set_value(1).run()
    assert_fine(page)
    assert page.code[0].value.endswith("--grid 11 --workers 1")


def test_no_cluster_is_offered_that_the_owner_did_not_name(monkeypatch):
    monkeypatch.delenv("ELASREG_SCHEDULER", raising=False)
    page = open_page("parameters", where="the cluster")
    assert page.segmented_control(key="where").options == ["one process", "several processes"]
    assert "--scheduler" not in page.code[0].value

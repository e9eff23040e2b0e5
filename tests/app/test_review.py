"""The page Review: verdicts case by case, blinded or not, and what becomes of them."""

from __future__ import annotations

import shutil
import sqlite3

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.evaluation.review import review_cases
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace import paths, reviews
from elasreg_core.workspace.reviews import Reviews
from elasreg_core.workspace.searches import SubjectSearch
from elasreg_core.workspace.store import Store
from pages._shared import review_cohort
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import make_volumes, write_nifti, write_pair_folder

pytestmark = pytest.mark.slow

NAME = """O'Brien "the" <b>Bold</b> & *x*"""


@pytest.fixture
def flat(small_family, monkeypatch):
    """A workspace with one small family and three subjects, registered in milliseconds; no demo.

    The first two are the same images under two names.
    """
    home = paths.home()
    shutil.rmtree(paths.data_folder())
    shutil.copytree(small_family, home / "checkpoints" / "small")
    for subject, seed in (("s1", 0), ("s2", 0), ("s3", 1)):
        write_pair_folder(home / "data" / "own", subject, **make_volumes(seed))
    (home / "data" / "own" / "tissues.json").write_text('["a", "b"]')
    monkeypatch.setattr(paths, "PROJECT", home / "nowhere")
    monkeypatch.setattr("pages._shared.loaders.prepare_demo", lambda: None)


def open_review(**query: str | list[str]) -> AppTest:
    return open_page("review", **query)


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def heading(page: AppTest) -> str:
    return page.subheader[0].value


def table(page: AppTest):
    return page.dataframe[0].value


def kept() -> list[tuple[str, str, str]]:
    return [(r.reviewer, r.subject, r.verdict) for r in Reviews(paths.store_path()).of("own")]


def captions(page: AppTest) -> str:
    return "\n".join(caption.value for caption in page.caption)


def test_without_a_name_there_is_no_verdict(flat):
    page = open_review()
    assert_fine(page)
    disabled = {button.label: button.disabled for button in page.button}
    assert disabled == {"Good": True, "Doubtful": True, "Bad": True, "Previous": True, "Next": False}
    assert "Enter your name" in captions(page)


def test_case_by_case_a_verdict_leads_to_the_next(flat):
    page = open_review(reviewer=NAME)
    assert heading(page) == "s1 · elas-sas"
    (note,) = [field for field in page.text_input if field.label.startswith("Note")]
    note.set_value("  fine ' \" ")  # not sent before the verdict is: they come together
    press(page, "Good")
    assert_fine(page)
    assert heading(page) == "s2 · elas-sas"
    press(page, "Bad")
    press(page, "Doubtful")  # of the last: stays
    assert heading(page) == "s3 · elas-sas :orange-badge[:material/help: doubtful]"
    assert kept() == [(NAME, "s1", "good"), (NAME, "s2", "bad"), (NAME, "s3", "doubtful")]
    assert table(page)["verdict"].tolist() == ["good", "bad", "doubtful"]
    assert table(page)["note"].tolist() == ["fine ' \"", "", ""]
    assert page.get("progress")[0].proto.text == "3 of 3 reviewed"
    # everything that was done can be opened again by its link
    again = open_review(reviewer=NAME, subject="s2")
    assert heading(again) == "s2 · elas-sas :red-badge[:material/cancel: bad]"


def test_a_verdict_can_be_changed_and_the_earlier_one_is_kept(flat):
    page = open_review(reviewer="Ada", **{"goes-on": "false"})
    press(page, "Good")
    press(page, "Bad")
    assert heading(page) == "s1 · elas-sas :red-badge[:material/cancel: bad]"
    assert "Earlier: good, 20" in captions(page)
    assert table(page)["verdict"].tolist() == ["bad", "unreviewed", "unreviewed"]
    assert kept() == [("Ada", "s1", "good"), ("Ada", "s1", "bad")]


def test_two_readers_do_not_overwrite_each_other(flat):
    press(open_review(reviewer="Ada"), "Good")
    page = open_review(reviewer="Bob")
    assert heading(page) == "s1 · elas-sas"  # Ada's is not his
    assert table(page)["others"].tolist() == ["Ada: good", "", ""]
    press(page, "Bad")
    assert kept() == [("Ada", "s1", "good"), ("Bob", "s1", "bad")]
    assert page.get("progress")[0].proto.text == "1 of 3 reviewed"


def test_blinded_the_page_names_no_model_and_the_seed_decides_who_is_who(flat):
    models = ["elas-g", "elas-sas"]
    hidden = review_cases(["s1", "s2", "s3"], models, seed=11)
    page = open_review(reviewer="Ada", blinded="true", seed="11", models=models)
    assert_fine(page)
    for case in hidden:
        assert heading(page) == f"{case.subject} · registration {case.letter}"
        assert not page.metric
        seen = captions(page) + table(page).to_csv() + "".join(charts(page)) + heading(page)
        assert "elas" not in seen
        assert "0.1" not in captions(page)
        press(page, "Good")
    said = Reviews(paths.store_path()).of("own")
    assert [review.checkpoint for review in said] == [f"small/{case.model}" for case in hidden]
    assert all(review.blinded for review in said)
    # unblinded, the same verdicts stand beside the models' names
    page.sidebar.toggle(key="blinded").set_value(False).run()
    assert table(page)["registration"].tolist() == models * 3
    assert table(page)["verdict"].tolist() == ["good"] * 6


def test_blinding_draws_a_seed(flat):
    page = open_review(reviewer="Ada")
    page.sidebar.toggle(key="blinded").set_value(True).run()
    assert_fine(page)
    assert page.sidebar.number_input(key="seed").value > 0
    assert heading(page) == "s1 · registration A"


def test_another_readers_verdict_is_not_shown_to_a_blinded_one(flat):
    press(open_review(reviewer="Bob"), "Bad")
    page = open_review(reviewer="Ada", blinded="true", seed="1")
    assert "Bob" not in table(page).to_csv()


def test_a_finished_search_chooses_the_parameters_and_the_page_says_so(flat):
    assert "λ = 0.1, μ = 0.1; a default, as the store has no finished search" in captions(open_review())
    checkpoint = load_family(paths.home() / "checkpoints" / "small").member("elas-g")
    data = paths.open_data(paths.home() / "data" / "own", "pairs")
    pair = data.load("s1", checkpoint.card.preprocessing, checkpoint.tissues)
    search = SubjectSearch(Store(paths.store_path()), checkpoint, pair, ParameterGrid.for_checkpoint(3, checkpoint))
    list(search.run(Registrar(checkpoint).measured))
    review_cohort._stored.clear()
    page = open_review(reviewer="Ada")
    assert "the best Dice of each tissue over its finished search of 8 nodes" in captions(page)
    assert "a default" in captions(open_review(subject="s3"))  # which was not searched


def test_views_are_chosen_and_the_checkerboard_has_a_size(flat):
    page = open_review()
    assert len(charts(page)) == 6
    page.button_group(key="views").set_value(["Checkerboard", "Blink", "Arrows"]).run()
    assert_fine(page)
    before = charts(page)
    assert len(before) == 4
    assert sum('"frames"' in spec for spec in before) >= 1
    page.slider(key="square").set_value(10.0).run()
    after = charts(page)
    assert before[0] != after[0]
    assert before[2:] == after[2:]
    page.button_group(key="views").set_value([]).run()
    assert_fine(page)
    assert "Choose a view above." in captions(page)


def test_the_table_shows_what_is_left_and_opens_a_case(flat):
    page = open_review(reviewer="Ada")
    press(page, "Good")
    page.button_group(key="show").set_value("unreviewed").run()
    assert table(page)["subject"].tolist() == ["s2", "s3"]
    page.button_group(key="show").set_value("bad").run()
    assert "No registration is bad." in captions(page)


def test_without_a_model_there_is_nothing_to_review(flat):
    page = open_review()
    page.sidebar.button_group(key="models").set_value([]).run()
    assert_fine(page)
    assert page.info[0].value == "Choose at least one model to review."


def test_a_damaged_subject_does_not_stop_the_review_of_the_others(flat):
    broken = paths.home() / "data" / "own" / "s2" / "fixed.nii.gz"
    broken.write_bytes(broken.read_bytes()[:200])
    page = open_review(reviewer="Ada")
    assert_fine(page)
    assert "cannot be read as an image" in table(page)["note"][1]
    press(page, "Good")
    assert kept() == [("Ada", "s1", "good")]


def test_a_locked_store_is_a_sentence_and_loses_no_place(flat, monkeypatch):
    page = open_review(reviewer="Ada")
    monkeypatch.setattr(Reviews.__init__, "__defaults__", (0.05,))
    writer = sqlite3.connect(paths.store_path(), isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        press(page, "Good")
        assert not page.exception
        assert "cannot be used" in page.error[0].value
        assert "Cure: Try again when the other program has finished writing." in page.error[0].value
        assert heading(page) == "s1 · elas-sas"  # and the case is still there
    finally:
        writer.close()
    press(page, "Good")
    assert_fine(page)
    assert kept() == [("Ada", "s1", "good")]
    assert reviews.PATIENCE_S < 10  # a reader waits for it


def test_a_damaged_store_is_a_sentence_with_its_cure(flat):
    paths.store_path().parent.mkdir(parents=True, exist_ok=True)
    paths.store_path().write_bytes(b"this is no database" * 100)
    page = open_review(reviewer="Ada")
    assert not page.exception
    assert "cannot be used" in page.error[0].value
    assert "keep it" in page.error[0].value


def test_a_subject_without_one_of_the_tissues_is_reviewed_all_the_same(flat):
    labels = make_volumes()["fixed_labels"]
    write_nifti(paths.home() / "data" / "own" / "s1" / "fixed_labels.nii.gz", np.where(labels == 1, 0, labels))
    page = open_review(reviewer="Ada")
    assert_fine(page)
    assert [metric.value for metric in page.metric if metric.label == "Dice a"] == ["–"]
    press(page, "Good")
    assert_fine(page)

"""The page Train: what a training costs, its start as a job, its curves, a sample, and what comes of it."""

from __future__ import annotations

import json
import time

import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.locks import held
from elasreg_core.training.state import LOCK
from elasreg_core.workspace import paths
from elasreg_core.workspace.commands import train_command
from elasreg_core.workspace.jobs import Job, Jobs
from elasreg_core.workspace.trainings import lay_out
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def hearts():
    """A workspace with two hearts to train on, and a configuration of its own."""
    folder = paths.data_folder() / "hearts"
    list(write_cohort(folder, Cohort("cardiac", 2, 5)))
    configs = paths.home() / "configs"
    configs.mkdir()
    text = "# What this gives: nothing, in seconds.\n" + small_run(folder, models=("elas-g",), steps=12)
    (configs / "small.toml").write_text(text)
    return text


def button(page: AppTest, label: str):
    return next(button for button in page.button if button.label == label)


def wait_until(reached, seconds=600):
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def ended(job: Job) -> Job | None:
    now = Jobs(paths.store_path()).get(job.id)
    return None if now.is_running else now


def test_without_anything_it_offers_the_presets_with_what_they_cost():
    page = open_page("train")
    assert_fine(page)
    assert page.sidebar.selectbox(key="run").options == ["a new one"]
    assert page.selectbox(key="config").value == "cardiac-quick"
    assert any("about three minutes" in caption.value for caption in page.caption)
    cost = page.dataframe[0].value
    assert list(cost["model"]) == ["elas-g", "elas-sas"]
    assert list(cost["steps"]) == [150, 150]
    before = cost["minutes"].sum() - 2 / 3  # both models need 20 s to start
    page.number_input(key="steps-cardiac-quick").set_value(300).run()
    assert page.dataframe[0].value["minutes"].sum() - 2 / 3 == pytest.approx(2 * before)
    assert "--set steps=300" in page.code[-1].value
    assert any("40 cardiac phantoms are made" in caption.value for caption in page.caption)


def test_bad_settings_and_names_are_sentences(hearts):
    page = open_page("train", config="configs/small.toml")
    assert_fine(page)
    page.text_input(key="others-configs/small.toml").set_value("speed=9").run()
    assert not page.exception
    assert "speed" in page.error[0].value
    page.text_input(key="others-configs/small.toml").set_value("").run()
    page.text_input[-1].set_value("no/name").run()
    button(page, "Start training").click().run()
    assert "That is no name for a folder." in page.error[0].value
    assert Jobs(paths.store_path()).all() == []


def test_from_the_start_over_a_stop_to_the_checkpoint(hearts):
    page = open_page("train", config="configs/small.toml")
    assert any("nothing, in seconds" in caption.value for caption in page.caption)
    page.number_input(key="steps-configs/small.toml").set_value(2000).run()
    page.text_input[-1].set_value("mine").run()
    button(page, "Start training").click().run()
    assert_fine(page)
    jobs = Jobs(paths.store_path())
    (job,) = jobs.all()
    folder = paths.home() / "checkpoints" / "mine"
    assert (job.kind, job.about, job.arguments[:2]) == ("train", "mine", ("train", str(folder / "config.toml")))
    assert page.sidebar.selectbox(key="run").value == "mine"
    wait_until(lambda: jobs.get(job.id).phase == "training elas-g" and jobs.get(job.id).done > 10)
    page.run()  # live: the history is ahead of, or at, any saved state
    assert_fine(page)
    spec = json.loads(charts(page)[0])
    assert spec["layout"]["title"]["text"].startswith("elas-g: ")
    button(page, "Stop").click().run()
    wait_until(lambda: ended(job))
    assert ended(job).state == "stopped"
    page.run()
    assert_fine(page)
    assert "Go on with it" in [b.label for b in page.button]
    (sample,) = (header.value for header in page.subheader if "registered by" in header.value)
    steps = int(sample.split("after ")[1].split()[0])
    assert steps == len((folder / "elas-g" / "history.csv").read_text().splitlines()) - 1  # not one step was lost
    assert open_page("train", run="mine").sidebar.selectbox(key="run").value == "mine"


def test_a_finished_training_is_a_checkpoint_and_one_that_failed_says_why(hearts):
    folder = lay_out("done", hearts)
    command = train_command(folder)
    jobs = Jobs(paths.store_path())
    job = jobs.start(command.kind, command.about, command.arguments)
    broken = lay_out("broken", hearts.replace("hearts", "nowhere"))
    command = train_command(broken)
    failing = jobs.start(command.kind, command.about, command.arguments)
    wait_until(lambda: ended(failing))
    page = open_page("train", run="broken")
    assert not page.exception
    assert "There is no folder" in page.error[0].value
    assert "Start it" in [b.label for b in page.button]
    wait_until(lambda: ended(job))
    assert ended(job).state == "done"
    page = open_page("train", run="done")
    assert_fine(page)
    assert "Finished" in page.success[0].value
    assert "done" in paths.family_names()
    assert any("registered by elas-g finished" in header.value for header in page.subheader)


def test_a_training_in_a_terminal_is_shown_and_not_started_twice(hearts):
    folder = lay_out("elsewhere", hearts)
    (folder / "elas-g").mkdir()
    (folder / "elas-g" / "history.csv").write_text(
        "step,loss,similarity,energy,overlap,supervision,learning_rate,seconds\n0,-0.5,-0.6,0.1,0,0,0.001,1.0\n"
    )
    with held(folder / LOCK):
        page = open_page("train", run="elsewhere")
    assert_fine(page)
    assert "outside the app" in page.info[0].value
    assert "Go on with it" not in [b.label for b in page.button]
    assert len(charts(page)) == 1

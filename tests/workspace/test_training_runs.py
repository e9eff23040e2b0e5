"""A run from its configuration: where the data come from, and which model starts from which. Nothing is trained."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig
from elasreg_core.data.phantoms import Cohort
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.workspace import training_runs
from elasreg_core.workspace.training_runs import run_training, training_data
from tests.builders import write_acdc_patient


class Reporter:
    """Keeps what it hears."""

    def __init__(self):
        self.phases, self.done, self.notes, self.losses = [], [], [], []

    def phase(self, title, total):
        self.phases.append((title, total))
        return self.done.append

    def loss(self, value):
        self.losses.append(value)

    def note(self, sentence):
        self.notes.append(sentence)


def configuration(root, models=("elas-g", "elas-sas"), phantom=None, **training) -> RunConfig:
    return RunConfig(
        models=models,
        data=DataConfig("acdc", str(root), phantom),
        training=TrainingConfig(steps=6, **training),
        preprocessing=Preprocessing((16, 20), 2.0),
    )


@pytest.fixture
def trained(monkeypatch):
    """Replaces the training; records model, pairs and start, and returns the model's name as its checkpoint."""
    calls = []

    def train(config, model, pairs, out, resume, on_step, start, devices):
        calls.append({"model": model, "subjects": pairs.subjects, "out": out, "resume": resume, "start": start})
        calls[-1] |= {"devices": devices, "images": type(pairs.moving)}
        on_step(training_runs.Progress(6, 6, 0.5))
        return f"the checkpoint of {model}"

    monkeypatch.setattr(training_runs, "train_model", train)
    return calls


@pytest.fixture
def hearts(tmp_path):
    for name in ("patient001", "patient002"):
        write_acdc_patient(tmp_path / "hearts", name)
    return tmp_path / "hearts"


def test_models_are_trained_one_after_the_other(hearts, tmp_path, trained):
    heard = Reporter()
    found = run_training(configuration(hearts), "the text", tmp_path / "out", False, heard)
    assert found == ["the checkpoint of elas-g", "the checkpoint of elas-sas"]
    assert [call["model"] for call in trained] == ["elas-g", "elas-sas"]
    assert [call["out"] for call in trained] == [tmp_path / "out" / "elas-g", tmp_path / "out" / "elas-sas"]
    assert {call["subjects"] for call in trained} == {("patient001", "patient002")}
    assert (tmp_path / "out" / "config.toml").read_text() == "the text"
    assert [call["start"] for call in trained] == [None, None]
    assert heard.phases == [("loading pairs", 2), ("training elas-g", 6), ("training elas-sas", 6)]
    assert heard.losses == [0.5, 0.5]


def test_with_a_warm_start_the_adaptive_model_begins_with_the_global_one(hearts, tmp_path, trained):
    heard = Reporter()
    run_training(configuration(hearts, warm_start_steps=4), "", tmp_path / "out", True, heard)
    assert [call["start"] for call in trained] == [None, "the checkpoint of elas-g"]
    assert heard.phases[1:] == [("training elas-g", 6), ("training elas-sas", 4)]
    assert all(call["resume"] for call in trained)


FOUR = ("elas-g", "elas-sas", "diff-g", "diff-sas")


def test_every_adaptive_model_begins_with_the_global_one_of_its_regularizer(hearts, tmp_path, trained):
    heard = Reporter()
    run_training(configuration(hearts, FOUR, warm_start_steps=4), "", tmp_path / "out", False, heard)
    assert [(call["model"], call["start"]) for call in trained] == [
        ("elas-g", None),
        ("elas-sas", "the checkpoint of elas-g"),
        ("diff-g", None),
        ("diff-sas", "the checkpoint of diff-g"),
    ]
    assert [total for _, total in heard.phases[1:]] == [6, 4, 6, 4]


def test_without_a_warm_start_every_model_begins_anew(hearts, tmp_path, trained):
    run_training(configuration(hearts, FOUR), "", tmp_path / "out", False, Reporter())
    assert [call["start"] for call in trained] == [None] * 4


def test_a_run_may_go_on_from_another_familys_global_network(hearts, tmp_path, trained, small_family):
    config = dataclasses.replace(configuration(hearts, FOUR, warm_start_steps=4), start=str(small_family))
    run_training(config, "", tmp_path / "out", False, Reporter())
    assert [getattr(call["start"], "name", call["start"]) for call in trained] == [
        "small/elas-g",
        "the checkpoint of elas-g",
        "small/elas-g",
        "the checkpoint of diff-g",
    ]
    heard = Reporter()
    with pytest.raises(
        InputError, match="starts from the elas-g of nobody.*There is no checkpoint.*elasreg train nobody"
    ):
        run_training(dataclasses.replace(config, start="nobody"), "", tmp_path / "none", False, heard)
    assert not heard.phases  # said before anything is made or read


def test_faults_of_the_data_are_told(hearts, tmp_path, trained):
    next((hearts / "patient002").glob("*frame12_gt.nii.gz")).unlink()
    heard = Reporter()
    run_training(configuration(hearts), "", tmp_path / "out", False, heard)
    assert len(heard.notes) == 1
    assert heard.notes[0].startswith("Left out: patient002 is incomplete.")
    assert trained[0]["subjects"] == ("patient001",)


def test_a_phantom_cohort_is_made_where_its_folder_is_missing(hearts, tmp_path, monkeypatch):
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    asked = []

    def ensure(cohort, root, on_subject):
        asked.append((cohort, root))
        root.parent.mkdir(parents=True)
        hearts.rename(root)
        for name in ("patient001", "patient002"):
            on_subject(name)

    monkeypatch.setattr(training_runs, "ensure_phantom", ensure)
    heard = Reporter()
    cohort = Cohort("cardiac", 2, 7)
    config = configuration("made", phantom=cohort)
    assert training_data(config, heard).subjects == ("patient001", "patient002")
    assert asked == [(cohort, tmp_path / "home" / "data" / "made")]
    assert heard.phases == [("making 2 cardiac phantoms", 2)]
    assert heard.done == [1, 2]
    training_data(config, heard)  # it is there now
    assert len(asked) == 1


def test_data_that_are_missing_are_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no folder .*nowhere\. Cure: Check the path"):
        training_data(configuration(tmp_path / "nowhere"), Reporter())


def test_a_run_in_another_folder_is_not_begun_for_one_model_only(hearts, tmp_path, trained):
    """The second model's folder is checked before the first one is trained."""
    (tmp_path / "out" / "elas-sas").mkdir(parents=True)
    (tmp_path / "out" / "elas-sas" / "model.json").write_text("{}")
    with pytest.raises(InputError, match="elas-sas holds a training already"):
        run_training(configuration(hearts), "", tmp_path / "out", False, Reporter())
    assert trained == []
    assert not (tmp_path / "out" / "config.toml").exists()


def test_a_cohort_that_may_not_take_the_memory_is_read_from_disk(hearts, tmp_path, trained):
    for out in ("one", "two"):
        heard = Reporter()
        run_training(configuration(hearts), "", tmp_path / out, False, heard, devices=2, memory_gib=0)
        assert heard.notes[0].startswith("The pairs take 5.96e-06 GiB and stay on disk, in ")  # 2 × 320 × 10 bytes
        assert len(heard.done) == (2 + 2 if out == "one" else 2)  # the second time nothing is loaded
    assert {(call["devices"], call["images"]) for call in trained} == {(2, np.memmap)}
    assert {call["subjects"] for call in trained} == {("patient001", "patient002")}
    write_acdc_patient(hearts, "patient003")  # another cohort
    run_training(configuration(hearts), "", tmp_path / "three", False, Reporter(), memory_gib=0)
    assert trained[-1]["subjects"] == ("patient001", "patient002", "patient003")
    run_training(configuration(hearts), "", tmp_path / "four", False, Reporter())
    assert trained[-1]["images"] is np.ndarray

"""Trainings of one's own: found in the workspace, laid out, and what they will cost. Nothing is trained."""

from __future__ import annotations

import dataclasses
import os
import time

import pytest

from elasreg_core.config import read_config
from elasreg_core.data.tissues import CARDIAC, TissueTable
from elasreg_core.errors import InputError
from elasreg_core.locks import held
from elasreg_core.training.state import HISTORY_COLUMNS, LOCK
from elasreg_core.workspace import training_cost
from elasreg_core.workspace.commands import search_command, train_command
from elasreg_core.workspace.paths import data_folder, find_family, home, open_data
from elasreg_core.workspace.training_cost import Pace, cost_of, known_paces, nearest
from elasreg_core.workspace.trainings import (
    changed_settings,
    configurations,
    lay_out,
    opening_of,
    tissues_of,
    trainings,
    trainings_folder,
)
from tests.builders import make_family, small_run, write_pair_folder


def write_history(folder, rows, seconds=0.5):
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join(HISTORY_COLUMNS)]
    lines += [f"{i},-0.5,-0.6,0.1,0.0,0.0,0.001,{(i + 1) * seconds}" for i in range(rows)]
    (folder / "history.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def text(tmp_path) -> str:
    return small_run(tmp_path / "hearts", steps=40)


def test_a_training_is_a_folder_with_a_configuration(text):
    folder = lay_out("mine", text)
    assert folder == home() / "checkpoints" / "mine"
    (trainings_folder() / "shipped").mkdir()
    (trainings_folder() / "broken").mkdir()
    (trainings_folder() / "broken" / "config.toml").write_text("models = 3")
    found = trainings()
    assert list(found) == ["mine"]
    mine = found["mine"]
    assert (mine.name, mine.tissues, mine.is_finished, mine.is_under_way) == ("mine", CARDIAC, False, False)
    assert mine.curve("elas-g").empty
    assert mine.last_state("elas-g") is None
    assert mine.plan("elas-g").steps == 40
    write_history(folder / "elas-g", 12)
    assert len(mine.curve("elas-g")) == 12
    assert not mine.is_under_way  # whatever the times of files say
    with held(folder / LOCK):
        assert mine.is_under_way
        assert trainings()["mine"].is_under_way
    assert not mine.is_under_way
    make_family(folder)
    assert mine.is_finished


def test_the_training_changed_last_comes_first(text):
    for name in ("first", "second"):
        lay_out(name, text)
    past = time.time() - 100
    os.utime(trainings_folder() / "second" / "config.toml", (past, past))
    assert list(trainings()) == ["first", "second"]


def test_a_name_is_not_taken_twice(text):
    folder = lay_out("mine", text)
    assert lay_out("mine", text) == folder  # the same one: it goes on
    with pytest.raises(InputError, match="There is a checkpoint mine already. Cure: Choose another name"):
        lay_out("mine", text + "\nseed = 3\n")
    (trainings_folder() / "other").mkdir()
    with pytest.raises(InputError, match="already"):
        lay_out("other", text)
    for name in ("", "../up", ".hidden", "a/b", "a b"):
        with pytest.raises(InputError, match="That is no name for a folder"):
            lay_out(name, text)


def test_presets_and_own_files_can_be_trained(text):
    (home() / "configs").mkdir(parents=True)
    own = home() / "configs" / "mine.toml"
    own.write_text("# What this gives: nothing.\n#   Really.\n\n# Not this.\n" + text)
    found = configurations()
    assert found["cardiac-quick"] == "cardiac-quick"
    assert found["configs/mine.toml"] == str(own)
    assert read_config(found["configs/mine.toml"])[0].training.steps == 40
    assert opening_of(own.read_text()) == "What this gives: nothing.\nReally."


def test_only_what_differs_is_set(tmp_path, text):
    (tmp_path / "small.toml").write_text(text)
    config, _ = read_config(tmp_path / "small.toml")
    assert changed_settings(config, {"steps": 40, "seed": 0}) == {}
    changed = changed_settings(config, {"steps": 50, "seed": 0}, "sampling=log_uniform window=[32,32]")
    assert changed == {"steps": "50", "sampling": "log_uniform", "window": "[32,32]"}
    with pytest.raises(InputError, match="That is no setting. Expected: NAME=VALUE.*Received: sampling"):
        changed_settings(config, {}, "sampling")


def test_tissues_are_the_layouts_or_the_datas(tmp_path, text):
    (tmp_path / "small.toml").write_text(text)
    config, _ = read_config(tmp_path / "small.toml")
    assert tissues_of(config) == CARDIAC
    own = dataclasses.replace(config, data=dataclasses.replace(config.data, layout="pairs", root="own"))
    assert tissues_of(own) is None
    write_pair_folder(data_folder() / "own")
    assert tissues_of(own) == TissueTable(("wall", "pool"))


def test_time_is_judged_by_the_most_similar_training_of_this_workspace_first(text):
    far, near = Pace(1.0, "far/elas-g", False, 1e9), Pace(0.1, "near/elas-g", False, 1e8)
    assert nearest(2e8, [far, near]) == near
    assert nearest(9e8, [far, near]) == far
    here = Pace(0.2, "here/elas-g", True, 1e6)
    assert nearest(9e8, [far, near, here]) == here
    assert nearest(9e8, []) is None


def test_the_cost_of_a_run(tmp_path, text):
    (tmp_path / "small.toml").write_text(text)
    config, _ = read_config(tmp_path / "small.toml")
    assert cost_of(config, []).seconds is None
    first = trainings_folder() / "mine"
    lay_out("mine", text)
    write_history(first / "elas-g", 36, seconds=0.5)
    (pace,) = (pace for pace in known_paces() if pace.by == "mine/elas-g")
    assert (pace.seconds, pace.is_here) == (0.5, True)
    cost = cost_of(config, [pace])
    g, sas = cost.models
    assert (g.model, g.steps, g.seconds) == ("elas-g", 40, 40.0)  # 20 s to start, and 40 steps of half a second
    assert sas.seconds == pytest.approx(40.0)  # the same U-Net
    assert cost.seconds == pytest.approx(80.0)
    assert cost.phantoms == 0  # none is described
    assert sas.n_weights > g.n_weights  # four classes' parameters instead of one pair
    assert g.disk_bytes == 14 * g.n_weights + 120 * 40
    table = cost.to_frame()
    assert list(table["minutes"].round(3)) == [0.667, 0.667]


def test_phantoms_that_are_missing_are_part_of_the_cost():
    config, _ = read_config("cardiac-quick")
    cost = cost_of(config, [])
    assert (cost.phantoms, cost.phantom_seconds) == (40, 10.0)
    assert cost.disk_bytes > 40 * 0.3e6
    (data_folder() / config.data.root).mkdir(parents=True)
    assert cost_of(config, []).phantoms == 0


def test_shipped_checkpoints_have_a_pace():
    paces = {pace.by: pace for pace in known_paces()}
    shipped = paces["cardiac/elas-g"]
    assert not shipped.is_here
    assert 0.05 < shipped.seconds < 1
    config, _ = read_config("cardiac")
    work = cost_of(config, [shipped]).models[0]
    assert work.seconds == pytest.approx(20 + 8000 * shipped.seconds)


def test_a_checkpoint_that_tells_no_time_has_no_pace(monkeypatch, tmp_path):
    monkeypatch.setattr(training_cost, "family_names", lambda: ("fam", "gone"))
    make_family(trainings_folder() / "fam")
    assert known_paces() == []


def test_the_commands_of_pages(tmp_path):
    checkpoint = find_family("cardiac").member("elas-g")
    write_pair_folder(tmp_path / "own")
    data = open_data(tmp_path / "own", "pairs")
    command = search_command(checkpoint, data, "s1", steps=5, criterion="ncc", also=("hd95_mm",))
    assert command.kind == "search"
    assert command.about == "s1 of own with cardiac/elas-g, 5 steps, Local NCC, HD95"
    family = str(checkpoint.folder.parent)
    assert command.arguments == (
        *("search", "--checkpoint", family, "--model", "elas-g", "--data", str(tmp_path / "own"), "--dataset", "pairs"),
        *("--subject", "s1", "--grid", "5", "--criterion", "ncc", "--also", "hd95_mm"),
    )
    assert search_command(checkpoint, data, "s1", adaptive=True).arguments[-1] == "--adaptive"
    assert train_command(tmp_path / "mine") == train_command(tmp_path / "mine")
    assert train_command(tmp_path / "mine").arguments == (
        *("train", str(tmp_path / "mine" / "config.toml"), "--out", str(tmp_path / "mine"), "--resume"),
    )

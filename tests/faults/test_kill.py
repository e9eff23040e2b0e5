"""kill -9 in the middle of a training and of a search: what was finished is kept, and the rest comes out the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.workspace.store import Store
from tests.builders import small_run
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hearts(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "hearts"
    list(write_cohort(folder, Cohort("cardiac", 1, 5)))
    return folder


def run(*arguments: str) -> None:
    """A process of its own, like the one that is killed.

    In this one TensorFlow may have been loaded with other settings (`train` asks for oneDNN), and round in another way.
    """
    command = [sys.executable, "-m", "elasreg_core", *arguments]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def run_and_kill_when(reached: Callable[[], bool], *arguments: str) -> None:
    command = [sys.executable, "-m", "elasreg_core", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while not reached():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL


def weights_hash(family: Path) -> str:
    return json.loads((family / "elas-g" / "model.json").read_text())["weights_sha256"]


def test_training(hearts, tmp_path):
    config = tmp_path / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",), steps=60))
    run("train", str(config), "--out", str(tmp_path / "straight"))
    state = tmp_path / "killed" / "elas-g" / "training_state.safetensors"
    run_and_kill_when(state.exists, "train", str(config), "--out", str(tmp_path / "killed"))
    assert not (state.parent / "model.json").exists()  # it did stop in the middle
    run("train", str(config), "--out", str(tmp_path / "killed"), "--resume")
    assert weights_hash(tmp_path / "killed") == weights_hash(tmp_path / "straight")


def test_search(hearts, tmp_path, monkeypatch):
    config = tmp_path / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",), steps=1))
    run("train", str(config), "--out", str(tmp_path / "family"))
    search = ["search", "--checkpoint", str(tmp_path / "family"), "--data", str(hearts), "--dataset", "acdc"]
    search += ["--grid", "21", "--out"]

    def nodes() -> int:
        path = tmp_path / "home" / "elasreg.sqlite"
        return sum(s.nodes for s in Store(path).searches()) if path.exists() else 0

    run(*search, str(tmp_path / "straight.csv"))
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    run_and_kill_when(lambda: nodes() >= 20, *search, str(tmp_path / "killed.csv"))
    kept = nodes()
    assert 20 <= kept < 440
    assert not (tmp_path / "killed.csv").exists()
    run(*search, str(tmp_path / "killed.csv"))
    assert nodes() == 440
    assert (tmp_path / "killed.csv").read_text() == (tmp_path / "straight.csv").read_text()

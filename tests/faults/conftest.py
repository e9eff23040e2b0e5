"""What tests of faults share: a heart, and a family of one network that was trained on it for one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from elasreg_core.cli import main
from tests.builders import small_run
from tests.faults.victims import make_hearts


@pytest.fixture(scope="module")
def hearts(tmp_path_factory) -> Path:
    return make_hearts(tmp_path_factory.mktemp("data") / "hearts")


@pytest.fixture(scope="module")
def small_heart_family(hearts, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("families")
    config = folder / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",), steps=1))
    assert main(["train", str(config), "--out", str(folder / "family")]) == 0
    return folder / "family"


@pytest.fixture
def search(hearts, small_heart_family) -> list[str]:
    """The command of a search of 440 nodes."""
    what = ["--checkpoint", str(small_heart_family), "--data", str(hearts), "--dataset", "acdc"]
    return ["search", *what, "--grid", "21", "--out"]

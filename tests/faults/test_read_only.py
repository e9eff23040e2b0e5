"""A workspace that can only be read: commands and pages say so in a sentence, and what is there stays as it is."""

from __future__ import annotations

import shutil

import pytest

from elasreg_core.cli import main
from elasreg_core.workspace.demo import COHORTS, ensure_phantom
from elasreg_core.workspace.paths import data_folder
from pages._shared import loaders
from tests.app.opening import open_page
from tests.browser.serving import PAGES
from tests.builders import search_demo, small_run
from tests.faults.disks import small_disk

pytestmark = pytest.mark.slow

READ_ONLY = "cannot be written: the file system is read-only. Cure: Choose a folder that can be written to"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return ensure_phantom(COHORTS["cardiac-phantom"], tmp_path_factory.mktemp("demo") / "cardiac-phantom")


@pytest.fixture
def disk(demo, tmp_path, monkeypatch):
    """With a workspace that knows a search."""
    with small_disk(tmp_path / "disk", megabytes=16) as disk:
        monkeypatch.setenv("ELASREG_HOME", str(disk.path / "home"))
        shutil.copytree(demo, data_folder() / demo.name)
        search_demo(["patient001"])
        disk.make_read_only()
        loaders.datasets.clear()
        loaders.dataset.clear()
        yield disk


def test_commands_say_so(disk, hearts, search, tmp_path, capsys):
    config = tmp_path / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",), steps=1))
    commands = [
        ["train", str(config), "--out", str(disk.path / "out")],
        ["phantom", "cardiac", "--subjects", "1", "--out", str(disk.path / "hearts")],
        search[:-1],  # into the store
    ]
    for command in commands:
        assert main(command) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert READ_ONLY in said, said


@pytest.mark.parametrize("name", PAGES)
def test_pages_say_so_or_are_drawn(disk, name):
    page = open_page(name or "start")
    assert [error.value for error in page.exception] == []
    for error in page.error:
        assert "read-only" in error.value, error.value
    assert page.title

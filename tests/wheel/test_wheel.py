"""What `pip install .` brings: the package and, inside it, what lies beside it in a checkout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

from elasreg_core import __version__
from elasreg_core.workspace.paths import PROJECT
from tests.conftest import ROOT
from tests.wheel.conftest import built, names_in

CARRIED = ("app.py", "pages", "checkpoints", ".streamlit")


def files_under(*names: str) -> set[str]:
    """Paths from the root, of all files there."""
    found = [path for name in names for path in (ROOT / name, *(ROOT / name).rglob("*")) if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_in_a_checkout_the_project_is_the_repository():
    assert PROJECT == ROOT


def test_the_wheel_holds_all_that_the_app_and_the_commands_read(wheel):
    expected = files_under("elasreg_core") | {f"elasreg_core/_project/{name}" for name in files_under(*CARRIED)}
    assert {
        "elasreg_core/_project/app.py",
        "elasreg_core/_project/pages/_shared/icon.png",
        "elasreg_core/_project/.streamlit/config.toml",
        "elasreg_core/_project/checkpoints/cardiac/elas-sas/model.json",
        "elasreg_core/presets/cardiac.toml",
        "elasreg_core/data/datasets/splits/acdc.json",
        "elasreg_core/evaluation/paper_table_one.csv",
        "elasreg_core/figures/templates/base.html",
    } <= expected
    assert names_in(wheel) == expected


def test_the_wheel_brings_the_command_and_asks_for_what_is_needed(wheel):
    about = f"elasreg-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"{about}/entry_points.txt").decode()
        metadata = archive.read(f"{about}/METADATA").decode()
    assert "elasreg = elasreg_core.cli:main" in entry_points
    required = {line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra" not in line}
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    asked = {str(Requirement(line.removeprefix("Requires-Dist: "))) for line in required}
    assert asked == {str(Requirement(line)) for line in needed}
    assert wheel.stat().st_size < 100e6  # what a package index takes


@pytest.mark.slow
def test_an_unpacked_wheel_serves_its_own_pages_from_any_folder(wheel, tmp_path):
    from tests.browser.serving import served_app

    installed = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)  # noqa: S202 (our own)
    before = {path for path in installed.rglob("*") if "__pycache__" not in path.parts}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    asked = "from elasreg_core.workspace import paths; print(paths.PROJECT, paths.find_family('cardiac').folder)"
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=elsewhere,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    project = installed / "elasreg_core" / "_project"
    assert answer.stdout.split() == [str(project), str(project / "checkpoints" / "cardiac")]
    with served_app(tmp_path / "home", folder=elsewhere, PYTHONPATH=str(installed)):
        pass  # it answered
    assert {path for path in installed.rglob("*") if "__pycache__" not in path.parts} == before


@pytest.mark.slow
def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    packed = built("sdist", ROOT, tmp_path / "sdist")
    assert packed.stat().st_size < 100e6
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert not {"workspace", ".git", ".venv"} & {path.name for path in source.iterdir()}
    assert names_in(built("wheel", source, tmp_path / "again")) == names_in(wheel)

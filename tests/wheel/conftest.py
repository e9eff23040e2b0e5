"""The wheel of this checkout, built once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


def built(target: str, project: Path, folder: Path) -> Path:
    """What hatchling makes of a project, in a folder of its own."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (found,) = folder.iterdir()
    return found


def names_in(wheel: Path) -> set[str]:
    """What a wheel installs."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the repository."""
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))

"""The project's own promises about itself."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lines_of(name: str) -> list[str]:
    """The lines of a file of requirements that are no comment."""
    return [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]


def test_what_is_tested_is_pinned_and_what_is_needed_admits_it():
    extras = PYPROJECT["project"]["optional-dependencies"]
    every = lines_of("requirements.txt") + extras["dev"]
    assert [line for line in every if not re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)] == []
    pinned = {(of := Requirement(line)).name: str(of.specifier).removeprefix("==") for line in every}
    needed = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    assert [of.name for of in needed] == [Requirement(line).name for line in lines_of("requirements.txt")]
    needed += map(Requirement, extras["cluster"])  # whose tests run, too
    assert [of.name for of in needed if pinned[of.name] not in of.specifier] == []


def test_upper_bounds_are_where_something_breaks_alone():
    bounded = [of for of in PYPROJECT["project"]["dependencies"] if "<" in of or "==" in of]
    assert bounded == ["neurite>=0.2,<0.3", "voxelmorph>=0.2,<0.3"]  # 0.3 is for PyTorch


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_holds_what_is_pinned_and_hashes_of_its_files(lock):
    """`make lock` after a change of versions."""
    tools = PYPROJECT["project"]["optional-dependencies"]["dev"] if "dev" in lock else []
    entries = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    held = {match[1]: entry for entry in entries if (match := re.match(r"([\w.-]+==[^ ;]+)", entry))}
    assert [pin for pin in lines_of("requirements.txt") + tools if pin not in held] == []
    assert [name for name, entry in held.items() if "--hash=sha256:" not in entry] == []
    assert "://" not in "".join(entries)


def test_pages_are_short_and_the_app_is_a_router():
    assert len((ROOT / "app.py").read_text().splitlines()) <= 40
    too_long = [p.name for p in (ROOT / "pages").glob("*.py") if len(p.read_text().splitlines()) > 150]
    assert too_long == []


def test_make_help_lists_every_target():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in listed.splitlines()} == targets


def test_shipped_weights_are_small():
    sizes = {path: path.stat().st_size for path in (ROOT / "checkpoints").rglob("*.safetensors")}
    assert sizes
    assert max(sizes.values()) < 15e6


def test_no_readme_link_leads_nowhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text()
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
        assert [link for link in links if not (ROOT / link).exists()] == []

"""The project's own promises about itself."""

from __future__ import annotations

import re
import subprocess
import tomllib

from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_requirements_are_pyprojects_and_all_pinned():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == PYPROJECT["project"]["dependencies"]
    extras = PYPROJECT["project"]["optional-dependencies"]
    assert set(extras["cluster"]) <= set(extras["dev"])  # so that its tests run
    every = lines + extras["dev"]
    assert [line for line in every if not re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)] == []


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

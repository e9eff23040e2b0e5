"""Adding a data set, a regularizer or a tissue is one file and one test: those on the pages, run in a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.docs.pages import DOCS, blocks

NEEDED = ("pyproject.toml", "elasreg_core", "tests/conftest.py", "tests/builders.py")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["add_a_data_set", "add_a_regularizer", "add_a_tissue"])
def test_one_file_and_one_test_are_enough(name, tmp_path):
    files = dict(blocks(DOCS / "how-to" / f"{name}.md", "python"))
    assert sorted(path.split("/")[0] for path in files) == ["elasreg_core", "tests"]
    for path in NEEDED:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, tmp_path / path, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / path, tmp_path / path)
    for path, text in files.items():
        assert not (ROOT / path).exists()
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (test,) = (path for path in files if path.startswith("tests/"))
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", test],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    lint = [sys.executable, "-m", "ruff", "check", "--no-cache", *files]
    lint = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout

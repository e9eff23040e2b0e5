"""The README's command line walk, run as it stands there."""

from __future__ import annotations

import re
import shlex

import pytest

from elasreg_core.cli import main
from tests.conftest import ROOT


@pytest.mark.slow
def test_the_walk_from_the_command_line(tmp_path, monkeypatch):
    section = (ROOT / "README.md").read_text().split("## From the command line")[1]
    commands = re.search(r"```bash\n(.*?)```", section, re.S)[1].splitlines()
    assert len(commands) == 4
    monkeypatch.chdir(tmp_path)
    for command in commands:
        program, *arguments = shlex.split(command)
        assert (program, main(arguments)) == ("elasreg", 0)
    assert (tmp_path / "sweep.csv").stat().st_size > 1000
    assert (tmp_path / "registered" / "metrics.json").is_file()

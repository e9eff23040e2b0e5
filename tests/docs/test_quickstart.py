"""The quickstart's walk, from the command line and from Python, run as it stands there."""

from __future__ import annotations

import shlex

import pytest

from elasreg_core.cli import main
from tests.docs.pages import DOCS, blocks


@pytest.mark.slow
def test_the_quickstart(tmp_path, monkeypatch, capsys):
    ((_, commands),) = blocks(DOCS / "quickstart.md", "bash")
    ((_, script),) = blocks(DOCS / "quickstart.md", "python")
    assert len(commands.splitlines()) == 4
    monkeypatch.chdir(tmp_path)
    for command in commands.splitlines():
        program, *arguments = shlex.split(command)
        assert (program, main(arguments)) == ("elasreg", 0)
    assert (tmp_path / "sweep.csv").stat().st_size > 1000
    assert (tmp_path / "registered" / "metrics.json").is_file()
    assert (tmp_path / "registered" / "report.html").is_file()
    capsys.readouterr()
    exec(compile(script, "quickstart.md", "exec"), {})  # noqa: S102 (our own page)
    assert capsys.readouterr().out.startswith("{'background': {'lambda': 0.0, 'mu': 0.0}, 'RV': {'lambda': ")

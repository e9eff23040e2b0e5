"""Bound to this machine alone the app is open; bound elsewhere it asks for a token, and shows nothing before."""

from __future__ import annotations

import pytest

from elasreg_core.cli import app, main
from tests.app.opening import assert_fine, open_page

TOKEN = "open sesame"  # noqa: S105


def test_nothing_is_shown_before_the_token(monkeypatch):
    monkeypatch.setenv(app.TOKEN_VARIABLE, TOKEN)
    page = open_page("start")  # what follows only a real server shows: `tests/browser/test_door_in_browser.py`
    assert_fine(page)
    assert [title.value for title in page.title] == ["elasreg"]
    assert not page.sidebar.selectbox
    assert not page.get("plotly_chart")


@pytest.fixture
def started(monkeypatch) -> list:
    calls = []

    monkeypatch.setattr(app.os, "chdir", lambda folder: None)
    monkeypatch.setattr(app.os, "execve", lambda _, command, env: calls.append((command, env.get(app.TOKEN_VARIABLE))))
    return calls


def test_by_default_nobody_else_reaches_it(started, monkeypatch, capsys):
    monkeypatch.setenv(app.TOKEN_VARIABLE, TOKEN)
    assert main(["app", "--no-browser"]) == 0
    ((command, token),) = started
    assert command[command.index("--server.address") + 1] == "localhost"
    assert token is None
    assert capsys.readouterr().out == ""


def test_elsewhere_it_has_a_token_of_ones_own_or_a_new_one(started, monkeypatch, capsys):
    monkeypatch.setenv(app.TOKEN_VARIABLE, TOKEN)
    assert main(["app", "--no-browser", "--address", "0.0.0.0"]) == 0  # noqa: S104
    monkeypatch.delenv(app.TOKEN_VARIABLE)
    assert main(["app", "--no-browser", "--address", "192.168.0.7"]) == 0
    (first, own), (_, made_up) = started
    assert first[first.index("--server.address") + 1] == "0.0.0.0"  # noqa: S104
    assert own == TOKEN
    assert len(made_up) >= 20
    said = capsys.readouterr().out
    assert TOKEN in said
    assert made_up in said

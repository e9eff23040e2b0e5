"""What README and docs say: in the order that was promised, with commands, configurations and numbers that hold."""

from __future__ import annotations

import re
import shlex

import pytest

from elasreg_core.cli import build_parser
from elasreg_core.config import read_config
from tests.conftest import ROOT
from tests.docs.pages import DOCS, PAGES, blocks

README = (ROOT / "README.md").read_text()
COMMANDS = sorted(
    {
        command.split("  #")[0].strip()
        for page in PAGES
        for _, text in blocks(page, "(?:bash)?")
        for line in text.splitlines()
        for command in re.findall(r"(?:^|; do )(elasreg [^;#]*)", line)
    }
)


def test_the_readme_goes_from_the_sentence_to_the_limits():
    sentence, picture, commands, *_ = README.split("\n\n")[1:]
    assert sentence.startswith("Find, for each tissue of each patient,")
    assert sentence.count("\n") == 0
    assert re.fullmatch(r"!\[[^\]]+\]\(docs/screenshots/[\w-]+\.png\)", picture)
    assert commands.startswith("Two commands")
    assert re.findall(r"^## (.*)", README, re.M) == [
        "What you see",
        "Your own data",
        "Reproduce the table",
        "Where things are",
        "Cite",
        "Limits",
    ]
    own = README.split("## Your own data")[1].split("```")[1]
    assert len(own.strip().splitlines()) == 3


def test_the_readmes_table_is_that_of_the_results():
    rows = {line for line in README.splitlines() if re.match(r"\| (initial|diff-|elas-)", line)}
    assert len(rows) == 5
    assert rows <= set((DOCS / "results.md").read_text().splitlines())


def test_there_are_commands():
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_takes_every_command_of_the_pages(command):
    build_parser().parse_args(shlex.split(command.replace("$", ""))[1:])


@pytest.mark.parametrize(
    ("name", "text"), [block for page in PAGES for block in blocks(page, "toml")], ids=lambda value: value[:12]
)
def test_every_configuration_of_the_pages_is_one(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    config, _ = read_config(tmp_path / name)
    assert config.models

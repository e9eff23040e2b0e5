"""The image's recipe: linted, given all that the wheel is built of, starting the app as the command line takes it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from elasreg_core.cli import build_parser
from tests.conftest import ROOT
from tests.wheel.conftest import built, names_in

TEXT = (ROOT / "Dockerfile").read_text()


def test_hadolint_has_nothing_to_say():
    found = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True
    )
    assert (found.stdout, found.returncode) == ("", 0)


def test_the_container_serves_on_the_port_that_is_exposed_and_asked_after():
    command = json.loads(re.search(r"^CMD (.*)", TEXT, re.M)[1])
    arguments = build_parser().parse_args(command)
    assert (arguments.address, arguments.no_browser) == ("0.0.0.0", True)  # noqa: S104
    assert re.search(r"^EXPOSE (\d+)", TEXT, re.M)[1] == str(arguments.port)
    assert f"http://localhost:{arguments.port}/_stcore/health" in TEXT
    assert re.search(r"^USER 1000$", TEXT, re.M)


@pytest.mark.slow
def test_what_dockerignore_lets_in_builds_the_wheel(wheel, tmp_path):
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    (tmp_path / "source").mkdir()
    for name in let_in:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / "source" / name)
    assert names_in(built("wheel", tmp_path / "source", tmp_path / "wheel")) == names_in(wheel)

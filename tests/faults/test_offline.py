"""No network: commands and pages work where every connection to another machine fails, and try none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

#: Loaded by Python before anything else: whoever wants to leave this machine is written down and refused.
GUARD = """
import os, socket

def local(address):
    return not isinstance(address, tuple) or address[0] in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "")

def guarded(name):
    original = getattr(socket.socket, name)
    def call(self, address, *rest):
        if not local(address):
            with open(os.environ["ELASREG_TEST_LEAKS"], "a") as leaks:
                leaks.write(f"{name} {address}\\n")
            raise OSError(f"no network: {address}")
        return original(self, address, *rest)
    return call

for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, guarded(name))

resolve = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if host is not None and not local((host,)):
        with open(os.environ["ELASREG_TEST_LEAKS"], "a") as leaks:
            leaks.write(f"getaddrinfo {host}\\n")
        raise socket.gaierror(f"no network: {host}")
    return resolve(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture
def guarded(tmp_path) -> dict[str, str]:
    """An environment without network; what tries to leave is in the file `leaks`."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    return {"PYTHONPATH": str(tmp_path / "guard"), "ELASREG_TEST_LEAKS": str(tmp_path / "leaks")}


def run(environment: dict[str, str], *command: object) -> subprocess.CompletedProcess:
    whole = [sys.executable, *map(str, command)]
    return subprocess.run(
        whole, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_the_guard_would_notice(guarded):
    code = "import urllib.request; urllib.request.urlopen('http://example.org')"
    assert run(guarded, "-c", code).returncode != 0
    assert "example.org" in Path(guarded["ELASREG_TEST_LEAKS"]).read_text()


@pytest.mark.long
def test_commands_need_no_network(guarded, tmp_path):
    elasreg, hearts = ("-m", "elasreg_core"), tmp_path / "hearts"
    guarded |= {"ELASREG_HOME": str(tmp_path / "home")}
    folder = hearts / "training" / "patient001"
    images = {"fixed": "frame01", "fixed-labels": "frame01_gt", "moving": "frame12", "moving-labels": "frame12_gt"}
    pair = [text for role, of in images.items() for text in (f"--{role}", folder / f"patient001_{of}.nii.gz")]
    for command in (
        ("phantom", "cardiac", "--subjects", 1, "--seed", 3, "--out", hearts),
        ("data", "check", hearts, "--dataset", "acdc"),
        ("search", "--checkpoint", "cardiac", "--data", hearts, "--dataset", "acdc", "--grid", 3),
        ("register", *pair, "--checkpoint", "cardiac", "--grid", 3, "--out", tmp_path / "out"),
        ("train", "cardiac-quick", "--set", "steps=2", "--out", tmp_path / "quick"),
    ):
        done = run(guarded, *elasreg, *command)
        assert done.returncode == 0, done.stderr[-2000:]
    assert not Path(guarded["ELASREG_TEST_LEAKS"]).exists()

"""The app as a user has it: a server process on a free port, with a workspace of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Page → its heading, in the order of the navigation.
PAGES = {
    "": "Which elasticity suits this tissue?",
    "explore": "Explore λ and μ",
    "identify": "Identify λ and μ",
    "parameters": "λ and μ of the cohort",
    "compare": "Compare the models",
    "review": "Is this registration good?",
    "train": "Train networks of my own",
    "learn": "What do λ and μ mean?",
}
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextlib.contextmanager
def served_app(
    home: Path, address: str = "localhost", folder: Path = ROOT, python: str | Path = sys.executable, **environment: str
) -> Iterator[str]:
    """Serves the app, bound to an address, started in a folder by an interpreter; yields its own on this machine."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "elasreg_core", "app", "--no-browser", "--port", str(port), "--address", address]
    log = (home.parent / f"{home.name}.log").open("w")
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "ELASREG_HOME": str(home), **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://localhost:{port}"
    try:
        _wait_until_healthy(url, process)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(timeout=30)
        log.close()


def _wait_until_healthy(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the app stopped with exit code {process.returncode}")
        if is_healthy(url):
            return
        time.sleep(0.2)
    raise RuntimeError("the app did not answer within 60 s")


def is_healthy(url: str) -> bool:
    """Whether a server answers."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310
        return True
    return False

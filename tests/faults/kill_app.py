"""Kill -9 of the app: of its server while a search that a page started runs, and now and then of the worker, too.

The search must not notice that the server is gone; a page of the next server shows it as it goes on. Where the worker
died, the page says so, and its button goes on from what is kept.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, expect, sync_playwright

from elasreg_core.workspace.demo import COHORTS, ensure_phantom
from elasreg_core.workspace.jobs import JOB_VARIABLE, Job, Jobs
from elasreg_core.workspace.paths import STORE
from elasreg_core.workspace.store import Store
from tests.browser.conftest import CHROMIUM
from tests.browser.serving import CHROMIUM_FLAGS, ROOT, is_healthy
from tests.faults.killing import run_to_the_end

_NAME = "cardiac-phantom"
_STEPS = 11
_LIVES = 2.5  # how many times as long as starting takes a server may live
_SLOW_MS = 240_000


@dataclass
class AppTally:
    """What became of the servers.

    Attributes:
        kills: of servers, by what they were doing.
        workers: that were killed beside them, each of which a page called dead and started again.
        searches: that ended like the uninterrupted one.
        start_s: how long a server takes to start here and now.
    """

    kills: Counter[str] = field(default_factory=Counter)
    workers: int = 0
    searches: int = 0
    start_s: float = 0.0

    def __str__(self) -> str:
        where = ", ".join(f"{count} {name}" for name, count in self.kills.items())
        return (
            f"{self.kills.total()} kills: {where}; {self.workers} workers killed, too, each called dead by a page and "
            f"gone on with; no node lost; {self.searches} searches ended, each like the uninterrupted"
        )


def kill_app(folder: Path, times: int, rng: np.random.Generator) -> AppTally:
    """Servers are started and killed so many times; whatever no longer runs is started by a page."""
    data = ensure_phantom(COHORTS[_NAME], folder / "data" / _NAME)
    what = ["--checkpoint", "cardiac", "--data", str(data), "--dataset", "acdc", "--grid", str(_STEPS)]
    run_to_the_end(["search", *what], {"ELASREG_HOME": str(folder / "uninterrupted")})
    expected = _nodes(folder / "uninterrupted")
    tally = AppTally()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        while tally.kills.total() < times:
            home = folder / f"home-{tally.searches}"
            shutil.copytree(data, home / "data" / _NAME)
            _one_search(home, browser, times, rng, tally)
            assert _nodes(home) == expected
            shutil.rmtree(home)
            tally.searches += 1
        browser.close()
    return tally


def _one_search(home: Path, browser: Browser, times: int, rng: np.random.Generator, tally: AppTally) -> None:
    """Until a search that pages started is done; no server is killed beyond `times`."""
    kept: dict[str, str] = {}
    while True:
        before = _job(home)
        if before is not None and before.state == "done":
            return
        if tally.kills.total() >= times and before is not None and before.is_running:
            time.sleep(0.5)  # the last one may end in peace
            continue
        with _server(home) as (url, process):
            began, doing = time.monotonic(), "while starting"
            if before is None or not before.is_running:
                _wait_until_healthy(url, process)
                tally.start_s = time.monotonic() - began
                _press(browser, url, before)
                time.sleep(rng.choice([rng.uniform(0, 0.5), rng.uniform(0, tally.start_s)]))
                doing = "after a page had pressed the button"
            else:
                moment = began + rng.uniform(0, _LIVES * tally.start_s)
                if _is_healthy_before(url, moment):
                    doing = "while serving"
                time.sleep(max(0.0, moment - time.monotonic()))
        tally.kills[doing] += 1
        after = _job(home)
        if before is not None and before.is_running:
            assert after.id == before.id
            assert after.state in ("running", "done"), f"{after}: {Jobs(home / STORE).log_of(after.id).read_text()}"
        _require_no_strangers(home, after)
        if after is not None and after.is_running and rng.random() < 0.15:
            with contextlib.suppress(ProcessLookupError):
                os.kill(after.pid, signal.SIGKILL)
                tally.workers += 1
        now = _nodes(home)
        assert now.items() >= kept.items(), f"{len(kept.items() - now.items())} nodes are lost"
        kept = now


def _press(browser: Browser, url: str, before: Job | None) -> None:
    """On the page Parameters: what became of the search is said, and it is started again."""
    page = browser.new_page()
    page.goto(f"{url}/parameters?steps={_STEPS}&data={_NAME}")
    button = page.get_by_role("button", name=re.compile(r"Search \d+ subject"))
    expect(button).to_be_visible(timeout=_SLOW_MS)
    if before is not None:
        assert before.state == "lost"
        expect(page.get_by_text("The worker died")).to_be_visible(timeout=_SLOW_MS)
    button.click()
    page.close()


@contextlib.contextmanager
def _server(home: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server, killed at the end with all its threads; what it has started lives on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "elasreg_core", "app", "--no-browser", "--port", str(port)]
    with (home.parent / "server.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "ELASREG_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield f"http://localhost:{port}", process
            assert process.poll() is None, (home.parent / "server.log").read_text()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen) -> None:
    while not is_healthy(url):
        assert process.poll() is None
        time.sleep(0.1)


def _is_healthy_before(url: str, moment: float) -> bool:
    while time.monotonic() < moment:
        if is_healthy(url):
            return True
        time.sleep(0.05)
    return False


def _job(home: Path) -> Job | None:
    """The latest."""
    return next(iter(Jobs(home / STORE).all()), None) if (home / STORE).is_file() else None


def _nodes(home: Path) -> dict[str, str]:
    """What is known of every node of every pair."""
    if not (home / STORE).is_file():
        return {}
    store = Store(home / STORE)
    return {f"{of.source} {node}": repr(s) for of in store.searches() for node, s in store.nodes(of.source).items()}


def _require_no_strangers(home: Path, job: Job | None) -> None:
    """Fails if a worker runs that no row knows of."""
    known = job.pid if job is not None and job.is_running else None
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            environment = process.environ()
            own = environment.get("ELASREG_HOME") == str(home) and JOB_VARIABLE in environment
            assert not own or process.pid == known, f"{process.cmdline()} works, and the workspace knows of {job}"

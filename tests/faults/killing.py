"""Kill -9 at random moments: a command is killed and started again until it ends by itself, and then another is begun.

Moments are drawn over the length of an uninterrupted run, in seconds of the process's own computing, so that a busy
machine changes nothing. Every other kill counts writes instead, and comes in the middle of one or right behind it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil

from elasreg_core.atomic import PART
from tests.conftest import ROOT

_LONGEST_S = 300.0  # of one process; nothing here takes so long on any machine


class Victim(Protocol):
    """What is killed: a chain of runs of one command that must come to the same end as an uninterrupted one."""

    folder: Path

    def begin(self, number: int) -> None:
        """A new chain, which knows nothing of the one before."""

    def command(self) -> list[str]:
        """The command of the next run."""

    def environment(self) -> Mapping[str, str]:
        """What it runs in."""

    def writes(self) -> int:
        """How often something was written so far, as far as it was seen."""

    def most_writes(self) -> int:
        """Before how many more of them, at most, a kill should come."""

    def done(self) -> int:
        """How many units of work are kept; fails where something that is kept cannot be read."""

    def is_nearly_done(self) -> bool:
        """Whether all units are done, and only what comes after them is not."""

    def check_end(self) -> None:
        """Fails unless all is as an uninterrupted run left it."""


@dataclass
class Tally:
    """What became of the runs.

    Attributes:
        kills: how many, by where: "starting" (nothing was added), "in the middle", "at the end".
        torn: how many of them left a temporary file, that is, came in the middle of a write.
        resumed: runs that began with something kept.
        chains: chains that came to their end, with the uninterrupted run's result.
        kept: units that were there after kills, and were there afterwards.
    """

    kills: Counter[str] = field(default_factory=Counter)
    torn: int = 0
    resumed: int = 0
    chains: int = 0
    kept: int = 0

    def __str__(self) -> str:
        where = ", ".join(f"{self.kills[name]} {name}" for name in ("starting", "in the middle", "at the end"))
        return (
            f"{self.kills.total()} kills: {where}; {self.torn} of them in a write; {self.resumed} resumptions, "
            f"{self.kept} units kept over kills and none lost; {self.chains} chains ended, each like the uninterrupted"
        )


def kill_again_and_again(
    victim: Victim, times: int, seconds: float, rng: np.random.Generator, only_at_writes: bool = False
) -> Tally:
    """Chains until so many kills are done, the last one to its end.

    Args:
        victim: the command.
        times: kills.
        seconds: that an uninterrupted run computes.
        rng: of the moments.
        only_at_writes: no kill at a mere moment.
    """
    tally = Tally()
    while tally.kills.total() < times:
        victim.begin(tally.chains)
        kept, ended = 0, False
        while not ended:
            tally.resumed += kept > 0
            tally.kept += kept
            last = tally.kills.total() >= times
            moment, writes = float("inf") if last else rng.uniform(0, seconds), None
            if (rng.random() < 0.5 or only_at_writes) and not last:
                writes = int(rng.integers(1, victim.most_writes() + 1))
            before = parts_in(victim.folder)
            ended = _run(victim, moment, writes)
            now = victim.done()
            assert now >= kept, f"{kept} units were kept, and {now} are left in {victim.folder}"
            if not ended:
                place = "at the end" if victim.is_nearly_done() else "in the middle" if now > kept else "starting"
                tally.kills[place] += 1
                tally.torn += bool(parts_in(victim.folder) - before)
            kept = now
        victim.check_end()
        assert not parts_in(victim.folder), f"temporary files are left: {parts_in(victim.folder)}"
        tally.chains += 1
    return tally


def run_to_the_end(command: list[str], environment: Mapping[str, str]) -> float:
    """An uninterrupted run; returns the seconds that it computed."""
    with tempfile.TemporaryFile("w+") as output, _process(command, environment, output) as process:
        watched, computed = psutil.Process(process.pid), 0.0
        while process.poll() is None:
            computed = max(computed, _computed_s(watched))
            time.sleep(0.05)
        output.seek(0)
        assert process.returncode == 0, output.read()
    return computed


def _run(victim: Victim, moment: float, writes: int | None) -> bool:
    """One run; whether it ended by itself before it could be killed."""
    log = victim.folder / "output.log"
    with log.open("w") as output, _process(victim.command(), victim.environment(), output) as process:
        watched, began = psutil.Process(process.pid), time.monotonic()
        before = victim.writes()
        while process.poll() is None:
            assert time.monotonic() - began < _LONGEST_S, log.read_text()
            if _computed_s(watched) >= moment if writes is None else victim.writes() - before >= writes:
                process.kill()
                break
            time.sleep(0.01 if writes is None else 0.0005)
        ended = process.wait() != -signal.SIGKILL
        assert process.returncode in (0, -signal.SIGKILL), log.read_text()
        return ended


def _process(command: list[str], environment: Mapping[str, str], output: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "elasreg_core", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _computed_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # it has just ended
        return 0.0
    return times.user + times.system


def parts_in(folder: Path) -> set[Path]:
    """Temporary files that are there, of the living and of the dead."""
    return set(folder.rglob(f".*{PART}"))

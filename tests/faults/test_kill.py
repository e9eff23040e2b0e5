"""kill -9 of a training and of a search, once and twice: `make faults` does it fifty times, and to the app."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from tests.conftest import ROOT
from tests.faults.killing import kill_again_and_again
from tests.faults.victims import SearchVictim, TrainingVictim

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_training(hearts, tmp_path):
    victim = TrainingVictim(tmp_path / "training", hearts)
    tally = kill_again_and_again(victim, 1, victim.seconds, np.random.default_rng(7), only_at_writes=True)
    print(f"\ntraining: {tally}")
    assert tally.kills["in the middle"] == 1
    assert (tally.resumed, tally.chains) == (1, 1)


def test_search(hearts, tmp_path):
    victim = SearchVictim(tmp_path / "search", hearts, steps=21)
    tally = kill_again_and_again(victim, 2, victim.seconds, np.random.default_rng(7), only_at_writes=True)
    print(f"\nsearch: {tally}")
    assert tally.kills["in the middle"] == 2
    assert (tally.resumed, tally.chains) == (2, 1)


def test_the_workers_of_a_killed_command_end_with_it(tmp_path):
    command = [sys.executable, "-m", "elasreg_core", "phantom", "cardiac", "--subjects", "64"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "hearts")], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as process:
        while not list(tmp_path.rglob("Info.cfg")):
            assert process.poll() is None
            time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []

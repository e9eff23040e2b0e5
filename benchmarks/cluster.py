"""`python -m benchmarks.cluster`: the same cohort searched by one worker process and by two, of one thread each.

Both read the same hearts, write to stores of their own, and take turns. A run's time ends when the last node is in the
store; its start-up is the scheduler, the processes and TensorFlow in them, until each has registered once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

import pandas as pd

from benchmarks.report import machine
from benchmarks.sweeps import hearts
from benchmarks.timing import Timing
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.cluster.cohort import search_cohort
from elasreg_core.workspace.cluster.connection import connected
from elasreg_core.workspace.paths import find_family

STEPS = 11


class Silent:
    """A reporter that nobody listens to."""

    def phase(self, title: str, total: int) -> Callable[[int], None]:  # noqa: ARG002 (a reporter's)
        """Nothing."""
        return lambda count: None  # noqa: ARG005


def run(workers: int, checkpoint: Checkpoint, pairs: dict[str, RegistrationPair]) -> tuple[float, float, str]:
    """Seconds of start-up and of the search, and its table."""
    started = time.perf_counter()
    with connected(None, workers) as cluster:
        os.environ["ELASREG_HOME"] = tempfile.mkdtemp(prefix="elasreg-benchmark-")
        few = dict(list(pairs.items())[: 3 * workers])
        list(search_cohort(cluster, checkpoint, tuple(few), few.__getitem__, 3, Silent()))
        os.environ["ELASREG_HOME"] = tempfile.mkdtemp(prefix="elasreg-benchmark-")
        ready = time.perf_counter()
        found = dict(search_cohort(cluster, checkpoint, tuple(pairs), pairs.__getitem__, STEPS, Silent()))
        ended = time.perf_counter()
    table = pd.concat([found[subject].table for subject in pairs]).to_csv(index=False)
    return ready - started, ended - ready, table


def main() -> None:
    """Measures in turn, and prints the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--subjects", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    checkpoint = find_family("cardiac").member("elas-g")
    pairs = {pair.id: pair for pair in hearts(checkpoint, subjects=arguments.subjects)}
    found: dict[int, list[tuple[float, float, str]]] = {1: [], 2: []}
    for _ in range(arguments.repeats):
        for workers, runs in found.items():
            runs.append(run(workers, checkpoint, pairs))
            print(f"{workers} workers: start-up {runs[-1][0]:.1f} s, search {runs[-1][1]:.1f} s", flush=True)
    alone, both = (Timing(tuple(search for _, search, _ in runs)) for runs in found.values())
    with_start = [Timing(tuple(start + search for start, search, _ in runs)) for runs in found.values()]
    tables = {table for runs in found.values() for *_, table in runs}
    print(f"{machine()}; {len(pairs)} subjects at {STEPS**2 - 1} nodes, 128 × 128")
    print(f"search: one worker {alone}, two {both}: {alone.median / both.median:.2f} times as fast")
    print(f"with start-up: {with_start[0]}, {with_start[1]}: {with_start[0].median / with_start[1].median:.2f}")
    print("identical tables" if len(tables) == 1 else f"{len(tables)} DIFFERENT tables")


if __name__ == "__main__":
    main()

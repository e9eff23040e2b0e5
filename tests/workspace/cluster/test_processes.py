"""Two processes as workers: the table of one process, and nothing lost when one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
import time

import pandas as pd
import pytest

from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.workspace.cluster.cohort import search_cohort
from elasreg_core.workspace.cluster.connection import connected
from elasreg_core.workspace.cluster.worker_side import THREAD_VARIABLES
from elasreg_core.workspace.searches import search_subject
from tests.workspace.cluster.conftest import Reporter

pytestmark = [pytest.mark.slow, pytest.mark.long]

STEPS = 11


@pytest.fixture(scope="module")
def cluster():
    with connected(None, 2) as cluster:
        variables = cluster.client.run(lambda: [os.environ.get(name) for name in THREAD_VARIABLES])
        assert list(variables.values()) == [["1", "1"]] * 2  # before anything can have loaded TensorFlow
        yield cluster


def cores_used() -> float:
    """By matrix products of TensorFlow in this process, on the average."""
    from elasreg_core.networks.voxelmorph_tf import tf

    matrix = tf.ones((1500, 1500))
    float((matrix @ matrix)[0, 0])
    cpu, clock = time.process_time(), time.perf_counter()
    for _ in range(8):
        float((matrix @ matrix)[0, 0])
    return (time.process_time() - cpu) / (time.perf_counter() - clock)


def as_csv(sweeps) -> str:
    return pd.concat([sweeps[subject].table for subject in sorted(sweeps)]).to_csv(index=False)


@pytest.fixture(scope="module")
def in_one_process(small, small_pairs, tmp_path_factory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELASREG_HOME", str(tmp_path_factory.mktemp("alone")))
        registrar = LazyRegistrar(small)
        return as_csv(
            {name: search_subject(registrar, pair, STEPS, Reporter()).result() for name, pair in small_pairs.items()}
        )


def test_two_workers_give_the_table_of_one_process(cluster, small, small_pairs, in_one_process):
    assert (cluster.n_workers, cluster.n_threads) == (2, 2)
    assert cluster.dashboard.startswith("http://127.0.0.1:")
    found = dict(search_cohort(cluster, small, tuple(small_pairs), small_pairs.get, STEPS, Reporter()))
    assert as_csv(found) == in_one_process
    assert max(cluster.client.run(cores_used).values()) < 1.3  # one thread each, and dask's own


def test_an_interrupt_from_the_terminal_is_the_drivers_alone(cluster):
    before = cluster.client.run(os.getpid)
    for process in before.values():
        os.kill(process, signal.SIGINT)
    assert cluster.client.run(os.getpid) == before
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_a_worker_killed_in_the_middle_costs_nothing(cluster, small, small_pairs, in_one_process):
    before = set(cluster.client.run(os.getpid).values())
    killed = []

    def kill(count):
        if count >= 32 and not killed:
            killed.append(min(before))
            os.kill(killed[0], signal.SIGKILL)

    reporter = Reporter(kill)
    found = dict(search_cohort(cluster, small, tuple(small_pairs), small_pairs.get, STEPS, reporter))
    assert killed
    assert max(count for count in reporter.done[: reporter.done.index(4 * 120)]) < 4 * 120  # it was in the middle
    assert as_csv(found) == in_one_process
    after = set(cluster.client.run(os.getpid).values())
    assert killed[0] not in after

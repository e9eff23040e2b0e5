"""What is in the way of a cluster, in sentences."""

from __future__ import annotations

import builtins

import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace.cluster import connection
from elasreg_core.workspace.cluster.connection import Cluster, connected
from elasreg_core.workspace.cluster.worker_side import OtherVersion, require_versions, versions


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(connection, "_PATIENCE_S", 1)


@pytest.fixture(scope="module")
def bare():
    """A scheduler without workers, to which the test adds some."""
    import distributed

    options = {"processes": False, "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1, "protocol": "tcp"}
    with distributed.LocalCluster(n_workers=0, **options) as cluster:
        yield cluster


def test_without_the_package_the_cure_is_named(monkeypatch):
    importing = builtins.__import__

    def without(name, *others, **kinds):
        if name == "distributed":
            raise ModuleNotFoundError("No module named 'distributed'")
        return importing(name, *others, **kinds)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"not installed.*'distributed'.*pip install --editable '.\[cluster\]'"):
        connected(None, 1).__enter__()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "soap://127.0.0.1:9"])
def test_a_scheduler_that_does_not_answer(address):
    with pytest.raises(InputError, match=rf"No scheduler answers at {address}\. .*--workers N"):
        connected(address, None).__enter__()


def test_a_scheduler_without_workers(bare):
    with pytest.raises(InputError, match="has no workers.*dask worker ADDRESS"):
        connected(bare.scheduler_address, None).__enter__()


def test_a_cluster_is_counted_again_and_misses_its_workers(bare, monkeypatch):
    import distributed

    monkeypatch.setattr(connection, "_LOOK_EVERY_S", 0)
    with distributed.Client(bare, set_as_default=False) as client:
        cluster = Cluster(client, "there")
        assert cluster.n_workers == 0
        bare.scale(2)
        client.wait_for_workers(2, timeout=30)
        cluster.look()
        assert (cluster.n_workers, cluster.n_threads) == (2, 2)
        bare.scale(0)
        while cluster.n_workers:
            cluster.look()
        monkeypatch.setattr(connection, "_WITHOUT_WORKERS_S", 0)
        with pytest.raises(InputError, match="at there has no workers; finished nodes are kept"):
            cluster.look()
    with pytest.raises(InputError, match="The scheduler at there is gone.*repeat the command"):
        cluster.look()


def test_workers_of_another_version_are_refused(bare, monkeypatch):
    import distributed

    bare.scale(1)
    with distributed.Client(bare, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=30)
        connection._require_same_versions(client, "there")
        monkeypatch.setattr(connection, "versions", lambda: ("elasreg 9", "scoring 4", "TensorFlow 2.21.0"))
        with pytest.raises(OtherVersion, match=r"runs another version. Expected: elasreg 9, .* Cure: Install the same"):
            connection._require_same_versions(client, "there")

        def lacking():
            raise ModuleNotFoundError("No module named 'elasreg_core'")

        monkeypatch.setattr(connection, "_versions_by_value", lambda: lacking)
        with pytest.raises(InputError, match="The workers of there cannot run elasreg.*No module named"):
            connection._require_same_versions(client, "there")


def test_versions_name_what_scores_depend_on():
    assert [line.split()[0] for line in versions()] == ["elasreg", "scoring", "TensorFlow"]
    require_versions(versions(), list(versions()), "w")

"""The driver's side, with made-up networks on a cluster inside this process."""

from __future__ import annotations

import types
from dataclasses import replace

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.sweep import sweep
from elasreg_core.registration.measured import measure_displacement
from elasreg_core.workspace.cluster import cohort
from elasreg_core.workspace.cluster.cohort import chunks, search_cohort
from elasreg_core.workspace.cluster.connection import Cluster
from elasreg_core.workspace.cluster.worker_side import OtherVersion
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.searches import search_subject
from elasreg_core.workspace.store import Store
from tests.builders import make_pair, shift
from tests.workspace.cluster.conftest import Reporter

PAIRS = {name: make_pair(spacing_mm=(1.5, 1.5), id=name, moving=make_pair().moving / (2 + n)) for n, name in
         enumerate(("a", "b", "c"))}  # fmt: skip
CALLS: list[tuple[str, int, tuple[str, ...]]] = []
FAILURES: list[str] = []


def network(pair, nodes):
    """u = (4 λ, 0): at λ = ½ it aligns `make_pair`."""
    for parameters in nodes:
        yield measure_displacement(pair, shift(pair, 4 * parameters.nodes[0][0], 0))


def scored(files, pair, nodes, metrics, driver):
    CALLS.append((pair.id, len(nodes), driver))
    return list(sweep(network, pair, nodes, metrics))


def failing_once(*arguments):
    if FAILURES:
        raise MemoryError(FAILURES.pop())
    return scored(*arguments)


@pytest.fixture(scope="module")
def cluster():
    import distributed

    options = {"processes": False, "dashboard_address": "127.0.0.1:0", "n_workers": 2, "threads_per_worker": 1}
    with distributed.LocalCluster(**options) as local, distributed.Client(local, set_as_default=False) as client:
        yield Cluster(client, "this process")


@pytest.fixture(autouse=True)
def made_up_network(monkeypatch):
    CALLS.clear()
    monkeypatch.setattr(cohort, "score", scored)
    monkeypatch.setattr(cohort.CheckpointFiles, "of", lambda checkpoint: None)


def plainly(checkpoint, pair, steps, home, monkeypatch, **how):
    """The same search in one process, in a workspace of its own."""
    monkeypatch.setenv("ELASREG_HOME", str(home))
    registrar = types.SimpleNamespace(checkpoint=checkpoint, measured=network)
    return search_subject(registrar, pair, steps, Reporter(), **how).result()


def searched(cluster, checkpoint, steps=11, reporter=None, load=PAIRS.__getitem__, subjects=tuple(PAIRS), **how):
    return dict(search_cohort(cluster, checkpoint, subjects, load, steps, reporter or Reporter(), **how))


@pytest.mark.parametrize("adaptive", [False, True])
def test_every_subject_gets_the_sweep_that_one_process_gives(
    cluster, made_up, reporter, adaptive, tmp_path, monkeypatch
):
    found = searched(cluster, made_up, reporter=reporter, adaptive=adaptive, also=["hd95_mm"])
    assert reporter.phases == [("searching 3 subjects with elas-g on 2 workers", 360)]
    assert (reporter.done == sorted(reporter.done), reporter.done[-1]) == (True, 360)
    assert {search.subject for search in Store(store_path()).searches()} == set(PAIRS)
    for name, pair in PAIRS.items():
        alone = plainly(made_up, pair, 11, tmp_path / name, monkeypatch, adaptive=adaptive, also=["hd95_mm"])
        assert found[name].table.to_csv() == alone.table.to_csv()
        assert found[name].n_visited < 120 if adaptive else found[name].is_complete


def test_what_the_store_knows_is_not_sent_again(cluster, made_up, reporter):
    first = searched(cluster, made_up, steps=6, subjects=("a",))
    assert sum(n for _, n, _ in CALLS) == 35
    CALLS.clear()
    again = searched(cluster, made_up, steps=6, subjects=("a", "b"), reporter=reporter)
    assert {subject for subject, *_ in CALLS} == {"b"}
    assert again["a"].table.equals(first["a"].table)
    assert reporter.done[-1] == 70


def test_a_stop_in_the_middle_keeps_what_has_come(cluster, made_up, monkeypatch):
    def stop(count):
        if count >= 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        searched(cluster, made_up, reporter=Reporter(stop))
    kept = sum(search.nodes for search in Store(store_path()).searches())
    assert 32 <= kept < 360
    monkeypatch.setattr(cohort, "versions", lambda: ("the second time",))  # some of the first may still be at work
    assert all(sweep.is_complete for sweep in searched(cluster, made_up).values())
    assert sum(n for _, n, driver in CALLS if driver == ("the second time",)) == 360 - kept


def test_a_subject_that_cannot_be_read_or_does_not_fit_costs_nobody_else_anything(cluster, made_up, reporter):
    def load(subject):
        if subject == "a":
            raise InputError("a cannot be read.")
        return replace(PAIRS[subject], moving_labels=None) if subject == "b" else PAIRS[subject]

    found = searched(cluster, made_up, load=load, reporter=reporter)
    assert str(found["a"]) == "a cannot be read."
    assert "b cannot be searched by its labels" in str(found["b"])
    assert found["c"].is_complete
    assert reporter.done[-1] == 360


def test_a_task_that_fails_once_is_tried_again(cluster, made_up, monkeypatch):
    FAILURES.append("out of memory")
    monkeypatch.setattr(cohort, "score", failing_once)
    assert all(sweep.is_complete for sweep in searched(cluster, made_up).values())
    assert not FAILURES


def test_a_subject_on_which_a_worker_fails_keeps_its_other_nodes(cluster, made_up, monkeypatch):
    def score(files, pair, nodes, *others):
        if pair.id == "b" and (0.5, 0.5) in nodes:
            raise ZeroDivisionError("a fault of ours")
        return scored(files, pair, nodes, *others)

    monkeypatch.setattr(cohort, "score", score)
    found = searched(cluster, made_up)
    assert "b: a worker failed; finished nodes are kept. Received: ZeroDivisionError: a fault" in str(found["b"])
    assert found["a"].is_complete
    assert found["c"].is_complete
    assert {s.subject: s.nodes for s in Store(store_path()).searches()} == {"a": 120, "b": 88, "c": 120}


def test_bad_input_that_a_worker_finds_is_its_own_sentence(cluster, made_up, monkeypatch):
    monkeypatch.setattr(cohort, "score", lambda *_: InputError("The grid does not fit into memory."))
    assert str(searched(cluster, made_up)["a"]) == "The grid does not fit into memory."


def test_a_worker_of_another_version_ends_the_search(cluster, made_up, monkeypatch):
    monkeypatch.setattr(cohort, "score", lambda *_: OtherVersion("The worker runs another version."))
    with pytest.raises(OtherVersion, match="runs another version"):
        searched(cluster, made_up)


def test_a_scheduler_that_dies_in_the_middle_ends_the_search_in_a_sentence(made_up):
    import distributed

    options = {"processes": False, "dashboard_address": "127.0.0.1:0", "n_workers": 1, "threads_per_worker": 1}
    local = distributed.LocalCluster(**options)
    with distributed.Client(local.scheduler_address, set_as_default=False) as client:
        reporter = Reporter(lambda count: local.close() if count >= 32 else None)
        with pytest.raises(InputError, match="The scheduler at there is gone.*finished nodes are kept"):
            searched(Cluster(client, "there"), made_up, reporter=reporter)
    assert sum(search.nodes for search in Store(store_path()).searches()) >= 32


def test_a_task_that_killed_every_worker_is_a_sentence():
    from distributed.scheduler import KilledWorker

    class Future:
        status = "error"

        def exception(self):
            return KilledWorker("score", None, 3)

    assert "a: every worker that searched it died; finished nodes" in str(cohort._found(Future(), "a"))
    assert "the task is cancelled" in str(cohort._found(types.SimpleNamespace(status="cancelled"), "a"))


def test_no_more_subjects_are_read_than_the_workers_need(cluster, made_up):
    most, loaded, ended = 0, [], []

    def load(subject):
        nonlocal most
        loaded.append(subject)
        most = max(most, len(loaded) - len(ended))
        return replace(PAIRS["a"], id=subject, moving=PAIRS["a"].moving * (1 - int(subject) / 100))

    names = [str(number) for number in range(20)]
    for _ in range(2):  # the second time all is known
        loaded.clear()
        ended.clear()
        for subject, _ in search_cohort(cluster, made_up, names, load, 3, Reporter()):
            ended.append(subject)
        assert sorted(ended) == sorted(names)
        assert most <= 3 * 2  # three tasks a thread; a subject of 8 nodes is one


def test_tasks_are_whole_batches_and_single_nodes_where_those_take_seconds():
    nodes = [(float(n), 0.0) for n in range(70)]
    assert [len(chunk) for chunk in chunks(nodes, (128, 128))] == [32, 32, 6]
    assert [len(chunk) for chunk in chunks(nodes[:9], (64, 64, 64))] == [8, 1]
    assert [len(chunk) for chunk in chunks(nodes[:4], (96, 64, 96))] == [3, 1]
    assert [len(chunk) for chunk in chunks(nodes[:3], (192, 128, 192))] == [1, 1, 1]
    assert [node for chunk in chunks(nodes, (128, 128)) for node in chunk] == nodes

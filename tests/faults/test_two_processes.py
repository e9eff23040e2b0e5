"""Two processes on one workspace: searches end alike, a second training is refused, a locked store is a sentence."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from elasreg_core.cli import main
from elasreg_core.locks import held
from elasreg_core.workspace import store as store_module
from elasreg_core.workspace.database import Database
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import home, store_path
from elasreg_core.workspace.worker import Worker
from tests.builders import small_run
from tests.conftest import ROOT
from tests.faults.victims import count_nodes

pytestmark = pytest.mark.slow


def start(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "elasreg_core", *command],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_two_searches_of_one_cohort_at_once(search, tmp_path):
    names = ["one.csv", "other.csv"]
    for process in [start([*search, str(tmp_path / name)]) for name in names]:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert count_nodes(store_path()) == 440
    tables = [(tmp_path / name).read_text() for name in names]
    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) == 1 + 3 * 440


@pytest.mark.long
def test_the_second_training_into_one_folder_is_refused(hearts, tmp_path, capsys):
    """The first is killed later: the way is free then."""
    config, out = tmp_path / "small.toml", tmp_path / "out"
    config.write_text(small_run(hearts, models=("elas-g",), steps=100_000))
    command = ["train", str(config), "--out", str(out)]
    first = start(command)
    try:
        while not (out / "elas-g" / "training_state.safetensors").exists():
            assert first.poll() is None, first.communicate()
            time.sleep(0.05)
        for more in ([], ["--resume"], ["--resume", "--set", "seed=1"]):
            assert main([*command, *more]) == 2
            assert f"Another process is training into {out}. Expected: one training" in capsys.readouterr().err
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()
    assert main(command) == 2
    assert "holds a training already. Cure: Continue it with --resume" in capsys.readouterr().err


def test_a_lock_is_free_again_after_its_end(tmp_path):
    for _ in range(2):
        with held(tmp_path / "lock") as is_free:
            assert is_free
            with held(tmp_path / "lock") as is_free_too:
                assert not is_free_too
            assert (tmp_path / "lock").exists()
        assert not (tmp_path / "lock").exists()


@contextlib.contextmanager
def locked_when(reached):
    """Another program holds the store's write lock from some moment on."""
    ended, locked = threading.Event(), threading.Event()

    def hold() -> None:
        while not ended.is_set():
            if reached():
                with contextlib.closing(sqlite3.connect(store_path(), timeout=60, isolation_level=None)) as writer:
                    writer.execute("BEGIN IMMEDIATE")
                    locked.set()
                    ended.wait()
                return
            time.sleep(0.001)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        ended.set()
        holder.join()
    assert locked.is_set()


def test_a_search_whose_store_is_locked_keeps_what_it_has(search, tmp_path, capsys, monkeypatch):
    assert main([*search, str(tmp_path / "straight.csv")]) == 0
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(store_module, "Database", functools.partial(Database, patience_s=0.3))
    with locked_when(lambda: count_nodes(store_path()) >= 20):
        assert main([*search, str(tmp_path / "stopped.csv")]) == 2
        said = capsys.readouterr().err
    assert "database is locked. Cure: Try again when the other program has finished writing" in said
    assert 20 <= count_nodes(store_path()) < 440
    assert main([*search, str(tmp_path / "stopped.csv")]) == 0
    assert (tmp_path / "stopped.csv").read_text() == (tmp_path / "straight.csv").read_text()


def test_a_worker_is_not_held_up_by_a_locked_store(monkeypatch):
    """It goes on without being heard, and is heard again once it ends."""
    jobs = Jobs(store_path())
    process = start(["doctor"])
    with sqlite3.connect(jobs.path) as connection:
        connection.execute(
            "INSERT INTO jobs (kind, about, arguments, pid) VALUES ('train', 'a', '[]', ?)", (process.pid,)
        )
    connection.close()
    process.communicate()
    monkeypatch.setattr("os.getpid", lambda: process.pid)
    worker = Worker(1)
    done = worker.phase("counting", 1000)
    done(1)
    began = time.monotonic()
    with locked_when(lambda: True):
        for count in range(2, 100):
            time.sleep(0.01)
            done(count)
    assert time.monotonic() - began < 10
    worker.finish(0)
    with contextlib.closing(sqlite3.connect(home() / "elasreg.sqlite")) as connection:
        assert connection.execute("SELECT state, done FROM jobs").fetchone()[0] == "done"

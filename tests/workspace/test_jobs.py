"""Jobs: started once, told of, stopped, failed with a sentence, lost and started again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace import jobs as jobs_module
from elasreg_core.workspace.jobs import Job, Jobs
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.worker import Worker

#: What a worker does in these tests instead of an `elasreg` command: count, as slowly as it is told.
COUNTING = """
import sys, time
from elasreg_core.workspace.worker import tell_faults, this_worker

what, units, pause = sys.argv[1:]
with this_worker() as worker:
    try:
        if what == "turn":
            worker.wait_for_turn(at_once=2)
        done = worker.phase("counting", int(units))
        for unit in range(int(units)):
            time.sleep(float(pause))
            done(unit + 1)
        worker.note("counted")
        if what == "broken":
            1 / 0
        if what in ("fruitless", "partly"):
            tell_faults(["one is bad.", "another is bad.", "one is bad."], what == "partly")
            worker.finish(2)
        elif what == "bad":
            worker.finish(2, "The third is missing.")
        else:
            worker.finish(0)
    except KeyboardInterrupt:
        worker.finish(130, "stopped.")
"""


@pytest.fixture
def jobs(tmp_path, monkeypatch) -> Jobs:
    script = tmp_path / "counting.py"
    script.write_text(COUNTING)
    popen = subprocess.Popen

    def spawn(command, **how):
        assert command[:3] == [sys.executable, "-m", "elasreg_core"]
        how["env"]["PYTHONPATH"] = str(how["cwd"])
        return popen([sys.executable, str(script), *command[3:]], **how)

    monkeypatch.setattr(jobs_module.subprocess, "Popen", spawn)
    found = Jobs(store_path())
    yield found
    for job in found.all():
        if job.is_running and job.pid:
            psutil.Process(job.pid).kill()


def wait(jobs: Jobs, job: Job, until: Callable[[Job], bool] = lambda job: not job.is_running) -> Job:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = jobs.get(job.id)
        if until(now):
            return now
        assert now.is_running, f"{now}: {jobs.log_of(job.id).read_text()}"
        time.sleep(0.05)
    raise AssertionError(f"{jobs.get(job.id)}: {jobs.log_of(job.id).read_text()}")


def test_a_job_tells_how_far_it_is_and_that_it_is_done(jobs):
    job = jobs.start("search", "patient001", ["fine", "40", "0.05"])
    assert (job.state, job.phase, job.arguments, job.total) == ("running", "starting", ("fine", "40", "0.05"), 0)
    half = wait(jobs, job, lambda job: job.done >= 10)
    assert (half.phase, half.total, half.state) == ("counting", 40, "running")
    assert 0.25 <= half.fraction < 1
    assert 0 < half.seconds_left < 10
    end = wait(jobs, job)
    assert (end.state, end.done, end.message) == ("done", 40, "counted")
    assert end.finished >= end.started
    assert jobs.latest(["fine", "40", "0.05"]) == end
    assert jobs.latest(["fine", "40"]) is None


def test_the_same_thing_is_not_worked_on_twice_at_once(jobs):
    first = jobs.start("train", "hearts", ["fine", "100", "0.1"])
    assert jobs.start("train", "hearts", ["fine", "100", "0.1"]).id == first.id
    other = jobs.start("train", "chests", ["fine", "1", "0"])
    assert other.id != first.id
    assert wait(jobs, other).state == "done"
    again = jobs.start("train", "chests", ["fine", "1", "0"])  # it has ended: a new one
    assert again.id not in (first.id, other.id)
    assert [job.id for job in jobs.all()] == [again.id, other.id, first.id]
    jobs.stop(first)
    wait(jobs, again)
    wait(jobs, first)


def test_a_job_stops_at_the_end_of_a_unit(jobs):
    job = jobs.start("train", "hearts", ["fine", "1000", "0.05"])
    wait(jobs, job, lambda job: job.done >= 2)
    jobs.stop(job)
    assert jobs.get(job.id).is_stopping or not jobs.get(job.id).is_running
    end = wait(jobs, job)
    assert (end.state, end.message) == ("stopped", "stopped.")
    assert 2 <= end.done < 1000
    jobs.stop(end)  # nobody is there any more
    assert jobs.get(job.id) == end


def test_a_job_that_is_stopped_before_it_listens_is_stopped_and_not_lost(jobs):
    job = jobs.start("train", "hearts", ["fine", "1000", "0.05"])
    jobs.stop(job)
    assert wait(jobs, job).state == "stopped"


def test_who_does_not_listen_is_killed_at_the_second_request(jobs, monkeypatch):
    job = jobs.start("train", "hearts", ["fine", "2", "60"])
    wait(jobs, job, lambda job: job.phase == "counting")
    os.kill(job.pid, signal.SIGSTOP)
    jobs.stop(job)
    time.sleep(0.2)
    assert jobs.get(job.id).is_stopping
    monkeypatch.setattr(jobs_module, "_PATIENCE_S", 0.1)
    jobs.stop(job)
    assert wait(jobs, job).state == "stopped"


@pytest.mark.parametrize(
    ("what", "state", "message"),
    [
        ("bad", "failed", "The third is missing."),
        ("fruitless", "failed", "one is bad. (and 1 more)"),
        ("partly", "done", "one is bad. (and 1 more)"),
        ("broken", "failed", "elasreg failed, which is its own fault: ZeroDivisionError"),
    ],
)
def test_what_went_wrong_is_a_sentence(jobs, what, state, message):
    end = wait(jobs, jobs.start("compare", "hearts", [what, "1", "0"]))
    assert end.state == state
    assert end.message.startswith(message)


def test_a_killed_job_is_lost_and_can_be_started_again(jobs):
    job = jobs.start("train", "hearts", ["fine", "1000", "0.05"])
    wait(jobs, job, lambda job: job.done >= 2)
    os.kill(job.pid, signal.SIGKILL)
    lost = wait(jobs, job)
    assert lost.state == "lost"
    assert lost.message.startswith("The worker died")
    assert lost.finished is not None
    again = jobs.start(lost.kind, lost.about, ["fine", "1", "0"])
    assert again.id != job.id
    assert wait(jobs, again).state == "done"
    assert jobs.get(job.id).state == "lost"


def test_a_clock_that_is_set_changes_nothing(jobs, monkeypatch):
    """An hour back, an hour on, while a worker works: it is no other one, and a stop is still insisted on."""
    job = jobs.start("train", "hearts", ["fine", "2", "60"])
    wait(jobs, job, lambda job: job.phase == "counting")
    os.kill(job.pid, signal.SIGSTOP)
    now, boot = time.time, psutil.boot_time()
    for step in (3600, -3600):
        monkeypatch.setattr(time, "time", lambda step=step: now() + step)
        monkeypatch.setattr(psutil, "boot_time", lambda step=step: boot + step)  # Linux counts it from the clock
        assert jobs.get(job.id).is_running
        assert jobs.start("train", "hearts", ["fine", "2", "60"]).id == job.id
        if step > 0:
            jobs.stop(job)
            assert jobs.get(job.id).is_stopping
    jobs.stop(job)  # two hours before it was first asked to, by the clock
    assert wait(jobs, job).state == "stopped"


def test_a_job_of_a_database_that_is_gone_does_not_stand_for_a_new_one(jobs):
    old = jobs.start("train", "hearts", ["fine", "2", "60"])
    for name in ("", "-wal", "-shm"):
        jobs.path.with_name(jobs.path.name + name).unlink(missing_ok=True)
    new = Jobs(jobs.path)
    job = new.start("train", "hearts", ["fine", "1", "0"])
    assert job.id == old.id
    assert wait(new, job).state == "done"
    assert psutil.pid_exists(old.pid)
    os.kill(old.pid, signal.SIGKILL)


def test_another_process_with_the_same_number_is_not_the_worker(jobs):
    job = jobs.start("train", "hearts", ["fine", "1", "0"])
    wait(jobs, job)
    while psutil.pid_exists(job.pid):
        time.sleep(0.01)
    with sqlite3.connect(jobs.path) as connection:  # as if the machine had restarted, and this test had the number now
        connection.execute("UPDATE jobs SET state = 'running', pid = ?, finished = NULL", (os.getpid(),))
    connection.close()
    assert jobs.get(job.id).state == "lost"


def test_only_as_many_searches_at_once_as_can_run(jobs):
    first = [jobs.start("search", f"patient{i}", ["turn", f"100{i}", "0.05"]) for i in range(2)]
    for job in first:
        wait(jobs, job, lambda job: job.phase == "counting")
    last = jobs.start("search", "another", ["turn", "1", "0"])
    assert "that came before" in wait(jobs, last, lambda job: job.phase != "starting").phase
    for job in first:
        jobs.stop(job)
    assert wait(jobs, last).state == "done"
    for job in first:
        wait(jobs, job)


def test_only_so_many_ended_jobs_are_remembered(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "_KEPT", 1)
    first = wait(jobs, jobs.start("train", "a", ["fine", "1", "0"]))
    second = wait(jobs, jobs.start("train", "b", ["fine", "1", "0"]))
    third = wait(jobs, jobs.start("train", "c", ["fine", "1", "0"]))
    assert [job.id for job in jobs.all()] == [third.id, second.id]
    assert not jobs.log_of(first.id).exists()
    assert jobs.log_of(second.id).exists()


def test_there_is_no_other_kind(jobs):
    with pytest.raises(InputError, match="no such kind of job.*search or train or compare.*Received: bake"):
        jobs.start("bake", "a cake", [])


def test_a_worker_without_a_row_harms_nobody():
    jobs = Jobs(store_path())
    worker = Worker(99)
    worker.phase("counting", 3)(1)
    worker.finish(0)
    assert jobs.all() == []
    store_path().write_bytes(b"this is no database" * 100)  # nor does a database that is gone end the work
    worker.phase("counting", 3)(1)


def test_a_command_tells_its_job_how_it_ended():
    jobs = Jobs(store_path())
    command = ["search", "--checkpoint", "none", "--data", "none", "--dataset", "acdc"]
    end = wait(jobs, jobs.start("search", "nobody", command))
    assert end.state == "failed"
    assert end.message.startswith("There is no checkpoint none. Expected: a folder of checkpoints")
    assert end.message in jobs.log_of(end.id).read_text()

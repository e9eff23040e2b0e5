"""Jobs: `elasreg` commands that run in a process of their own, and outlive the page and the server that started them.

A job's row in the workspace's database is written by both sides: `Jobs` starts and stops the process and notices its
death, `worker.Worker` tells from inside how far it is. Whoever wants to know reads the row. A worker holds a lock on
its log for as long as it lives, and no longer: the system takes the lock back however it ends (kill -9, no memory, a
restart of the machine), whoever has its process id by then, and whatever the clock says. Since everything that runs as
a job resumes, a dead one is simply started again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from elasreg_core.errors import InputError
from elasreg_core.locks import is_held, lock
from elasreg_core.workspace.database import Database
from elasreg_core.workspace.paths import PROJECT

#: The environment variable that tells a process which job it works on.
JOB_VARIABLE = "ELASREG_JOB"
KINDS = ("search", "train", "compare")
_KEPT = 200  # ended jobs, with their log files
_PATIENCE_S = 10  # from the first request to stop; a second one after that kills

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, about TEXT NOT NULL, arguments TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'running', phase TEXT NOT NULL DEFAULT 'starting',
    done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, finished TEXT,
    pid INTEGER, heard REAL, phase_began REAL, phase_first INTEGER NOT NULL DEFAULT 0, stop_asked REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_arguments ON jobs (arguments);
"""
_LOST = "The worker died: it was killed, ran out of memory, or the machine restarted. What was finished is kept."


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read.

    Attributes:
        id: counts up.
        kind: one of `KINDS`.
        about: what it works on, in words.
        arguments: of the `elasreg` command; two jobs with the same ones never run at once.
        state: "running"; "done"; "stopped" on request; "failed", with the sentence in `message`; "lost": it died.
        phase, done, total: what it is at, and how far.
        message: the last thing it had to say.
        started, finished: UTC.
        pid: the process.
        heard: when it last told of progress.
        phase_began, phase_first: when the first unit of this phase was told, and how many were done already.
        stop_asked: when it was asked to stop.
    """

    id: int
    kind: str
    about: str
    arguments: tuple[str, ...]
    state: str
    phase: str
    done: int
    total: int
    message: str
    started: str
    finished: str | None
    pid: int | None
    heard: float | None
    phase_began: float | None
    phase_first: int
    stop_asked: float | None

    @property
    def is_running(self) -> bool:
        """Whether there is something to wait for."""
        return self.state == "running"

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop and has not done so yet."""
        return self.is_running and self.stop_asked is not None

    @property
    def fraction(self) -> float:
        """Of the phase, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the end of the phase, at its mean speed so far; None as long as nobody can know."""
        if self.heard is None or self.phase_began is None or self.done <= self.phase_first:
            return None
        pace = (self.heard - self.phase_began) / (self.done - self.phase_first)
        return max(0.0, pace * (self.total - self.done) - (time.time() - self.heard))


_COLUMNS = ", ".join(of.name for of in fields(Job))


class Jobs:
    """All jobs of one workspace. Opening is cheap; every call is its own transaction."""

    def __init__(self, path: Path) -> None:
        """Opens the workspace's database, `paths.store_path()`."""
        self._database = Database(path, _SCHEMA)
        self.path = self._database.path

    def start(self, kind: str, about: str, arguments: Sequence[str]) -> Job:
        """Starts `elasreg ARGUMENTS` in a process of its own; if one with the same arguments runs, returns that.

        Raises:
            InputError: there is no such kind.
        """
        if kind not in KINDS:
            raise InputError("There is no such kind of job.", expected=" or ".join(KINDS), received=kind)
        with self._database.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")  # nobody else starts one in between
            latest = self._latest(connection, arguments)
            if latest is not None and latest.is_running:
                return latest
            self._forget_old(connection)
            cursor = connection.execute(
                "INSERT INTO jobs (kind, about, arguments) VALUES (?, ?, ?)", (kind, about, json.dumps(list(arguments)))
            )
            number = int(cursor.lastrowid or 0)
            process = self._spawn(number, arguments)
            threading.Thread(target=process.wait, daemon=True).start()  # no zombie is left of it
            connection.execute("UPDATE jobs SET pid = ? WHERE id = ?", (process.pid, number))
            return self._read(connection, "id = ?", number)[0]

    def latest(self, arguments: Sequence[str]) -> Job | None:
        """The newest job with these arguments."""
        with self._database.connection() as connection:
            return self._latest(connection, arguments)

    def get(self, number: int) -> Job | None:
        """One job; None if it has been forgotten."""
        with self._database.connection() as connection:
            return next(iter(self._read(connection, "id = ?", number)), None)

    def all(self) -> list[Job]:
        """All jobs, newest first."""
        with self._database.connection() as connection:
            return self._read(connection, "TRUE")

    def stop(self, job: Job) -> None:
        """Asks a job to stop; what it has finished is kept. One that does not listen is killed at a later request."""
        with self._database.connection() as connection:
            asked = "UPDATE jobs SET stop_asked = COALESCE(stop_asked, ?) WHERE id = ? AND state = 'running'"
            connection.execute(asked, (time.time(), job.id))
            now = next(iter(self._read(connection, "id = ?", job.id)), None)
        if now is None or not now.is_running or now.pid is None or now.stop_asked is None:
            return
        insists = abs(time.time() - now.stop_asked) > _PATIENCE_S  # a clock may be set back meanwhile
        with contextlib.suppress(ProcessLookupError):
            if insists:
                self._kill(now.pid)
            else:
                os.kill(now.pid, signal.SIGTERM)

    def end_all(self) -> None:
        """Kills all that run, at once: what they were working on goes away."""
        for job in self.all():
            if job.is_running and job.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._kill(job.pid)

    @staticmethod
    def _kill(pid: int) -> None:
        os.killpg(pid, signal.SIGKILL)  # a worker leads its own group: processes that it started end too

    def log_of(self, number: int) -> Path:
        """Where the output of a job's worker goes."""
        return self.path.parent / "jobs" / f"{number}.log"

    def _latest(self, connection: sqlite3.Connection, arguments: Sequence[str]) -> Job | None:
        return next(iter(self._read(connection, "arguments = ?", json.dumps(list(arguments)))), None)

    def _read(self, connection: sqlite3.Connection, condition: str, *values: object) -> list[Job]:
        """The jobs that meet a condition, newest first; whoever died since is put down as dead."""
        query = f"SELECT {_COLUMNS} FROM jobs WHERE {condition} ORDER BY id DESC"  # noqa: S608 (no value in it)
        found = [_job(row) for row in connection.execute(query, values)]
        dead = [job for job in found if job.is_running and not is_held(self.log_of(job.id))]
        for job in dead:
            state, message = ("stopped", job.message) if job.stop_asked is not None else ("lost", _LOST)
            put_down = "UPDATE jobs SET state = ?, message = ?, finished = CURRENT_TIMESTAMP"
            put_down += " WHERE id = ? AND state = 'running'"  # it may have come after our reading
            connection.execute(put_down, (state, message, job.id))
        return [_job(row) for row in connection.execute(query, values)] if dead else found

    def _spawn(self, number: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        log = self.log_of(number)
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, JOB_VARIABLE: str(number), "ELASREG_HOME": str(self.path.parent.resolve())}
        log.unlink(missing_ok=True)  # of a database that is gone; its worker may still write there
        with log.open("wb") as output:
            lock(output.fileno())  # the worker's, once this handle is closed
            return subprocess.Popen(  # noqa: S603 (our own command)
                [sys.executable, "-m", "elasreg_core", *arguments],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _forget_old(self, connection: sqlite3.Connection) -> None:
        ended = "SELECT id FROM jobs WHERE state != 'running' ORDER BY id DESC LIMIT -1 OFFSET ?"
        for (number,) in connection.execute(ended, (_KEPT,)).fetchall():
            connection.execute("DELETE FROM jobs WHERE id = ?", (number,))
            self.log_of(number).unlink(missing_ok=True)


def _job(row: tuple[object, ...]) -> Job:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Job(**values | {"arguments": tuple(json.loads(str(values["arguments"])))})  # type: ignore[arg-type]

"""The worker's side of a job: this process tells of its progress, and stops where it is asked to."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType

from elasreg_core.errors import InputError
from elasreg_core.workspace.database import Database
from elasreg_core.workspace.jobs import JOB_VARIABLE, Jobs
from elasreg_core.workspace.paths import store_path

_PAUSE_S = 0.25  # between two reports
_PATIENCE_S = 1.0  # with a database that somebody else has locked; how it ended is worth waiting for
_UNHEARD_S = 30.0  # until the next report where one could not be written
_GRACE_S = 8  # at least, to reach the end of a unit of work; then work ends where it stands
SEARCHES_AT_ONCE = max(2, (os.cpu_count() or 1) // 2)  # each uses all cores most of the time, and some memory
_NICENESS = 5  # pages come first


@functools.cache
def this_worker() -> Worker | None:
    """The worker that this process is; None in a terminal."""
    number = os.environ.get(JOB_VARIABLE, "")
    return Worker(int(number)) if number.isdecimal() else None


class Worker:
    """The job that this process works on. As a context, it notes how the work ended.

    Attributes:
        number: the job's.
        faults: what went wrong without ending the work.
        is_fruitless: whether nothing came of it but those.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.faults: list[str] = []
        self.is_fruitless = False
        self._stop_asked = False
        self._last = 0.0
        self._unit_s = 0.0  # how long the last unit of work took
        self._unheard_until = 0.0
        self._database: Database | None = None
        with contextlib.suppress(InputError):
            self._database = Database(store_path(), "", _PATIENCE_S)

    def __enter__(self) -> Worker:
        """Gets ready to stop on request, and lets pages go first."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)  # a shell's background jobs would ignore it
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        os.nice(_NICENESS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Notes an error that nobody expected."""
        if error is not None:
            log = Jobs(store_path()).log_of(self.number)
            self.finish(1, f"elasreg failed, which is its own fault: {type(error).__name__} {error} ({log}).")

    def finish(self, exit_code: int, sentence: str = "") -> None:
        """Notes how the work ended."""
        signal.alarm(0)
        state = {0: "done", 130: "stopped"}.get(exit_code, "failed")
        if self.faults and not sentence:
            state = "failed" if self.is_fruitless else "done"
            others = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
            sentence = self.faults[0] + others
        said = {"message": sentence} if sentence else {}
        self._unheard_until = 0.0
        with contextlib.suppress(InputError):
            self._database = Database(store_path(), "")  # which is waited for
        self._write(state=state, finished=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()), heard=time.time(), **said)

    def wait_for_turn(self, at_once: int = SEARCHES_AT_ONCE) -> None:
        """Waits until fewer searches of this workspace than can run at once came before this one.

        (A session's uploads have a workspace of their own, and so turns of their own.)
        """
        jobs = Jobs(store_path())
        while True:
            before = [job for job in jobs.all() if job.kind == "search" and job.is_running and job.id < self.number]
            if len(before) < at_once:
                return
            self._write(phase=f"waiting for {len(before)} searches that came before", heard=time.time())
            self._stop_if_asked()
            time.sleep(0.5)

    def phase(self, title: str, total: int) -> Callable[[int], None]:
        """As of `progress.Reporter`; the returned function ends the work if that was asked for."""
        self._write(phase=title, done=0, total=total, phase_began=None, phase_first=0, heard=time.time())
        self._last = 0.0
        reports, before = 0, time.time()

        def done(count: int) -> None:
            nonlocal reports, before
            now, reports = time.time(), reports + 1
            self._unit_s, before = now - before, now
            if reports <= 2:  # the first unit takes what loads and compiles: the pace is measured after it
                self._write(done=count, phase_began=now, phase_first=count, heard=now)
            elif count == total or now - self._last >= _PAUSE_S:
                self._last = now
                self._write(done=count, heard=now)
            self._stop_if_asked()

        return done

    def note(self, sentence: str) -> None:
        """Something that the user should know."""
        self._write(message=sentence)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (a signal handler's)
        self._stop_asked = True
        signal.alarm(max(_GRACE_S, math.ceil(3 * self._unit_s)))

    def _stop_if_asked(self) -> None:
        if self._stop_asked:
            self._stop_asked = False
            signal.alarm(0)
            raise KeyboardInterrupt

    def _write(self, **values: object) -> None:
        """Changes the job's row, if it is still this process's; work goes on where that is not possible."""
        assignments = ", ".join(f"{name} = ?" for name in values)
        query = f"UPDATE jobs SET {assignments} WHERE id = ? AND pid = ?"  # noqa: S608 (names of our own)
        if self._database is None or time.monotonic() < self._unheard_until:
            return
        try:
            with self._database.connection() as connection:
                connection.execute(query, (*values.values(), self.number, os.getpid()))
        except InputError:  # locked, or on a disk that is full
            self._unheard_until = time.monotonic() + _UNHEARD_S


def tell_faults(faults: Sequence[str], anything_done: bool) -> None:
    """Tells the job, where this is one, what went wrong without ending the work."""
    worker = this_worker()
    if worker is not None:
        worker.faults += list(dict.fromkeys(faults))
        worker.is_fruitless = not anything_done

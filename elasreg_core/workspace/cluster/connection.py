"""Finds a cluster's scheduler, or starts workers on this machine; says in a sentence what is in the way."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from elasreg_core.errors import InputError
from elasreg_core.workspace.cluster.worker_side import THREAD_VARIABLES, require_versions, versions

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE_S = 10  # to reach the scheduler, and for its first worker
_WITHOUT_WORKERS_S = 60  # as long as a cluster may be without any
_LOOK_EVERY_S = 1.0
_BEFORE = (
    "distributed.nanny.pre-spawn-environ"  # set before a local worker's process, and so before any TensorFlow in it
)
_DASK = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # volumes
    **{f"{_BEFORE}.{variable}": 1 for variable in THREAD_VARIABLES},
}
_INSTALL = "In elasreg's folder: .venv/bin/pip install --editable '.[cluster]'"


class Cluster:
    """A scheduler with its workers, as the driver sees them.

    Attributes:
        client: of dask.
        dashboard: where its dashboard is.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client, self._name = client, name
        self.dashboard = str(client.dashboard_link)
        self._threads = {str(worker): int(n) for worker, n in client.nthreads().items()}
        self._looked = self._seen = time.monotonic()

    @property
    def n_workers(self) -> int:
        """How many there were when they were last counted."""
        return len(self._threads)

    @property
    def n_threads(self) -> int:
        """Tasks that run at once."""
        return sum(self._threads.values())

    def look(self) -> None:
        """Counts the workers again, once a second at most.

        Raises:
            InputError: the scheduler is gone, or has been without workers for a minute.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        self.require_scheduler()
        try:
            self._threads = dict(self.client.nthreads())
        except Exception as error:  # whatever a broken connection is called
            raise self._gone(str(error)) from error
        if self._threads:
            self._seen = now
        elif now - self._seen > _WITHOUT_WORKERS_S:
            raise _without_workers(self._name, "; finished nodes are kept")

    def require_scheduler(self) -> None:
        """Raises InputError if the connection is lost."""
        if self.client.status != "running":
            raise self._gone(str(self.client.status))

    def _gone(self, received: str) -> InputError:
        return InputError(
            f"The scheduler at {self._name} is gone.",
            received=received or "silence",
            cure="Start it again and repeat the command: finished nodes are kept",
        )


@contextlib.contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Cluster]:
    """A cluster for as long as the context lasts.

    Args:
        scheduler: address of a running one, e.g. `tcp://10.0.0.1:8786`, or `tls://…` with dask's own configuration.
        workers: without it: how many processes to start here, of one thread each.

    Raises:
        InputError: the package is missing, nobody answers, no worker is there, or one runs another version.
    """
    try:
        import dask
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(
            "Searching on several workers needs a package that is not installed.", received=str(error), cure=_INSTALL
        ) from error
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(_DASK))
        address = scheduler if scheduler else stack.enter_context(_local_cluster(distributed, workers or 1))
        name = scheduler or "this machine"
        client = stack.enter_context(_client(distributed, address, name))
        _require_same_versions(client, name)
        yield Cluster(client, name)


@contextlib.contextmanager
def _local_cluster(distributed: Any, workers: int) -> Iterator[Any]:
    """Processes of this machine, whose scheduler nobody else on it can talk to: certificates are made for it."""
    try:
        with _deaf_to_interrupts():
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=None,  # what fits is known beforehand (registration/memory.py)
                security=True,
                silence_logs=logging.CRITICAL,
            )
    except ImportError as error:  # the certificates' package
        raise InputError("Workers of this machine cannot be started.", received=str(error), cure=_INSTALL) from error
    with cluster:
        yield cluster


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started meanwhile stay so: Ctrl-C in a terminal is for the driver, who ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _client(distributed: Any, address: Any, name: str) -> Iterator[Client]:
    try:
        client = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"No scheduler answers at {name}.",
            expected="the address that `dask scheduler` prints, e.g. tcp://10.0.0.1:8786",
            received=str(error) or type(error).__name__,
            cure="Start one with `dask scheduler`, or search on this machine with --workers N",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError as error:
            raise _without_workers(name) from error
        yield client


def _require_same_versions(client: Client, name: str) -> None:
    try:
        found = client.run(_versions_by_value())
    except Exception as error:  # what the worker's Python raised, or the connection
        raise InputError(
            f"The workers of {name} cannot run elasreg.",
            received=f"{type(error).__name__}: {error}",
            cure="Install the same elasreg on the driver, the scheduler and every worker",
        ) from error
    for worker, there in found.items():
        require_versions(versions(), there, worker)


def _versions_by_value() -> Callable[[], tuple[str, ...]]:
    """A function that travels with its code, so that a worker without elasreg can say what it lacks."""

    def found() -> tuple[str, ...]:
        from elasreg_core.workspace.cluster.worker_side import versions

        return versions()

    return found


def _without_workers(name: str, then: str = "") -> InputError:
    return InputError(
        f"The scheduler at {name} has no workers{then}.",
        cure="Start one on every machine: dask worker ADDRESS --nthreads 1 --nworkers N",
    )

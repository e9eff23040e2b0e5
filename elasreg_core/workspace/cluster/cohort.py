"""A cohort's searches on a cluster: one task per subject and chunk of nodes, results into the store as they come.

The driver reads a subject when there is room for its tasks, so that a cohort of any size needs the memory of a few
subjects. What a worker has not delivered when it dies is computed by another one; what it has delivered is kept.
"""

from __future__ import annotations

import contextlib
import math
import queue
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Node
from elasreg_core.workspace.cluster.connection import Cluster
from elasreg_core.workspace.cluster.worker_side import CheckpointFiles, OtherVersion, held, packed, score, versions
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.progress import Reporter
from elasreg_core.workspace.searches import SubjectSearch
from elasreg_core.workspace.store import Store

if TYPE_CHECKING:
    from distributed import Future

_NODES_A_TASK, _VOXELS_A_TASK = 32, 2**21  # at most: some tenths of a second, or what one lost worker may cost
_TOGETHER = 4  # nodes that a worker computes side by side (`registration/engine.py`)
_TASKS_A_THREAD = 3  # in flight, so that no worker waits for the driver
_RETRIES = 2  # of a task that fails by itself; where a worker dies the scheduler tries elsewhere, four times in all
_POLL_S = 0.5


def search_cohort(
    cluster: Cluster,
    checkpoint: Checkpoint,
    subjects: Sequence[str],
    load: Callable[[str], RegistrationPair],
    steps: int,
    reporter: Reporter,
    *,
    adaptive: bool = False,
    criterion: str = "dice",
    also: Collection[str] = (),
) -> Iterator[tuple[str, SubjectSweep | InputError]]:
    """Every subject's search over the checkpoint's regular grid, in the order in which they end.

    Args:
        cluster: of `connected`.
        checkpoint: a global one.
        subjects: whose.
        load: reads one subject's pair.
        steps: of the grid (`ParameterGrid.regular`).
        reporter: hears of every chunk of nodes.
        adaptive: as of `SubjectSearch`.
        criterion: as of `SubjectSearch`.
        also: as of `SubjectSearch`.

    Yields:
        A subject, and its sweep or why there is none.

    Raises:
        InputError: the cluster is gone, or a worker runs another version.
    """
    grid, store = ParameterGrid.for_checkpoint(steps, checkpoint), Store(store_path())
    title = f"searching {len(subjects)} subjects with {checkpoint.card.model} on {cluster.n_workers} workers"
    done = reporter.phase(title, len(subjects) * len(grid.nodes))
    desk, to_come, n_ended = _Desk(cluster, checkpoint), iter(subjects), 0
    try:
        while True:
            while desk.has_room and (subject := next(to_come, None)) is not None:
                try:
                    search = SubjectSearch(store, checkpoint, load(subject), grid, criterion, adaptive, also)
                except InputError as fault:
                    n_ended += 1
                    yield subject, fault
                    continue
                desk.take(subject, search)
            for subject, result in desk.ended():
                n_ended += 1
                yield subject, result
            done(n_ended * len(grid.nodes) + desk.n_done)
            if desk.is_idle and n_ended == len(subjects):
                return
            desk.wait()
    finally:
        desk.clear()


class _Desk:
    """The subjects that are being searched, with their tasks."""

    def __init__(self, cluster: Cluster, checkpoint: Checkpoint) -> None:
        self._cluster = cluster
        self._files = self._submit(held, CheckpointFiles.of(checkpoint))
        self._searches: dict[str, SubjectSearch] = {}
        self._pairs: dict[str, Future] = {}
        self._tasks: dict[Future, str] = {}
        self._faults: dict[str, InputError] = {}
        self._arrived: queue.SimpleQueue[Future] = queue.SimpleQueue()

    @property
    def has_room(self) -> bool:
        """Whether the workers could do with more tasks; a subject counts even where all its nodes are known."""
        return max(len(self._tasks), len(self._searches)) < _TASKS_A_THREAD * max(1, self._cluster.n_threads)

    @property
    def is_idle(self) -> bool:
        return not self._searches

    @property
    def n_done(self) -> int:
        """Nodes scored, of the subjects at hand."""
        return sum(search.n_done for search in self._searches.values())

    def take(self, subject: str, search: SubjectSearch) -> None:
        """Begins with a subject."""
        self._searches[subject] = search
        self._send(subject)

    def ended(self) -> Iterator[tuple[str, SubjectSweep | InputError]]:
        """The subjects of whom nothing is left to do; they leave the desk."""
        busy = set(self._tasks.values())
        for subject in [subject for subject in self._searches if subject not in busy]:
            search = self._searches.pop(subject)
            self._pairs.pop(subject, None)
            yield subject, self._faults.pop(subject) if subject in self._faults else search.result()

    def wait(self) -> None:
        """Until something has come, which is kept; half a second at most.

        Raises:
            InputError: as of `search_cohort`.
        """
        self._cluster.look()
        try:
            future = self._arrived.get(timeout=_POLL_S)
            while True:
                self._keep(future)
                future = self._arrived.get_nowait()
        except queue.Empty:
            return

    def clear(self) -> None:
        """Cancels what is under way, where there is still somebody to tell."""
        with contextlib.suppress(Exception):
            self._cluster.client.cancel([*self._tasks, *self._pairs.values()], force=True)
        self._tasks.clear()

    def _send(self, subject: str) -> None:
        """Sends the nodes to register next, if there are any."""
        search = self._searches[subject]
        wanted = search.wanted()
        if wanted and subject not in self._pairs:
            self._pairs[subject] = self._submit(held, packed(search.pair, "displacement_error_vox" in search.metrics))
        for nodes in chunks(wanted, search.pair.grid_shape):
            future = self._submit(score, self._files, self._pairs[subject], nodes, search.metrics, versions())
            self._tasks[future] = subject
            future.add_done_callback(self._arrived.put)

    def _keep(self, future: Future) -> None:
        """Takes up what one task has found; after the last one of a round, the next."""
        self._cluster.require_scheduler()  # without it, all that comes is "cancelled"
        subject = self._tasks.pop(future)
        found = _found(future, subject)
        if isinstance(found, OtherVersion):
            raise found
        if isinstance(found, InputError):
            self._faults.setdefault(subject, found)
        else:
            self._searches[subject].keep(found)
        if subject not in self._faults and subject not in self._tasks.values():
            self._send(subject)

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        self._cluster.look()
        return self._cluster.client.submit(function, *arguments, pure=False, retries=_RETRIES)


def chunks(nodes: Sequence[Node], grid_shape: tuple[int, ...]) -> list[list[Node]]:
    """Nodes in tasks: whole batches of a worker where they are small, one by one where a node takes seconds.

    Example:
        >>> [len(chunk) for chunk in chunks([(0.0, 0.0)] * 70, (128, 128))]
        [32, 32, 6]
        >>> len(chunks([(0.0, 0.0)] * 3, (192, 128, 192)))
        3
    """
    size = max(1, min(_NODES_A_TASK, _VOXELS_A_TASK // math.prod(grid_shape)))
    size -= size % _TOGETHER if size > _TOGETHER else 0
    return [list(nodes[start : start + size]) for start in range(0, len(nodes), size)]


def _found(future: Future, subject: str) -> Any:
    """A task's scores, or why there are none."""
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        return InputError(
            f"{subject}: every worker that searched it died; finished nodes are kept.",
            cure="Give workers more memory: fewer of them to a machine, without --memory-limit",
        )
    return InputError(
        f"{subject}: a worker failed; finished nodes are kept.",
        received=f"{type(error).__name__}: {error}" if error is not None else f"the task is {future.status}",
        cure="Look at the worker's log, and repeat the command",
    )

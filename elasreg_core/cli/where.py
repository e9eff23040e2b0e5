"""Where a search runs: in this process, in several of this machine, or on a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from elasreg_core.cli.console import Bars
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.worker import this_worker

Load = Callable[[str], RegistrationPair]


def add_where_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say where."""
    group = parser.add_argument_group("where it runs (default: in this process, with all cores)")
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="on the workers of a dask.distributed cluster that you trust, e.g. tcp://10.0.0.1:8786",
    )
    either.add_argument("--workers", type=_workers, metavar="N", help="in N processes here, of one thread each")


def is_elsewhere(arguments: argparse.Namespace) -> bool:
    """Whether others than this process are to search."""
    return arguments.scheduler is not None or arguments.workers is not None


def require_possible_there(arguments: argparse.Namespace) -> None:
    """Raises InputError if something is asked for that only this process does."""
    if is_elsewhere(arguments) and arguments.bootstrap:
        raise InputError(
            "--bootstrap works in this process alone.",
            cure="Search with --scheduler or --workers first, then repeat the command with --bootstrap instead",
        )


def search_there(
    arguments: argparse.Namespace, checkpoint: Checkpoint, subjects: Sequence[str], load: Load, bars: Bars
) -> Iterator[tuple[str, SubjectSweep | InputError]]:
    """As `cluster.cohort.search_cohort`, on the cluster that the arguments name, which is closed at the end."""
    from elasreg_core.workspace.cluster.cohort import search_cohort
    from elasreg_core.workspace.cluster.connection import connected

    with connected(arguments.scheduler, arguments.workers) as cluster:
        bars.note(f"dashboard of the workers: {cluster.dashboard}")
        yield from search_cohort(
            *(cluster, checkpoint, subjects, load, arguments.grid, bars),
            adaptive=arguments.adaptive,
            criterion=arguments.criterion,
            also=arguments.also,
        )
    worker = this_worker()
    if worker is not None:
        worker.note("")  # nobody should follow the link any more


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes such as 2")
    return int(text)

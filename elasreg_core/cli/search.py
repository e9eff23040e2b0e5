"""`elasreg search`."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table
from elasreg_core.data.datasets import LAYOUTS, open_dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import choose_parameters
from elasreg_core.identification.sweep import CRITERIA, SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.lame import LameField
from elasreg_core.workspace.paths import find_family, store_path
from elasreg_core.workspace.searches import SubjectSearch
from elasreg_core.workspace.store import Store

if TYPE_CHECKING:
    from elasreg_core.registration.measured import Measured
    from elasreg_core.registration.registrar import Registrar


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("search", help="stage 2: sweep (λ, μ) per subject, choose per tissue")
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with elas-g")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    parser.add_argument("--subject", action="append", metavar="ID", help="only this subject (may be repeated)")
    parser.add_argument("--out", type=Path, required=True, metavar="sweep.csv")
    add_grid_to(parser)
    parser.add_argument("--criterion", choices=CRITERIA, default="dice")
    parser.set_defaults(run=run)


class LazyRegistrar:
    """A checkpoint's registrar, built at its first use: a search that is known already loads no TensorFlow."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    @functools.cached_property
    def _registrar(self) -> Registrar:
        from elasreg_core.registration.registrar import Registrar

        return Registrar(self.checkpoint)

    def displacement(self, pair: RegistrationPair, parameters: LameField) -> npt.NDArray[np.float32]:
        """As `Registrar.displacement`."""
        return self._registrar.displacement(pair, parameters)

    def measured(self, pair: RegistrationPair, nodes: Sequence[LameField]) -> Iterator[Measured]:
        """As `Registrar.measured`."""
        return self._registrar.measured(pair, nodes)


def add_grid_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which nodes a search visits."""
    parser.add_argument(
        "--grid", type=int, default=11, metavar="N", help="N × N nodes, λ = μ = 0 excluded (default 11)"
    )
    parser.add_argument(
        "--adaptive", action="store_true", help="visit only the nodes that the choice needs, about a third of them"
    )


def search_with_bar(
    registrar: LazyRegistrar,
    pair: RegistrationPair,
    grid: ParameterGrid,
    bars: Bars,
    *,
    adaptive: bool,
    criterion: str = "dice",
) -> SubjectSearch:
    """One subject's search, run with a progress bar and resumed from the workspace's store."""
    search = SubjectSearch(Store(store_path()), registrar.checkpoint, pair, grid, criterion, adaptive)
    done = bars.phase(f"searching {pair.id}", len(grid.nodes))
    done(search.n_done)
    for count in search.run(registrar.measured):
        done(count)
    done(len(grid.nodes))
    return search


def run(arguments: argparse.Namespace) -> int:
    """Searches every subject; a bad one is reported and costs nobody else's results."""
    family = find_family(arguments.checkpoint)
    checkpoint = family.member("elas-g")
    checkpoint.read_weights()
    if arguments.out.is_dir():
        raise InputError(
            f"{arguments.out} is a folder.", expected="the name of a CSV file", cure="Give a file as --out"
        )
    grid = ParameterGrid.regular(arguments.grid)
    dataset = open_dataset(arguments.data, arguments.dataset)
    registrar = LazyRegistrar(checkpoint)
    sweeps, faults, notes = [], list(dataset.faults), dict[str, None]()
    with Bars() as bars:
        for subject in arguments.subject or dataset.subjects:
            try:
                pair = dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues)
                notes |= dict.fromkeys(pair.notes)
                search = search_with_bar(
                    registrar, pair, grid, bars, adaptive=arguments.adaptive, criterion=arguments.criterion
                )
                sweeps.append(search.result())
            except InputError as fault:
                faults.append(str(fault))
    for note in notes:
        print(f"note: {note}")
    if sweeps:
        table = pd.concat([sweep.table for sweep in sweeps])
        write_atomic(arguments.out, table.to_csv(index=False))
        print_table(optima_table(sweeps, arguments.criterion))
        print(f"Chosen with each subject's own labels (an oracle). {len(table)} rows in {arguments.out}.")
    for sentence in faults:
        print(f"elasreg: {sentence}", file=sys.stderr)
    return 2 if faults else 0


def optima_table(sweeps: list[SubjectSweep], criterion: str) -> pd.DataFrame:
    """The chosen node per subject and tissue."""
    rows = []
    for sweep in sweeps:
        for optimum in choose_parameters(sweep, criterion):
            lam, mu = optimum.node or (float("nan"), float("nan"))
            remarks = ["edge of the grid"] * optimum.on_edge + [f"{optimum.ties} ties"] * bool(optimum.ties)
            rows.append(
                {
                    "subject": sweep.subject,
                    "tissue": optimum.tissue,
                    "lambda": lam,
                    "mu": mu,
                    criterion: optimum.value,
                    "plateau": optimum.plateau_fraction,  # of the nodes that were visited
                    "nodes": optimum.n_scored,
                    "remark": ", ".join(remarks) if optimum.node else "class absent, no optimum",
                }
            )
    return pd.DataFrame(rows)

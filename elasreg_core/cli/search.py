"""`elasreg search`."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
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


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("search", help="stage 2: sweep (λ, μ) per subject, choose per tissue")
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with elas-g")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    parser.add_argument("--subject", action="append", metavar="ID", help="only this subject (may be repeated)")
    parser.add_argument("--out", type=Path, required=True, metavar="sweep.csv")
    parser.add_argument(
        "--grid", type=int, default=11, metavar="N", help="N × N nodes, λ = μ = 0 excluded (default 11)"
    )
    parser.add_argument("--criterion", choices=CRITERIA, default="dice")
    parser.set_defaults(run=run)


def lazy_displace(checkpoint: Checkpoint) -> Callable[[RegistrationPair, LameField], np.ndarray]:
    """The checkpoint's displacement function; TensorFlow and the network are loaded at its first call."""

    @functools.cache
    def registrar() -> Any:
        from elasreg_core.registration.registrar import Registrar

        return Registrar(checkpoint)

    return lambda pair, parameters: registrar().displacement(pair, parameters)


def search_with_bar(
    checkpoint: Checkpoint, pair: RegistrationPair, grid: ParameterGrid, criterion: str, displace: Callable, bars: Bars
) -> SubjectSearch:
    """One subject's search, run with a progress bar and resumed from the workspace's store."""
    search = SubjectSearch(Store(store_path()), checkpoint, pair, grid, with_hd95=criterion == "hd95_mm")
    done = bars.phase(f"searching {pair.id}", len(grid.nodes))
    done(search.n_done)
    for count in search.run(displace):
        done(count)
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
    displace = lazy_displace(checkpoint)
    sweeps, faults, notes = [], list(dataset.faults), dict[str, None]()
    with Bars() as bars:
        for subject in arguments.subject or dataset.subjects:
            try:
                pair = dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues)
                notes |= dict.fromkeys(pair.notes)
                search = search_with_bar(checkpoint, pair, grid, arguments.criterion, displace, bars)
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
                    "plateau": optimum.plateau_fraction,
                    "remark": ", ".join(remarks) if optimum.node else "class absent, no optimum",
                }
            )
    return pd.DataFrame(rows)

"""`elasreg compare`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table
from elasreg_core.cli.search import lazy_displace, search_with_bar
from elasreg_core.data.datasets import LAYOUTS, open_dataset
from elasreg_core.errors import InputError
from elasreg_core.evaluation.comparison import compare_subject, table_one
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.workspace.paths import find_family


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("compare", help="the paper's Table 1 on a cohort: initial, elas-g, elas-sas")
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with elas-g and elas-sas")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    parser.add_argument("--grid", type=int, default=11, metavar="N", help="of the search (default 11)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="per_subject.csv and table.csv go here")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Searches and registers every subject; a bad one is reported and costs nobody else's results."""
    family = find_family(arguments.checkpoint)
    checkpoints = {model: family.member(model) for model in ("elas-g", "elas-sas")}
    card = checkpoints["elas-g"].card
    tissues = checkpoints["elas-g"].tissues
    grid = ParameterGrid.regular(arguments.grid)
    dataset = open_dataset(arguments.data, arguments.dataset)
    displace = {model: lazy_displace(checkpoint) for model, checkpoint in checkpoints.items()}
    rows: list[dict[str, object]] = []
    faults = list(dataset.faults)
    with Bars() as bars:
        for subject in dataset.subjects:
            try:
                pair = dataset.load(subject, card.preprocessing, tissues)
                sweep = search_with_bar(checkpoints["elas-g"], pair, grid, "dice", displace["elas-g"], bars)
                rows += compare_subject(pair, sweep, displace, card.background)
            except InputError as fault:
                faults.append(str(fault))
    if rows:
        per_subject = pd.DataFrame(rows)
        table = table_one(per_subject, tissues.names)
        write_atomic(arguments.out / "per_subject.csv", per_subject.to_csv(index=False))
        write_atomic(arguments.out / "table.csv", table.to_csv(index=False))
        print_table(table)
        print(f"Mean (SD) of {per_subject['subject'].nunique()} subjects; parameters chosen with their own labels.")
    for sentence in faults:
        print(f"elasreg: {sentence}", file=sys.stderr)
    return 2 if faults else 0

"""`elasreg compare`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table
from elasreg_core.cli.search import LazyRegistrar, add_grid_to, search_with_bar
from elasreg_core.data.datasets import LAYOUTS, Dataset, open_dataset
from elasreg_core.errors import InputError
from elasreg_core.evaluation.comparison import compare_subject, table_one, to_markdown
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.networks.checkpoint import Family
from elasreg_core.workspace.paths import find_family


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("compare", help="the paper's Table 1 on a cohort: initial, elas-g, elas-sas")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    parser.add_argument(
        "--models", nargs="+", required=True, metavar="NAME", help="checkpoint families with elas-g and elas-sas"
    )
    add_grid_to(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for per_subject.csv and the table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Searches and registers every subject; a bad one is reported and costs nobody else's results."""
    families = [find_family(name) for name in arguments.models]
    for family in families:
        for model in ("elas-g", "elas-sas"):
            family.member(model).read_weights()
    grid = ParameterGrid.regular(arguments.grid)
    dataset = open_dataset(arguments.data, arguments.dataset)
    faults = list(dataset.faults)
    for family in families:
        rows = _compare(family, dataset, grid, arguments.adaptive, faults)
        if rows.empty:
            continue
        card = family.member("elas-g").card
        out = arguments.out / family.name if len(families) > 1 else arguments.out
        table = table_one(rows, card.tissues)
        how = "adaptively on" if arguments.adaptive else "on"
        caption = (
            f"{family.name}: mean (SD) of {rows['subject'].nunique()} subjects; parameters chosen {how} a "
            f"{arguments.grid} × {arguments.grid} grid with the subjects' own labels (an oracle); trained with "
            f"{card.sampling} sampling and the elastic energy × {card.regularization_scale:g}."
        )
        write_atomic(out / "per_subject.csv", rows.to_csv(index=False))
        write_atomic(out / "table.csv", table.to_csv(index=False))
        write_atomic(out / "table.md", f"{to_markdown(table)}\n\n{caption}\n")
        print_table(table)
        print(caption)
    for sentence in faults:
        print(f"elasreg: {sentence}", file=sys.stderr)
    return 2 if faults else 0


def _compare(family: Family, dataset: Dataset, grid: ParameterGrid, adaptive: bool, faults: list[str]) -> pd.DataFrame:
    """All rows of one family; a subject that fails adds its sentence to `faults`."""
    checkpoints = {model: family.member(model) for model in ("elas-g", "elas-sas")}
    registrars = {model: LazyRegistrar(checkpoint) for model, checkpoint in checkpoints.items()}
    displace = {model: registrar.displacement for model, registrar in registrars.items()}
    identify = checkpoints["elas-g"]
    rows: list[dict[str, object]] = []
    with Bars() as bars:
        for subject in dataset.subjects:
            try:
                pair = dataset.load(subject, identify.card.preprocessing, identify.tissues)
                search = search_with_bar(registrars["elas-g"], pair, grid, bars, adaptive=adaptive)
                rows += compare_subject(pair, search.result(), displace, identify.card.background)
            except InputError as fault:
                faults.append(str(fault))
    return pd.DataFrame(rows)

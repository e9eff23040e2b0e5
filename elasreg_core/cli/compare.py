"""`elasreg compare`."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.comparison_files import write_comparison
from elasreg_core.cli.console import Bars, print_table, report_faults
from elasreg_core.cli.how_made import VALIDATION, files_of, keep_provenance
from elasreg_core.cli.search import add_bootstrap_to, add_grid_to, add_selection_to, add_split_to, selection_from
from elasreg_core.data.datasets import LAYOUTS
from elasreg_core.errors import InputError
from elasreg_core.evaluation.comparison import CHOICES
from elasreg_core.evaluation.statistics import between_families
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.workspace.comparisons import HowToCompare, compare_family
from elasreg_core.workspace.paths import find_family, open_data
from elasreg_core.workspace.saved_comparisons import forget_comparison


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("compare", help="the paper's Table 1 on a cohort, with tests and a report")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    add_split_to(parser)
    parser.add_argument(
        "--models", nargs="+", required=True, metavar="NAME", help="checkpoint families; all their models are compared"
    )
    parser.add_argument(
        "--choice",
        nargs="+",
        choices=list(CHOICES),
        default=["subject"],
        help="whose labels choose the parameters: "
        + "; ".join(f"{name}: {text}" for name, text in CHOICES.items()).replace("%", "%%"),
    )
    parser.add_argument(
        "--validation", type=Path, metavar="DIR", help="subjects for --choice cohort, in the same layout"
    )
    add_grid_to(parser)
    add_selection_to(parser)
    add_bootstrap_to(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="for tables, tests, curves and the report"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Searches and registers every subject; a bad one is reported and costs nobody else's results."""
    families = [find_family(name) for name in arguments.models]
    names = [family.name for family in families]
    if len(set(names)) < len(names):
        raise InputError(
            "Two families have one name, and so one folder for their results.",
            expected="families of different names",
            received=", ".join(names),
            cure="Compare them one by one, or rename a folder",
        )
    ParameterGrid.regular(arguments.grid)  # raises before anything is loaded
    dataset = open_data(arguments.data, arguments.dataset).part(arguments.split)
    validation = None if arguments.validation is None else open_data(arguments.validation, arguments.dataset)
    how = HowToCompare(
        arguments.grid,
        tuple(dict.fromkeys(arguments.choice)),
        selection_from(arguments),
        arguments.adaptive,
        validation,
        arguments.bootstrap,
    )
    how.require_others(dataset)
    faults = list(map(dataset.unplaced, dataset.faults))
    per_family: dict[str, pd.DataFrame] = {}
    written: list[Path] = []
    for family in families:
        with Bars() as bars:
            comparison = compare_family(family, dataset, how, bars)
        faults += comparison.faults
        if not comparison.rows.empty:
            if not per_family:
                forget_comparison(arguments.out)
            out = arguments.out / family.name if len(families) > 1 else arguments.out
            written += write_comparison(out, comparison, how, dataset)
            per_family[family.name] = comparison.rows
    if len(per_family) > 1:
        spread = between_families(per_family)
        write_atomic(arguments.out / "families.csv", spread.to_csv(index=False))
        print("Mean Dice of the same models in every family, their mean and standard deviation:")
        print_table(spread)
        written.append(arguments.out / "families.csv")
    if per_family:
        inputs = files_of(dataset)
        if validation is not None:
            inputs |= {f"{VALIDATION}/{name}": path for name, path in files_of(validation).items()}
        used = [checkpoint for family in families for checkpoint in family.members.values()]
        keep_provenance(arguments, arguments.out, written, inputs, used)
    return report_faults(faults, bool(per_family))

"""`elasreg compare`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table
from elasreg_core.cli.search import add_grid_to, add_selection_to, add_split_to, selection_from
from elasreg_core.data.datasets import LAYOUTS
from elasreg_core.evaluation.alignment_regularity import curves
from elasreg_core.evaluation.comparison import CHOICES, Comparison
from elasreg_core.evaluation.statistics import all_comparisons, between_families
from elasreg_core.evaluation.table_one import PAPER_NAME, TableOne, paper_rows, to_latex, to_markdown
from elasreg_core.figures.report import comparison_report
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.workspace.comparisons import HowToCompare, compare_family
from elasreg_core.workspace.paths import find_family, open_data


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
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="for tables, tests, curves and the report"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Searches and registers every subject; a bad one is reported and costs nobody else's results."""
    families = [find_family(name) for name in arguments.models]
    ParameterGrid.regular(arguments.grid)  # raises before anything is loaded
    dataset = open_data(arguments.data, arguments.dataset).part(arguments.split)
    validation = None if arguments.validation is None else open_data(arguments.validation, arguments.dataset)
    how = HowToCompare(
        arguments.grid,
        tuple(dict.fromkeys(arguments.choice)),
        selection_from(arguments),
        arguments.adaptive,
        validation,
    )
    faults = list(dataset.faults)
    per_family: dict[str, pd.DataFrame] = {}
    for family in families:
        with Bars() as bars:
            comparison = compare_family(family, dataset, how, bars)
        faults += comparison.faults
        if not comparison.rows.empty:
            out = arguments.out / family.name if len(families) > 1 else arguments.out
            _write(out, comparison, how, arguments.dataset)
            per_family[family.name] = comparison.rows
    if len(per_family) > 1:
        spread = between_families(per_family)
        write_atomic(arguments.out / "families.csv", spread.to_csv(index=False))
        print("Mean Dice of the same models in every family, their mean and standard deviation:")
        print_table(spread)
    for sentence in dict.fromkeys(faults):
        print(f"elasreg: {sentence}", file=sys.stderr)
    return 2 if faults else 0


def _write(out: Path, comparison: Comparison, how: HowToCompare, layout: str) -> None:
    """All files of one family, and the table on the terminal."""
    tissues = next(iter(comparison.family.members.values())).card.tissues
    table = TableOne.of(comparison.rows, tissues)
    tests = all_comparisons(comparison.rows, comparison.contenders)
    curve = curves(comparison.curve_rows)
    published = pd.DataFrame() if comparison.is_phantom else paper_rows(layout, tissues)
    note = caption(comparison, how)
    markdown = f"{to_markdown(table.cells(lambda text: f'**{text}**'))}\n\n{note}\n"
    if not published.empty:
        markdown += f"\n{PAPER_NAME}:\n\n{to_markdown(published)}\n"
    for name, content in {
        "per_subject.csv": comparison.rows.to_csv(index=False),
        "parameters.csv": comparison.parameters.to_csv(index=False),
        "curves.csv": curve.to_csv(index=False),
        "tests.csv": tests.to_csv(index=False),
        "table.csv": table.numbers().to_csv(index=False),
        "table.md": markdown,
        "table.tex": to_latex(table, note),
        "report.html": comparison_report(comparison, table, tests, curve, published, note),
    }.items():
        write_atomic(out / name, content)
    print_table(table.cells())
    print(note)
    if not published.empty:
        print(f"{PAPER_NAME}, Table 1:")
        print_table(published)
    if not tests.empty:
        print("Mean Dice, paired over the subjects (difference with its 95 % interval, Wilcoxon's p):")
        print_table(tests.drop(columns="metric"))
    print(f"8 files in {out}; report.html shows them.")


def caption(comparison: Comparison, how: HowToCompare) -> str:
    """What the numbers are: whose, how many, chosen how, trained how."""
    card = next(iter(comparison.family.members.values())).card
    chosen = "; ".join(f"{choice}: {CHOICES[choice]}" for choice in how.choices)
    return (
        f"{comparison.family.name}: mean (SD) of {comparison.rows['subject'].nunique()} subjects. Parameters: "
        f"{how.selection.sentence}, {'adaptively on' if how.adaptive else 'on'} a {how.steps} × {how.steps} grid of "
        f"(λ, μ), {how.steps**2} values of diffusion's λ, without 0; chosen {chosen}. Trained with {card.sampling} "
        f"sampling, the energy of the {card.regularized} × {card.regularization_scale:g}."
    )

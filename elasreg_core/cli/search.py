"""`elasreg search`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars, print_table, report_faults
from elasreg_core.cli.how_made import files_of, keep_provenance
from elasreg_core.cli.where import Load, add_where_to, is_elsewhere, require_possible_there, search_there
from elasreg_core.data.datasets import LAYOUTS
from elasreg_core.data.datasets.splits import SPLITS
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.bootstrap import ChosenAgain, certainty
from elasreg_core.identification.criteria import CRITERIA, ON_DEMAND
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import RULES, Selection, choose_parameters, require_every_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import ELASTIC
from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.workspace.paths import find_family, open_data
from elasreg_core.workspace.searches import search_subject
from elasreg_core.workspace.worker import this_worker


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("search", help="stage 2: sweep (λ, μ) per subject, choose per tissue")
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with the model")
    parser.add_argument(
        "--model", choices=GLOBAL_MODELS, default="elas-g", help="the global network that is swept (default elas-g)"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=list(LAYOUTS), required=True, help="the layout on disk")
    add_split_to(parser)
    parser.add_argument("--subject", nargs="+", action="extend", metavar="ID", help="only these subjects")
    parser.add_argument(
        "--out", type=Path, metavar="sweep.csv", help="tables of all nodes and of what was chosen (default: none)"
    )
    parser.add_argument(
        "--also", nargs="+", choices=list(ON_DEMAND), default=[], help="what to score beside Dice and the criterion"
    )
    add_grid_to(parser)
    add_selection_to(parser)
    add_bootstrap_to(parser)
    add_where_to(parser)
    parser.set_defaults(run=run)


GLOBAL_MODELS = [name for name, model in MODELS.items() if not model.is_adaptive]


def add_split_to(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says which part of a data set is meant."""
    parser.add_argument("--split", choices=SPLITS, help="only this part of acdc, nlst or lungct (default: all)")


def add_grid_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which nodes a search visits."""
    parser.add_argument(
        "--grid",
        type=int,
        default=11,
        metavar="N",
        help="N × N nodes (λ, μ), or N² values of the diffusion models' λ, without 0 (default 11)",
    )
    parser.add_argument(
        "--adaptive", action="store_true", help="visit only the nodes that the choice needs, about a third of them"
    )


def add_selection_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say how parameters are chosen from a search."""
    group = parser.add_argument_group("how parameters are chosen")
    group.add_argument("--criterion", choices=CRITERIA, default="dice", help="what is best (default dice, the paper's)")
    group.add_argument(
        "--rule",
        choices=RULES,
        default="argmax",
        help="the best node (default, the paper's), or the most regular of all that are nearly as good",
    )
    group.add_argument("--max-folding", type=float, metavar="PERCENT", help="leave out nodes that fold more than this")
    group.add_argument("--max-sdlogj", type=float, metavar="SD", help="leave out nodes whose motion is more irregular")
    group.add_argument("--tolerance", type=float, metavar="T", help="of the plateau, in the criterion's unit")


def add_bootstrap_to(parser: argparse.ArgumentParser) -> None:
    """Adds the option that asks how sure a choice is."""
    parser.add_argument(
        "--bootstrap",
        type=_count,
        default=0,
        metavar="N",
        help="choose again N times on images whose parts are drawn anew: how sure is the choice by Dice?",
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of times such as 200")
    return int(text)


def selection_from(arguments: argparse.Namespace) -> Selection:
    """What those options say."""
    selection = Selection(
        arguments.criterion, arguments.rule, arguments.tolerance, arguments.max_folding, arguments.max_sdlogj
    )
    require_every_node(selection, arguments.adaptive)
    return selection


def run(arguments: argparse.Namespace) -> int:
    """Searches every subject; a bad one is reported and costs nobody else's results."""
    worker = this_worker()
    if worker is not None:
        worker.wait_for_turn()
    family = find_family(arguments.checkpoint)
    checkpoint = family.member(arguments.model)
    checkpoint.read_weights()
    selection = selection_from(arguments)
    if arguments.out is not None and arguments.out.is_dir():
        raise InputError(
            f"{arguments.out} is a folder.", expected="the name of a CSV file", cure="Give a file as --out"
        )
    ParameterGrid.for_checkpoint(arguments.grid, checkpoint)  # raises before anything is loaded
    require_possible_there(arguments)
    dataset = open_data(arguments.data, arguments.dataset).part(arguments.split)
    subjects = tuple(dict.fromkeys(arguments.subject or dataset.subjects))
    found, certain, faults, notes = dict[str, SubjectSweep](), [], list(dataset.faults), dict[str, None]()

    def load(subject: str) -> RegistrationPair:
        pair = dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues)
        notes.update(dict.fromkeys(pair.notes))
        return pair

    with Bars() as bars:
        search = search_there if is_elsewhere(arguments) else _search_here
        for subject, result in search(arguments, checkpoint, subjects, load, bars):
            if isinstance(result, InputError):
                faults.append(str(result))
            elif isinstance(result, SubjectSweep):
                found[subject] = result
            else:
                certain += certainty_rows(subject, result)
    sweeps = [found[subject] for subject in subjects if subject in found]
    for note in notes:
        print(f"note: {note}")
    if sweeps:
        optima = optima_table(sweeps, selection)
        print_table(optima)
        print(f"Chosen: {selection.sentence}, {selection.honesty}.", _written(arguments.out, sweeps, optima, certain))
        if arguments.out is not None:
            inputs = files_of(dataset, [sweep.subject for sweep in sweeps])
            keep_provenance(arguments, arguments.out, [arguments.out, _beside(arguments.out)], inputs, [checkpoint])
    if certain:
        print(f"How sure: the argmax of Dice in {arguments.bootstrap} images whose blocks of voxels are drawn anew.")
        print_table(pd.DataFrame(certain))
    return report_faults(faults, bool(sweeps))


def _search_here(
    arguments: argparse.Namespace, checkpoint: Checkpoint, subjects: Sequence[str], load: Load, bars: Bars
) -> Iterator[tuple[str, SubjectSweep | list[ChosenAgain] | InputError]]:
    """Every subject's sweep, in this process; after it, where that is asked for, how sure its choice is."""
    registrar = LazyRegistrar(checkpoint)
    for subject in subjects:
        try:
            pair = load(subject)
            search = search_subject(
                *(registrar, pair, arguments.grid, bars),
                adaptive=arguments.adaptive,
                criterion=arguments.criterion,
                also=arguments.also,
            )
            yield subject, search.result()
            if arguments.bootstrap:
                yield subject, certainty(registrar.measured, pair, search.grid.nodes, arguments.bootstrap)
        except InputError as fault:
            yield subject, fault


def _written(
    out: Path | None, sweeps: list[SubjectSweep], optima: pd.DataFrame, certain: list[dict[str, object]]
) -> str:
    """Writes both tables, if they are wanted; says where what is."""
    if out is None:
        return "The nodes are in the workspace's store."
    table = pd.concat([sweep.table for sweep in sweeps])
    write_atomic(out, table.to_csv(index=False))
    chosen = _beside(out)
    write_atomic(chosen, _with(optima, certain).to_csv(index=False))
    return f"{len(table)} rows in {out}, what was chosen and how sure that is in {chosen.name}."


def _beside(out: Path) -> Path:
    """Where the table of choices lies."""
    return out.with_name(f"{out.stem}-chosen.csv")


def _with(optima: pd.DataFrame, certain: list[dict[str, object]]) -> pd.DataFrame:
    """The choices, with what the bootstrap says of them if it was asked for."""
    if not certain:
        return optima
    return optima.merge(pd.DataFrame(certain).rename(columns={"nodes": "nodes chosen"}), "left", ["subject", "tissue"])


def certainty_rows(subject: str, again: list[ChosenAgain]) -> list[dict[str, object]]:
    """One row per tissue: how often the same node is chosen again, and where the middle 95 % lie."""
    rows = []
    for of in again:
        if of.node is not None:
            ranges = zip(ELASTIC.parameters, of.low, of.high, strict=False)
            intervals = {f"{name} 95 %": f"{low:.2g} to {high:.2g}" for name, low, high in ranges}
            rows.append(
                {"subject": subject, "tissue": of.tissue, "same node": of.share, **intervals, "nodes": of.n_nodes}
            )
    return rows


def optima_table(sweeps: list[SubjectSweep], selection: Selection) -> pd.DataFrame:
    """The chosen node per subject and tissue."""
    rows = []
    for sweep in sweeps:
        for optimum in choose_parameters(sweep, selection):
            remarks = ["edge of the grid"] * optimum.on_edge + [f"{optimum.ties} ties"] * bool(optimum.ties)
            node = optimum.node or (float("nan"),) * len(sweep.grid.axes)
            rows.append(
                {
                    "subject": sweep.subject,
                    "tissue": optimum.tissue,
                    **dict(zip(ELASTIC.parameters, node, strict=False)),
                    selection.criterion: optimum.value,
                    "plateau": optimum.plateau_fraction,  # of the nodes that were visited
                    "nodes": optimum.n_scored,
                    "remark": ", ".join(remarks) if optimum.node else "no optimum: the criterion is undefined",
                }
            )
    return pd.DataFrame(rows)

"""`elasreg register`."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from elasreg_core import __version__
from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars
from elasreg_core.cli.search import LazyRegistrar, add_grid_to, search_with_bar
from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import Scores, score_displacement
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import best_node, choose_parameters, lame_field
from elasreg_core.metrics import shown
from elasreg_core.networks.checkpoint import Family
from elasreg_core.physics.lame import LameField
from elasreg_core.workspace.paths import find_family


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("register", help="stage 3: register one pair with tissue-wise parameters")
    parser.add_argument("--moving", type=Path, required=True, metavar="M")
    parser.add_argument("--fixed", type=Path, required=True, metavar="F")
    parser.add_argument("--fixed-labels", type=Path, required=True, metavar="L")
    parser.add_argument("--moving-labels", type=Path, metavar="L2", help="needed to identify the parameters")
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with elas-g and elas-sas")
    parser.add_argument("--parameters", type=Path, metavar="JSON", help='{"tissue": {"lambda": 0.1, "mu": 0.3}, …}')
    add_grid_to(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Identifies the parameters unless given, registers, writes the results."""
    family = find_family(arguments.checkpoint)
    adaptive = family.member("elas-sas")
    for checkpoint in [adaptive] if arguments.parameters else [family.member("elas-g"), adaptive]:
        checkpoint.read_weights()
    if arguments.out.exists() and not arguments.out.is_dir():
        raise InputError(f"{arguments.out} is a file.", expected="a folder", cure="Choose another --out")
    case = Case(
        id=arguments.fixed.name.split(".")[0],
        moving=arguments.moving,
        fixed=arguments.fixed,
        moving_labels=arguments.moving_labels,
        fixed_labels=arguments.fixed_labels,
    )
    pair = load_case(case, adaptive.card.preprocessing, adaptive.tissues)
    for note in pair.notes:
        print(f"note: {note}")

    started = time.perf_counter()
    if arguments.parameters is not None:
        parameters = read_parameters(arguments.parameters, adaptive.tissues, adaptive.card.background)
        choice = {"parameters_from": "given"}
    else:
        parameters, choice = _identify(family, pair, ParameterGrid.regular(arguments.grid), arguments.adaptive)
    seconds = {"identify": time.perf_counter() - started}

    from elasreg_core.registration.export import write_registration
    from elasreg_core.registration.registrar import Registrar

    registration = Registrar(adaptive).register(pair, parameters)
    seconds["register"] = registration.seconds
    files = write_registration(arguments.out, pair, registration)
    initial, registered = score_displacement(pair), score_displacement(pair, registration.displacement)
    metrics = {
        "initial": initial.to_dict(),
        "registered": registered.to_dict(),
        "parameters": parameters.by_tissue(pair.tissues.names),
        "checkpoints": {
            c.card.model: {"name": c.name, "sha256": c.card.weights_sha256} for c in family.members.values()
        },
        "seconds": seconds,
        "provenance": {
            "elasreg": __version__,
            **choice,
            "preprocessing": asdict(adaptive.card.preprocessing),
            "regularization_scale": adaptive.card.regularization_scale,
            "sampling": adaptive.card.sampling,
            "notes": list(pair.notes),
        },
    }
    write_atomic(arguments.out / "metrics.json", json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")
    _print(pair, initial, registered, parameters)
    print(f"{len(files) + 1} files in {arguments.out}.")


def read_parameters(path: Path, tissues: TissueTable, background: tuple[float, float]) -> LameField:
    """Reads `{"tissue": {"lambda": …, "mu": …}, …}`; `background` may be among them.

    Raises:
        InputError: no such file, not JSON, or not one λ and μ for every tissue.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", cure="Check the path")
    try:
        table = json.loads(path.read_text())
        given = {name: (float(value["lambda"]), float(value["mu"])) for name, value in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} does not hold parameters.",
            expected='{"tissue": {"lambda": 0.1, "mu": 0.3}, …} for ' + ", ".join(tissues.names),
            received=f"{type(error).__name__}: {error}",
        ) from error
    return LameField.from_tissues(given, tissues.names, background)


def _identify(
    family: Family, pair: RegistrationPair, grid: ParameterGrid, adaptive: bool
) -> tuple[LameField, dict[str, Any]]:
    checkpoint = family.member("elas-g")
    with Bars() as bars:
        search = search_with_bar(LazyRegistrar(checkpoint), pair, grid, bars, adaptive=adaptive)
    sweep = search.result()
    optima = choose_parameters(sweep)
    field = lame_field(optima, best_node(sweep, "mean"), pair.tissues.names, checkpoint.card.background)
    choice = {
        "parameters_from": "argmax of the class-wise Dice over the global network's sweep, "
        "with this pair's own labels (an oracle)",
        "grid_nodes": len(grid.nodes),
        "adaptive": adaptive,
        "nodes_scored": search.n_done,
        "nodes_computed": search.n_done - search.n_known,  # "seconds" counts these, and loading the network
        "chosen": [optimum.message for optimum in optima],
    }
    return field, choice


def _print(pair: RegistrationPair, initial: Scores, registered: Scores, parameters: LameField) -> None:
    print(f"{'':<12}{'λ':>8}{'μ':>8}{'Dice before':>14}{'after':>10}")
    for label, name in pair.tissues:
        row = f"{name:<12}{parameters.lam[label]:>8g}{parameters.mu[label]:>8g}"
        print(row + f"{shown(initial.dice[name]):>14}{shown(registered.dice[name]):>10}")
    print(f"{'mean':<28}{shown(initial.mean_dice):>14}{shown(registered.mean_dice):>10}")
    print(f"folding {registered.neg_jacobian_percent:.3f} % of the image's voxels")

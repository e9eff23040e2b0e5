"""`elasreg register`."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import Bars
from elasreg_core.cli.how_made import ROLES, keep_provenance, named_files
from elasreg_core.cli.parameters_file import add_model_to, networks_of, read_parameters
from elasreg_core.cli.search import add_grid_to, add_selection_to, selection_from
from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.evaluation.registration_metrics import registration_metrics
from elasreg_core.evaluation.scores import Scores, score_displacement
from elasreg_core.identification.refinement import refine
from elasreg_core.metrics import shown
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.identification import identify
from elasreg_core.workspace.paths import find_family

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registrar

REPORT = "report.html"


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("register", help="stage 3: register one pair with tissue-wise parameters")
    parser.add_argument("--moving", type=Path, required=True, metavar="M")
    parser.add_argument("--fixed", type=Path, required=True, metavar="F")
    parser.add_argument("--fixed-labels", type=Path, required=True, metavar="L")
    parser.add_argument("--moving-labels", type=Path, metavar="L2", help="needed to identify the parameters")
    parser.add_argument("--moving-keypoints", type=Path, metavar="CSV", help="i,j,k a line, in voxels of M")
    parser.add_argument("--fixed-keypoints", type=Path, metavar="CSV", help="the same points in F, for the TRE")
    parser.add_argument(
        "--id", default="pair", metavar="NAME", help="what report and picture call the pair; no file's name is in them"
    )
    add_model_to(parser)
    parser.add_argument(
        "--refine",
        action="store_true",
        help="improve them by gradient, all tissues jointly (adaptive models; an oracle)",
    )
    parser.add_argument(
        "--instance-steps",
        type=int,
        default=0,
        metavar="N",
        help="then N steps of gradient on this pair's own loss, from the network's motion on, e.g. 100",
    )
    add_grid_to(parser)
    add_selection_to(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Identifies the parameters unless given, registers, writes the results."""
    family = find_family(arguments.checkpoint)
    checkpoint = family.member(arguments.model)
    used = networks_of(arguments, family)
    for needed in used:
        needed.read_weights()
    selection = selection_from(arguments)
    if arguments.refine and not checkpoint.is_adaptive:
        raise InputError(
            f"{arguments.model} has one setting for the whole image, and nothing to refine jointly.",
            expected="an adaptive model",
            received=arguments.model,
            cure="Leave out --refine, or register with " + arguments.model.removesuffix("g") + "sas",
        )
    if arguments.instance_steps < 0:
        raise InputError(
            "Steps are counted from 0.", expected="--instance-steps 100", received=arguments.instance_steps
        )
    if arguments.out.exists() and not arguments.out.is_dir():
        raise InputError(f"{arguments.out} is a file.", expected="a folder", cure="Choose another --out")
    case = Case(
        id=arguments.fixed.name.split(".")[0],
        moving=arguments.moving,
        fixed=arguments.fixed,
        moving_labels=arguments.moving_labels,
        fixed_labels=arguments.fixed_labels,
        moving_keypoints=arguments.moving_keypoints,
        fixed_keypoints=arguments.fixed_keypoints,
    )
    pair = load_case(case, checkpoint.card.preprocessing, checkpoint.tissues)
    for note in pair.notes:
        print(f"note: {note}")

    started = time.perf_counter()
    if arguments.parameters is not None:
        parameters = read_parameters(arguments.parameters, checkpoint)
        choice = {"parameters_from": "given"}
    else:
        with Bars() as bars:
            parameters, choice = identify(
                family, checkpoint.model, pair, selection, bars, steps=arguments.grid, adaptive=arguments.adaptive
            )

    from elasreg_core.registration.registrar import Registrar

    registrar = Registrar(checkpoint)
    if arguments.refine:
        refined = refine(registrar.soft_dice(pair), parameters)
        parameters = refined.parameters
        choice["refined"] = f"by gradient, mean soft Dice {refined.before:.4f} → {refined.after:.4f} (an oracle)"
    seconds_to_identify = time.perf_counter() - started
    registration = _registered(registrar, pair, parameters, arguments.instance_steps, choice)
    initial, registered = score_displacement(pair), score_displacement(pair, registration.displacement)
    metrics = registration_metrics(
        *(pair, registration, initial, registered, family, arguments.model, choice, seconds_to_identify)
    )
    pair = replace(pair, id=arguments.id)  # file names tell of patients as easily as headers do
    written = _write(arguments.out, pair, case.moving_labels, registration, initial, registered, metrics)
    _print(pair, initial, registered, parameters)
    keep_provenance(arguments, arguments.out, written, named_files(arguments, *ROLES), used)
    print(f"{len(written) + 1} files in {arguments.out}; {arguments.out / REPORT} shows them.")


def _registered(
    registrar: Registrar, pair: RegistrationPair, parameters: ParameterField, steps: int, choice: dict[str, Any]
) -> Registration:
    """By the network alone, or improved on the pair; that is noted with the choice."""
    if steps == 0:
        return registrar.register(pair, parameters)
    with Bars() as bars:
        done = bars.phase("optimizing on this pair", steps)
        registration, found = registrar.optimized(pair, parameters, steps, done)
    choice["instance"] = f"{steps} steps on this pair, loss {found.before:.4f} → {found.after:.4f}"
    return registration


def _write(
    out: Path,
    pair: RegistrationPair,
    moving_labels: Path | None,
    registration: Registration,
    initial: Scores,
    registered: Scores,
    metrics: dict[str, Any],
) -> list[Path]:
    """Writes everything; returns the files."""
    from elasreg_core.figures.registration_report import registration_report
    from elasreg_core.figures.summary import summary_png
    from elasreg_core.registration.export import write_in_original_space, write_registration

    written = [
        *write_registration(out, pair, registration).values(),
        *write_in_original_space(out / "original", pair, registration, moving_labels).values(),
    ]
    described: dict[str, str | bytes] = {
        "metrics.json": json.dumps(metrics, indent=2, ensure_ascii=False) + "\n",
        "summary.png": summary_png(pair, registration, initial, registered),
        REPORT: registration_report(pair, registration, metrics),
    }
    for name, content in described.items():
        write_atomic(out / name, content)
    return written + [out / name for name in described]


def _print(pair: RegistrationPair, initial: Scores, registered: Scores, parameters: ParameterField) -> None:
    regularizer = parameters.regularizer
    print(f"{'':<12}" + "".join(f"{symbol:>8}" for symbol in regularizer.symbols) + f"{'Dice before':>14}{'after':>10}")
    for label, name in pair.tissues:
        row = f"{name:<12}" + "".join(f"{value:>8.3g}" for value in parameters.nodes[label])
        print(row + f"{shown(initial.dice[name]):>14}{shown(registered.dice[name]):>10}")
    width = 12 + 8 * len(regularizer.symbols)
    print(f"{'mean':<{width}}{shown(initial.mean_dice):>14}{shown(registered.mean_dice):>10}")
    print(f"folding {registered.neg_jacobian_percent:.3f} % of the image's voxels")

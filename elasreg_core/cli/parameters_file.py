"""Which model registers, and the parameters that it may be given as a JSON file."""

from __future__ import annotations

import argparse
from pathlib import Path

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint, Family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.tables import read_json


def add_model_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say with what to register."""
    parser.add_argument("--checkpoint", required=True, metavar="NAME|DIR", help="a family with the model")
    parser.add_argument(
        "--model",
        choices=list(MODELS),
        default="elas-sas",
        help="with which to register (default elas-sas; an adaptive one is searched with its global one)",
    )
    parser.add_argument("--parameters", type=Path, metavar="JSON", help='{"tissue": {"lambda": 0.1, "mu": 0.3}, …}')


def networks_of(arguments: argparse.Namespace, family: Family) -> list[Checkpoint]:
    """What those options make use of: the model, after the global network that is searched if nothing is given."""
    checkpoint = family.member(arguments.model)
    return [checkpoint] if arguments.parameters else [family.member(checkpoint.model.global_name), checkpoint]


def read_parameters(path: Path, checkpoint: Checkpoint) -> ParameterField:
    """Reads `{"tissue": {"lambda": …, "mu": …}, …}`; `background` may be among them. Diffusion has no "mu".

    Raises:
        InputError: no such file, not JSON, or not the regularizer's parameters for every tissue.
    """
    tissues, regularizer = checkpoint.tissues, checkpoint.model.regularizer
    expected = f"{{tissue: {{{', '.join(regularizer.parameters)}}}, …}} for " + ", ".join(tissues.names)
    table = read_json(path, expected)
    try:
        given = {tissue: tuple(float(of[name]) for name in regularizer.parameters) for tissue, of in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} does not hold parameters.",
            expected=expected,
            received=f"{type(error).__name__}: {error}",
        ) from error
    return ParameterField.from_tissues(given, tissues.names, checkpoint.card.background)

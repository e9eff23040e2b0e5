"""Parameters given as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.physics.parameters import Node, ParameterField, Regularizer


def read_parameters(path: Path, tissues: TissueTable, background: Node, regularizer: Regularizer) -> ParameterField:
    """Reads `{"tissue": {"lambda": …, "mu": …}, …}`; `background` may be among them. Diffusion has no "mu".

    Raises:
        InputError: no such file, not JSON, or not the regularizer's parameters for every tissue.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", cure="Check the path")
    try:
        table = json.loads(path.read_text())
        given = {tissue: tuple(float(of[name]) for name in regularizer.parameters) for tissue, of in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} does not hold parameters.",
            expected=f"{{tissue: {{{', '.join(regularizer.parameters)}}}, …}} for " + ", ".join(tissues.names),
            received=f"{type(error).__name__}: {error}",
        ) from error
    return ParameterField.from_tissues(given, tissues.names, background)

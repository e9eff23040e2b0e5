"""Weights by name: VoxelMorph's names, without TensorFlow's `:0`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError

NAME = "elasreg"  #: of every network, and so the beginning of all its weights' names


def by_name(variables: Iterable[Any]) -> dict[str, Any]:
    """TensorFlow's variables by the name that their values have in a checkpoint."""
    return {str(variable.name).removesuffix(":0"): variable for variable in variables}


def require_weights(weights: Mapping[str, npt.NDArray[np.float32]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises InputError unless the weights have just the names and shapes of a network."""
    if set(shapes) != set(weights):
        odd = sorted(set(shapes) ^ set(weights))
        raise InputError(
            "The weights are those of another network.",
            expected=f"{len(shapes)} arrays",
            received=f"{len(weights)} arrays; {odd[0]} is not in both",
        )
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise InputError(
                f"The weight {name} has another shape than the network described in model.json.",
                expected=shape,
                received=weights[name].shape,
            )

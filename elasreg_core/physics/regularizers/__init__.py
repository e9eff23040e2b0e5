"""The regularizers: one module each, found by its constant `REGULARIZER`. Listing them does not load TensorFlow.

Beside the constant, a module has the function `energy_density(displacement, *maps)`, whose mean over the voxels is what
a network is trained with. It imports TensorFlow when it is called, and takes

    displacement    shape (B, X, Y[, Z], D), in voxels
    maps            one for each of the regularizer's parameters, in their order, each of shape (B, X, Y[, Z]), or
                    (B, 1, 1[, 1]) for one value per sample

and returns the energy of every voxel of a grid that may be smaller, shape (B, …).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elasreg_core.modules import modules_with
from elasreg_core.physics.parameters import Regularizer

_PAPERS = ("diffusion", "elastic")  # in the order of its Table 1
_FOUND = {module.REGULARIZER.name: module for module in modules_with(__name__, "REGULARIZER")}
_NAMES = sorted(_FOUND, key=lambda name: (name not in _PAPERS, name))

REGULARIZERS: dict[str, Regularizer] = {name: _FOUND[name].REGULARIZER for name in _NAMES}
ENERGIES: dict[str, Callable[..., Any]] = {name: _FOUND[name].energy_density for name in _NAMES}

__all__ = ["ENERGIES", "REGULARIZERS"]

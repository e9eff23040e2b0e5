"""Gradient refinement: from the grid's class-wise optima, uphill on soft Dice through the adaptive network.

The grid chooses every tissue's parameters with one (λ, μ) for the whole image; the adaptive network then sees them
together. As it is differentiable in its parameters, all classes can be improved jointly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from elasreg_core.physics.parameters import ParameterField

#: Soft Dice of a parameter vector, and its gradient: `Registrar.soft_dice` of an adaptive checkpoint for one pair.
SoftDice = Callable[[npt.NDArray[np.float32]], tuple[float, npt.NDArray[np.float32]]]


@dataclass(frozen=True)
class Refinement:
    """What the refinement found.

    Attributes:
        parameters: the refined ones; the background's are as they were.
        before, after: mean soft Dice of both; after is never the smaller.
        passes: of the network with its gradient.
    """

    parameters: ParameterField
    before: float
    after: float
    passes: int


def refine(soft_dice: SoftDice, start: ParameterField, max_iterations: int = 10) -> Refinement:
    """A few steps of L-BFGS-B within [0, 1], all tissues jointly.

    Args:
        soft_dice: mean over the tissues, to be made large.
        start: the class-wise optima.
        max_iterations: of the optimizer; each takes one pass or a few.
    """
    vector = start.adaptive_vector()
    n_classes = len(start.nodes)
    free = np.arange(len(vector)) % n_classes != 0  # class 0 is the background

    def loss(tissues: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        at = vector.copy()
        at[free] = tissues
        value, gradient = soft_dice(at)
        return -value, -gradient[free].astype(np.float64)

    before, _ = soft_dice(vector)
    bounds = [(0.0, 1.0)] * int(free.sum())
    found = minimize(
        loss, vector[free], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_iterations}
    )
    if -found.fun <= before:
        return Refinement(start, before, before, found.nfev + 1)
    refined = vector.astype(np.float64)
    refined[free] = np.clip(found.x, 0, 1)
    return Refinement(
        ParameterField.from_adaptive_vector(refined, start.regularizer), before, float(-found.fun), found.nfev + 1
    )

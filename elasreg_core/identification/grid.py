"""The grid of parameters that a sweep visits: (λ, μ) of the elastic regularizer, λ of the diffusion one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import ELASTIC, Node, Regularizer


@dataclass(frozen=True)
class ParameterGrid:
    """All combinations of some λ and some μ, or some λ.

    Attributes:
        axes: ascending values in [0, 1] of each parameter.
        include_origin: whether the node without any regularizer, λ = μ = 0, belongs to it. By default it does not.
        simplex: whether only nodes with λ + μ ≤ 1 do, for networks that were trained on those.
    """

    axes: tuple[tuple[float, ...], ...]
    include_origin: bool = False
    simplex: bool = False

    def __post_init__(self) -> None:
        for name, values in zip(ELASTIC.symbols, self.axes, strict=False):
            ascending = all(low < high for low, high in pairwise(values))
            if not values or not ascending or not (values[0] >= 0 and values[-1] <= 1):
                raise InputError(f"The grid's {name} must ascend within [0, 1].", received=values)
        if not self.nodes:
            raise InputError("The grid has no node.", received="λ = μ = 0 alone", cure="Add other values")

    @classmethod
    def regular(
        cls, steps: int, regularizer: Regularizer = ELASTIC, *, include_origin: bool = False, simplex: bool = False
    ) -> ParameterGrid:
        """`steps` equidistant values from 0 to 1 for λ and for μ; 11 in the reference code.

        The single λ of diffusion takes `steps`² values, so that two regularizers are compared with as many candidates.

        Example:
            >>> len(ParameterGrid.regular(11).nodes)  # 11 × 11, the origin excluded
            120

        Raises:
            InputError: fewer than 2 steps.
        """
        if steps < 2:
            raise InputError("A grid needs at least 2 steps.", received=steps)
        n_axes = len(regularizer.parameters)
        count = steps ** (len(ELASTIC.parameters) // n_axes)
        values = tuple(round(float(value), 6) for value in np.linspace(0, 1, count))
        return cls((values,) * n_axes, include_origin, simplex)

    @classmethod
    def for_checkpoint(cls, steps: int, checkpoint: Checkpoint) -> ParameterGrid:
        """The regular grid of a checkpoint's parameters, within what it was trained on."""
        return cls.regular(steps, checkpoint.model.regularizer, simplex=checkpoint.card.sampling == "simplex")

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, λ slowest."""
        return tuple(
            node
            for node in product(*self.axes)
            if (self.include_origin or any(node)) and not (self.simplex and sum(node) > 1 + 1e-6)
        )

    def on_edge(self, node: Node) -> bool:
        """Whether a node has the smallest or largest λ or μ of the grid: the optimum may lie beyond."""
        return any(value in (values[0], values[-1]) for value, values in zip(node, self.axes, strict=True))

"""The grid of (λ, μ) that a sweep visits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from elasreg_core.errors import InputError

Node = tuple[float, float]


@dataclass(frozen=True)
class ParameterGrid:
    """All combinations of some λ and some μ.

    Attributes:
        lam, mu: ascending values in [0, 1].
        include_origin: whether λ = μ = 0, no regularizer at all, is a node. By default it is not.
    """

    lam: tuple[float, ...]
    mu: tuple[float, ...]
    include_origin: bool = False

    def __post_init__(self) -> None:
        for name, values in (("λ", self.lam), ("μ", self.mu)):
            ascending = all(low < high for low, high in pairwise(values))
            if not values or not ascending or not (values[0] >= 0 and values[-1] <= 1):
                raise InputError(f"The grid's {name} must ascend within [0, 1].", received=values)
        if not self.nodes:
            raise InputError("The grid has no node.", received="λ = μ = 0 alone", cure="Add other values")

    @classmethod
    def regular(cls, steps: int, include_origin: bool = False) -> ParameterGrid:
        """`steps` equidistant values from 0 to 1 for each parameter; 11 in the reference code.

        Example:
            >>> len(ParameterGrid.regular(11).nodes)  # 11 × 11, the origin excluded
            120

        Raises:
            InputError: fewer than 2 steps.
        """
        if steps < 2:
            raise InputError("A grid needs at least 2 steps.", received=steps)
        values = tuple(round(float(value), 6) for value in np.linspace(0, 1, steps))
        return cls(values, values, include_origin)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """(λ, μ) of every node, λ slowest."""
        return tuple((lam, mu) for lam in self.lam for mu in self.mu if self.include_origin or (lam, mu) != (0.0, 0.0))

    def on_edge(self, node: Node) -> bool:
        """Whether a node has the smallest or largest λ or μ of the grid: the optimum may lie beyond."""
        lam, mu = node
        return lam in (self.lam[0], self.lam[-1]) or mu in (self.mu[0], self.mu[-1])

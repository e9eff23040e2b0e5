"""From a sweep to the parameters of each tissue, with what one should know about the choice.

The paper's rule is the argmax of the class-wise Dice. On a nearly flat surface it picks noise, so every choice carries
its *plateau*: the share of the nodes that are as good within a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elasreg_core.errors import InputError
from elasreg_core.identification.grid import Node
from elasreg_core.identification.sweep import CRITERIA, SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.physics.lame import LameField

PLATEAU_TOLERANCE = {"dice": 0.005, "hd95_mm": 0.5}


@dataclass(frozen=True)
class Optimum:
    """The best node of one tissue.

    Attributes:
        tissue: which; "mean" for the mean over the tissues.
        criterion: by which metric.
        node: (λ, μ); None where the criterion is undefined at every node (the class is absent).
        value: the criterion there.
        plateau: all nodes within the tolerance of the best.
        n_scored: number of nodes where the criterion is defined.
        on_edge: the node lies on the rim of the grid; the true optimum may lie beyond.
        ties: how many other nodes reach exactly the same value; of them all, the largest λ + μ is taken.
    """

    tissue: str
    criterion: str
    node: Node | None
    value: float = float("nan")
    plateau: tuple[Node, ...] = ()
    n_scored: int = 0
    on_edge: bool = False
    ties: int = 0

    @property
    def plateau_fraction(self) -> float:
        """Share of the scored nodes on the plateau: near 1, the data cannot tell. NaN without an optimum."""
        return len(self.plateau) / self.n_scored if self.n_scored else float("nan")

    @property
    def message(self) -> str:
        """What was chosen and why, in a sentence."""
        metric = METRICS[self.criterion]
        if self.node is None:
            return (
                f"{self.tissue}: no optimum, because the class is absent from one of the label maps; "
                "it is registered with the node that is best on the mean of the others."
            )
        text = f"{self.tissue}: λ = {self.node[0]:g}, μ = {self.node[1]:g} with {metric.title} {self.value:.3f}"
        text += f" {metric.unit}".rstrip() + f"; {self.plateau_fraction:.0%} of {self.n_scored} nodes are as good"
        if self.ties:
            text += f", {self.ties} of them exactly"
        return text + ("; on the edge of the grid." if self.on_edge else ".")


def best_node(sweep: SubjectSweep, tissue: str, criterion: str = "dice", tolerance: float | None = None) -> Optimum:
    """The best node for one tissue, or for the mean over all tissues (`tissue="mean"`, absent classes left out).

    Args:
        sweep: complete or not; unvisited nodes do not count.
        tissue: a tissue's name or "mean".
        criterion: "dice" or "hd95_mm".
        tolerance: of the plateau, in the criterion's unit; default 0.005 Dice or 0.5 mm.

    Raises:
        InputError: unknown criterion.
    """
    if criterion not in CRITERIA:
        raise InputError("There is no such criterion.", expected=" or ".join(CRITERIA), received=criterion)
    values = _values(sweep, tissue, criterion)
    if not values:
        return Optimum(tissue, criterion, None)
    sign = 1 if METRICS[criterion].higher_is_better else -1
    gains = {node: sign * value for node, value in values.items()}
    best = max(gains.values())
    margin = PLATEAU_TOLERANCE[criterion] if tolerance is None else tolerance
    tied = [node for node, gain in gains.items() if gain == best]
    node = max(tied, key=lambda n: (n[0] + n[1], n))
    return Optimum(
        tissue=tissue,
        criterion=criterion,
        node=node,
        value=values[node],
        plateau=tuple(node for node, gain in gains.items() if gain >= best - margin),
        n_scored=len(gains),
        on_edge=sweep.grid.on_edge(node),
        ties=len(tied) - 1,
    )


def choose_parameters(sweep: SubjectSweep, criterion: str = "dice") -> tuple[Optimum, ...]:
    """The paper's identification: each tissue's argmax over the one sweep. In label order."""
    return tuple(best_node(sweep, tissue, criterion) for tissue in sweep.tissues)


def lame_field(
    optima: Sequence[Optimum], fallback: Optimum, tissues: Sequence[str], background: tuple[float, float]
) -> LameField:
    """The Lamé field of the optima. A tissue without one takes the node that is best on the mean of the others.

    Raises:
        InputError: no tissue has an optimum.
    """
    if fallback.node is None:
        raise InputError("No tissue has an optimum: moving and fixed labels share no class.")
    chosen = {optimum.tissue: optimum.node or fallback.node for optimum in optima}
    return LameField.from_tissues(chosen, tissues, background)


def _values(sweep: SubjectSweep, tissue: str, criterion: str) -> dict[Node, float]:
    """The criterion by node, undefined values left out."""
    known = sweep.table.groupby("tissue")[criterion].transform("count") > 0  # absent classes are so at every node
    rows = sweep.table[known & ((sweep.table["tissue"] == tissue) | (tissue == "mean"))]
    by_node: dict[Node, list[float]] = {}
    for lam, mu, value in zip(rows["lambda"], rows["mu"], rows[criterion], strict=True):
        by_node.setdefault((float(lam), float(mu)), []).append(float(value))
    means = {node: float(np.mean(values)) for node, values in by_node.items()}
    return {node: mean for node, mean in means.items() if not np.isnan(mean)}

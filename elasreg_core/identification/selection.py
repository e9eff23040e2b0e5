"""From a sweep to the parameters of each tissue, with what one should know about the choice.

The paper's rule is the argmax of the class-wise Dice. On a nearly flat surface it picks noise, so every choice carries
its *plateau*: the share of the nodes that are as good within a tolerance. The rule `most_regular` takes the most
regular of those (the one-standard-error idea of model selection).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from elasreg_core.errors import InputError
from elasreg_core.identification.criteria import CRITERIA, LABEL_FREE
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.networks.architecture import Model
from elasreg_core.physics.parameters import ELASTIC, Node, ParameterField, regularizer_of

PLATEAU_TOLERANCE = {"dice": 0.005, "hd95_mm": 0.5, "ncc": 0.005, "tre_mm": 0.1, "displacement_error_vox": 0.05}
RULES = ("argmax", "most_regular")
MEAN = "mean"


@dataclass(frozen=True)
class Selection:
    """How the parameters of a tissue are chosen. The defaults are the paper's.

    Attributes:
        criterion: what is best, one of `CRITERIA`.
        rule: "argmax", the best node; or "most_regular", of all within the tolerance the one that folds least, then the
            one with the largest λ + μ.
        tolerance: of the plateau, in the criterion's unit; none: `PLATEAU_TOLERANCE`.
        max_folding_percent: nodes that fold more than this do not count; none: all do.
        max_sd_log_jacobian: nor do those whose motion is more irregular than this.
    """

    criterion: str = "dice"
    rule: str = "argmax"
    tolerance: float | None = None
    max_folding_percent: float | None = None
    max_sd_log_jacobian: float | None = None

    def __post_init__(self) -> None:
        for name, value, choices in (("criterion", self.criterion, CRITERIA), ("rule", self.rule, RULES)):
            if value not in choices:
                raise InputError(f"There is no such {name}.", expected=" or ".join(choices), received=value)
        for name in ("tolerance", "max_folding_percent", "max_sd_log_jacobian"):
            limit = getattr(self, name)
            if limit is not None and not 0 <= limit < math.inf:
                raise InputError(f"{name} must be finite and not negative.", received=limit)

    @property
    def margin(self) -> float:
        """The plateau's tolerance."""
        return PLATEAU_TOLERANCE[self.criterion] if self.tolerance is None else self.tolerance

    @property
    def is_capped(self) -> bool:
        """Whether some nodes may not count."""
        return not (self.max_folding_percent is None and self.max_sd_log_jacobian is None)

    def allows(self, neg_jacobian_percent: float, sd_log_jacobian: float) -> bool:
        """Whether a motion keeps within the caps."""
        limits = (self.max_folding_percent, neg_jacobian_percent), (self.max_sd_log_jacobian, sd_log_jacobian)
        return all(limit is None or value <= limit for limit, value in limits)

    @property
    def needs_every_node(self) -> bool:
        """Whether an adaptive search, which looks for the best node alone, may miss what is chosen."""
        return self.rule != "argmax" or self.is_capped

    @property
    def is_oracle(self) -> bool:
        """Whether it looks at labels of the moving image, landmarks or a true motion, which a new patient has not."""
        return self.criterion not in LABEL_FREE

    @property
    def honesty(self) -> str:
        """What the choice needed to know of the subject."""
        return "with each subject's own labels (an oracle)" if self.is_oracle else "without labels of the moving image"

    @property
    def sentence(self) -> str:
        """The choice in words, without its subject."""
        metric = METRICS[self.criterion].title
        text = f"the best {metric}"
        if self.rule == "most_regular":
            text = f"the most regular within {self.margin:g} of the best {metric}"
        if self.max_folding_percent is not None:
            text += f", folding at most {self.max_folding_percent:g} %"
        if self.max_sd_log_jacobian is not None:
            text += f", SDlogJ at most {self.max_sd_log_jacobian:g}"
        return text


PAPER = Selection()


@dataclass(frozen=True)
class Optimum:
    """The chosen node of one tissue.

    Attributes:
        tissue: which; "mean" for the mean over the tissues.
        selection: how it was chosen.
        node: (λ, μ) or (λ,); None where the criterion is undefined at every node (the class is absent), or every node
            folds too much.
        value: the criterion there.
        plateau: all nodes within the tolerance of the best.
        n_scored: number of nodes where the criterion is defined and the folding allowed.
        on_edge: the node lies on the rim of the grid; the true optimum may lie beyond.
        ties: how many other nodes reach exactly the same value; of them all, the largest λ + μ is taken.
    """

    tissue: str
    node: Node | None
    selection: Selection = PAPER
    value: float = float("nan")
    plateau: tuple[Node, ...] = ()
    n_scored: int = 0
    on_edge: bool = False
    ties: int = 0

    @property
    def criterion(self) -> str:
        """By which metric."""
        return self.selection.criterion

    @property
    def plateau_fraction(self) -> float:
        """Share of the scored nodes on the plateau: near 1, the data cannot tell. NaN without an optimum."""
        return len(self.plateau) / self.n_scored if self.n_scored else float("nan")

    @property
    def message(self) -> str:
        """What was chosen and why, in a sentence."""
        metric = METRICS[self.criterion]
        if self.node is None:
            why = "the class is absent from one of the label maps"
            if self.criterion != "dice":
                why = f"{metric.title} is defined at no node"
            if self.selection.is_capped:
                why += ", or every node folds or bends more than allowed"
            return (
                f"{self.tissue}: no optimum, because {why}; "
                "it is registered with the node that is best on the mean of the others."
            )
        text = f"{self.tissue}: {regularizer_of(self.node).shown(self.node)} with {metric.title} {self.value:.3f}"
        text += f" {metric.unit}".rstrip() + f"; {self.plateau_fraction:.0%} of {self.n_scored} nodes are as good"
        if self.ties:
            text += f", {self.ties} of them exactly"
        return text + ("; on the edge of the grid." if self.on_edge else ".")


def require_every_node(selection: Selection, adaptive: bool) -> None:
    """Raises InputError if an adaptive search should serve a choice that needs the whole grid."""
    if adaptive and selection.needs_every_node:
        raise InputError(
            "An adaptive search visits only what the best node needs.",
            expected="the best node, without a cap",
            received=selection.sentence,
            cure="Leave out --adaptive, or choose the best node without a cap",
        )


def best_node(sweep: SubjectSweep, tissue: str, selection: Selection = PAPER) -> Optimum:
    """The chosen node for one tissue, or for the mean over all tissues (`tissue="mean"`, absent classes left out).

    Args:
        sweep: complete or not; unvisited nodes do not count.
        tissue: a tissue's name or "mean".
        selection: how to choose.
    """
    values = criterion_by_node(sweep, tissue, selection)
    if not values:
        return Optimum(tissue, None, selection)
    sign = 1 if METRICS[selection.criterion].higher_is_better else -1
    gains = {node: sign * value for node, value in values.items()}
    best = max(gains.values())
    plateau = tuple(node for node, gain in gains.items() if gain >= best - selection.margin)
    if selection.rule == "most_regular":
        folding = node_values(sweep, "neg_jacobian_percent")
        node = max(plateau, key=lambda n: (-folding[n], sum(n), n))
    else:
        node = max((node for node, gain in gains.items() if gain == best), key=lambda n: (sum(n), n))
    return Optimum(
        tissue=tissue,
        node=node,
        selection=selection,
        value=values[node],
        plateau=plateau,
        n_scored=len(gains),
        on_edge=sweep.grid.on_edge(node),
        ties=sum(gain == gains[node] for gain in gains.values()) - 1,
    )


def choose_parameters(sweep: SubjectSweep, selection: Selection = PAPER) -> tuple[Optimum, ...]:
    """Each tissue's own choice over the one sweep; by default the paper's identification. In label order."""
    return tuple(best_node(sweep, tissue, selection) for tissue in sweep.tissues)


def chosen_parameters(
    sweep: SubjectSweep, model: Model, background: Node, selection: Selection = PAPER
) -> ParameterField:
    """What a model registers with: each tissue's own choice (adaptive), or the best on their mean (global).

    A tissue without an optimum takes the node that is best on the mean of the others.

    Args:
        sweep: of the global network with the model's regularizer.
        model: which of the paper's.
        background: parameters of class 0, for an adaptive model.
        selection: how to choose.

    Raises:
        InputError: no tissue has an optimum.
    """
    best = best_node(sweep, MEAN, selection)
    if best.node is None:
        received = "moving and fixed labels without a common class, or a pair that lacks what the criterion needs"
        if selection.is_capped:
            received += ", or no node that folds and bends as little as is allowed"
        raise InputError(
            "No tissue has an optimum.",
            expected=f"{METRICS[selection.criterion].title} at some node" + " that is allowed" * selection.is_capped,
            received=received,
            cure="Choose by another criterion" + " or allow more" * selection.is_capped,
        )
    if not model.is_adaptive:
        return ParameterField.uniform(best.node, len(sweep.tissues) + 1)
    chosen = {optimum.tissue: optimum.node or best.node for optimum in choose_parameters(sweep, selection)}
    return ParameterField.from_tissues(chosen, sweep.tissues, background)


def criterion_by_node(sweep: SubjectSweep, tissue: str, selection: Selection = PAPER) -> dict[Node, float]:
    """The criterion at every node that counts; undefined values are left out."""
    table, criterion = sweep.table, selection.criterion
    for metric, limit in (
        ("neg_jacobian_percent", selection.max_folding_percent),
        ("sd_log_jacobian", selection.max_sd_log_jacobian),
    ):
        if limit is not None:
            table = table[table[metric] <= limit]
    known = table.groupby("tissue")[criterion].transform("count") > 0  # absent classes are so at every node
    means = _by_node(table[known & ((table["tissue"] == tissue) | (tissue == MEAN))], criterion)
    return {node: mean for node, mean in means.items() if not math.isnan(mean)}


def node_values(sweep: SubjectSweep, metric: str) -> dict[Node, float]:
    """A metric of the whole deformation at every node."""
    return _by_node(sweep.table[sweep.table["tissue"] == sweep.tissues[0]], metric)


def _by_node(rows: pd.DataFrame, metric: str) -> dict[Node, float]:
    """The metric's mean over the rows of each node; NaN if one of them is."""
    by_node: dict[Node, list[float]] = {}
    columns = [rows[name] for name in (*ELASTIC.parameters, metric)]
    for lam, mu, value in zip(*columns, strict=True):
        node = (float(lam),) if math.isnan(mu) else (float(lam), float(mu))
        by_node.setdefault(node, []).append(float(value))
    return {node: float(np.mean(values)) for node, values in by_node.items()}

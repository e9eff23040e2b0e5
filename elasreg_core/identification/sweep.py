"""The sweep: one registration per node with the global network, scored for all tissues at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import Node, ParameterGrid
from elasreg_core.metrics import hd95_mm, tre_mm
from elasreg_core.physics.fields import warp_labels
from elasreg_core.physics.lame import LameField
from elasreg_core.registration.measured import Measured

Measure = Callable[[RegistrationPair, Sequence[LameField]], Iterator[Measured]]

COLUMNS = (
    "subject",
    "tissue",
    "lambda",
    "mu",
    "dice",
    "hd95_mm",
    "tre_mm",
    "neg_jacobian_percent",
    "sd_log_jacobian",
)
CRITERIA = ("dice", "hd95_mm")


@dataclass(frozen=True)
class NodeScores:
    """One node's scores: per tissue in label order, and of the deformation as a whole. NaN where undefined."""

    lam: float
    mu: float
    dice: tuple[float, ...]
    hd95_mm: tuple[float, ...]
    neg_jacobian_percent: float
    sd_log_jacobian: float
    tre_mm: float = float("nan")

    def rows(self, subject: str, tissues: Iterable[str]) -> list[dict[str, object]]:
        """One row per tissue, keyed by COLUMNS."""
        return [
            {
                "subject": subject,
                "tissue": tissue,
                "lambda": self.lam,
                "mu": self.mu,
                "dice": dice,
                "hd95_mm": hd95,
                "tre_mm": self.tre_mm,
                "neg_jacobian_percent": self.neg_jacobian_percent,
                "sd_log_jacobian": self.sd_log_jacobian,
            }
            for tissue, dice, hd95 in zip(tissues, self.dice, self.hd95_mm, strict=True)
        ]


@dataclass(frozen=True)
class SubjectSweep:
    """One subject's sweep as a tidy table: one row per (tissue, node), columns COLUMNS.

    Attributes:
        subject: whose.
        tissues: in label order.
        grid: the nodes that belong to it, visited or not.
        table: the rows so far.
    """

    subject: str
    tissues: tuple[str, ...]
    grid: ParameterGrid
    table: pd.DataFrame

    @classmethod
    def from_nodes(
        cls, subject: str, tissues: tuple[str, ...], grid: ParameterGrid, nodes: Iterable[NodeScores]
    ) -> SubjectSweep:
        """Collects node scores."""
        rows = [row for node in nodes for row in node.rows(subject, tissues)]
        return cls(subject, tissues, grid, pd.DataFrame(rows, columns=list(COLUMNS)))

    @property
    def n_visited(self) -> int:
        """Number of nodes scored so far."""
        return len(self.table) // len(self.tissues)

    @property
    def is_complete(self) -> bool:
        """Whether every node of the grid has been scored."""
        return self.n_visited == len(self.grid.nodes)

    def surface(self, tissue: str, metric: str = "dice") -> pd.DataFrame:
        """The metric over the grid: rows μ, columns λ, NaN where not visited or undefined."""
        rows = self.table[self.table["tissue"] == tissue]
        surface = rows.pivot_table(index="mu", columns="lambda", values=metric, dropna=False)
        return surface.reindex(index=self.grid.mu, columns=self.grid.lam)


def require_labels(pair: RegistrationPair) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The moving and the fixed labels, without which nothing can be scored.

    Raises:
        InputError: either is missing.
    """
    if pair.moving_labels is None or pair.fixed_labels is None:
        missing = "moving" if pair.moving_labels is None else "fixed"
        raise InputError(
            f"{pair.id} cannot be searched: Dice needs labels on both images.",
            expected="moving and fixed labels",
            received=f"no {missing} labels",
            cure="Segment both images, or give the parameters yourself",
        )
    return pair.moving_labels, pair.fixed_labels


def sweep(
    measure: Measure, pair: RegistrationPair, nodes: Sequence[Node], *, with_hd95: bool = False
) -> Iterator[NodeScores]:
    """Registers and scores a pair at many nodes, yielding scores as they come.

    Args:
        measure: `Registrar.measured` of a global checkpoint.
        pair: must have moving and fixed labels.
        nodes: which (λ, μ).
        with_hd95: also compute HD95, which costs more than the registration.

    Raises:
        InputError: the pair has no labels on one side.
    """
    moving_labels, fixed_labels = require_labels(pair)
    fields = [LameField.uniform(lam, mu, pair.tissues.n_classes) for lam, mu in nodes]
    for (lam, mu), found in zip(nodes, measure(pair, fields), strict=True):
        hd95 = [float("nan")] * len(found.dice)
        if with_hd95:
            labels = warp_labels(moving_labels, found.displacement)
            hd95 = [hd95_mm(labels == label, fixed_labels == label, pair.spacing_mm) for label, _ in pair.tissues]
        yield NodeScores(
            lam,
            mu,
            found.dice,
            tuple(hd95),
            found.neg_jacobian_percent,
            found.sd_log_jacobian,
            tre_mm(pair.keypoints, found.displacement, pair.spacing_mm),
        )

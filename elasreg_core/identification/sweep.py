"""The sweep: one registration per node with the global network, scored for all tissues at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.criteria import ON_DEMAND
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.metrics import tre_mm
from elasreg_core.physics.parameters import ELASTIC, Node, ParameterField
from elasreg_core.registration.measured import Measured

Measure = Callable[[RegistrationPair, Sequence[ParameterField]], Iterator[Measured]]

COLUMNS = (
    *("subject", "tissue", *ELASTIC.parameters, "dice", "hd95_mm"),
    *("tre_mm", "neg_jacobian_percent", "sd_log_jacobian", "ncc", "displacement_error_vox"),
)


@dataclass(frozen=True)
class NodeScores:
    """One node's scores, NaN where undefined.

    Attributes:
        node: (λ, μ) or (λ,).
        per_tissue: metric → one value per tissue in label order; "dice", and what else was asked for.
        whole: metric → value of the deformation as a whole: TRE, folding, SDlogJ.
    """

    node: Node
    per_tissue: Mapping[str, tuple[float, ...]]
    whole: Mapping[str, float]

    def rows(self, subject: str, tissues: Iterable[str]) -> list[dict[str, object]]:
        """One row per tissue, keyed by COLUMNS."""
        names = dict(zip(ELASTIC.parameters, self.node, strict=False))
        return [
            {
                "subject": subject,
                "tissue": tissue,
                **names,
                **{metric: values[i] for metric, values in self.per_tissue.items()},
                **self.whole,
            }
            for i, tissue in enumerate(tissues)
        ]

    def by_tissue(self, criterion: str) -> tuple[float, ...]:
        """The criterion per tissue; one of the whole deformation counts for each."""
        if criterion in self.per_tissue:
            return self.per_tissue[criterion]
        return (self.whole[criterion],) * len(self.per_tissue["dice"])


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

    def at(self, node: Node) -> pd.DataFrame:
        """The rows of one node, without the columns that were not scored there; empty if it was not visited."""
        rows = self.table
        for name, value in zip(ELASTIC.parameters, node, strict=False):
            rows = rows[rows[name] == value]
        return rows.drop(columns="subject").dropna(axis="columns", how="all")

    def surface(self, tissue: str, metric: str = "dice") -> pd.DataFrame:
        """The metric over a grid of (λ, μ): rows μ, columns λ, NaN where not visited or undefined."""
        rows = self.table[self.table["tissue"] == tissue]
        surface = rows.pivot_table(index="mu", columns="lambda", values=metric, dropna=False)
        lam, mu = self.grid.axes
        return surface.reindex(index=mu, columns=lam)

    def curve(self, tissue: str, metric: str = "dice") -> pd.Series:
        """The metric over a grid of λ alone, NaN where not visited or undefined."""
        rows = self.table[self.table["tissue"] == tissue]
        return rows.set_index("lambda")[metric].reindex(self.grid.axes[0])


def sweep(
    measure: Measure, pair: RegistrationPair, nodes: Sequence[Node], metrics: Collection[str] = ()
) -> Iterator[NodeScores]:
    """Registers and scores a pair at many nodes, yielding scores as they come.

    Args:
        measure: `Registrar.measured` of a global checkpoint.
        pair: without moving labels its Dice is undefined.
        nodes: which (λ, μ), or which λ.
        metrics: what to score beside Dice, some of `criteria.ON_DEMAND`; HD95 costs more than the registration.

    Raises:
        InputError: the pair lacks labels that a metric needs.
    """
    fields = [ParameterField.uniform(node, pair.tissues.n_classes) for node in nodes]
    for node, found in zip(nodes, measure(pair, fields), strict=True):
        extra = {metric: ON_DEMAND[metric](pair, found.displacement) for metric in metrics}
        yield NodeScores(
            node,
            {"dice": found.dice, **extra},
            {
                "tre_mm": tre_mm(pair.keypoints, found.displacement, pair.spacing_mm),
                "neg_jacobian_percent": found.neg_jacobian_percent,
                "sd_log_jacobian": found.sd_log_jacobian,
            },
        )

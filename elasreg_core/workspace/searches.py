"""One subject's search, kept in the store node by node, so that stopping it at any moment loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import Node, ParameterGrid
from elasreg_core.identification.sweep import Measure, NodeScores, SubjectSweep, require_labels, sweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.store import Store, source_key


class SubjectSearch:
    """A sweep of one pair with one global checkpoint, resumed from what the store knows.

    Attributes:
        pair, grid, checkpoint: what is searched with what.
        n_known: nodes that the store knew at the beginning.
    """

    def __init__(
        self,
        store: Store,
        checkpoint: Checkpoint,
        pair: RegistrationPair,
        grid: ParameterGrid,
        criterion: str = "dice",
        adaptive: bool = False,
    ) -> None:
        """Looks up what is known already; computes nothing.

        Args:
            store: of the workspace.
            checkpoint: a global one.
            pair: with labels.
            grid: which (λ, μ).
            criterion: what will be chosen by; with "hd95_mm", HD95 is computed too.
            adaptive: visit only the nodes that the choice needs, instead of the whole grid.

        Raises:
            InputError: the checkpoint is not a global one or does not fit the pair, or the pair has no labels.
        """
        if checkpoint.is_adaptive:
            raise InputError(
                f"{checkpoint.name} cannot be searched: it takes one (λ, μ) per tissue.",
                expected="a global checkpoint (elas-g)",
            )
        checkpoint.require_fits(pair)
        require_labels(pair)
        self.pair, self.grid, self.checkpoint = pair, grid, checkpoint
        self._store, self._criterion, self._adaptive = store, criterion, adaptive
        self._with_hd95 = criterion == "hd95_mm"
        self._source = source_key(checkpoint, pair)
        wanted = set(grid.nodes)
        known = store.nodes(self._source, self._with_hd95)
        self._nodes: dict[Node, NodeScores] = {node: scores for node, scores in known.items() if node in wanted}
        self.n_known = len(self._nodes)

    @property
    def n_done(self) -> int:
        """Nodes scored so far."""
        return len(self._nodes)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self._wanted()

    def run(self, measure: Measure) -> Iterator[int]:
        """Registers the nodes that are missing; yields how many are done after each."""
        while wanted := self._wanted():
            self._store.begin(self._source, self.pair.id, self.checkpoint.name)
            for scores in sweep(measure, self.pair, wanted, with_hd95=self._with_hd95):
                self._store.add(self._source, scores, self._with_hd95)
                self._nodes[scores.lam, scores.mu] = scores
                yield self.n_done

    def _wanted(self) -> list[Node]:
        """The nodes to register next."""
        if self._adaptive:
            return undecided(self._nodes, self.grid, self._criterion)
        return [node for node in self.grid.nodes if node not in self._nodes]

    def result(self) -> SubjectSweep:
        """The sweep so far, nodes in grid order."""
        ordered = [self._nodes[node] for node in self.grid.nodes if node in self._nodes]
        return SubjectSweep.from_nodes(self.pair.id, self.pair.tissues.names, self.grid, ordered)

"""One subject's search, kept in the store node by node, so that stopping it at any moment loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.criteria import LABEL_FREE, ON_DEMAND
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import Measure, NodeScores, SubjectSweep, sweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Node, ParameterField
from elasreg_core.provenance import told
from elasreg_core.registration.measured import Measured
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.progress import Reporter
from elasreg_core.workspace.store import Store, source_key


class SubjectSearch:
    """A sweep of one pair with one global checkpoint, resumed from what the store knows.

    Attributes:
        pair, grid, checkpoint: what is searched with what.
        metrics: what is scored beside Dice.
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
        also: Collection[str] = (),
    ) -> None:
        """Looks up what is known already; computes nothing.

        Args:
            store: of the workspace.
            checkpoint: a global one.
            pair: with the labels that the criterion needs.
            grid: which (λ, μ).
            criterion: what will be chosen by; what it needs beside Dice is computed too.
            adaptive: visit only the nodes that the choice needs, instead of the whole grid.
            also: what to score beside, of `criteria.ON_DEMAND`.

        Raises:
            InputError: the checkpoint is not a global one or does not fit the pair, or the pair lacks labels.
        """
        if checkpoint.is_adaptive:
            raise InputError(
                f"{checkpoint.name} cannot be searched: it takes parameters for every tissue.",
                expected=f"a global checkpoint ({checkpoint.model.global_name})",
            )
        checkpoint.require_fits(pair)
        if criterion in LABEL_FREE:
            pair.require_fixed_labels()
        else:
            pair.require_labels()
        self.pair, self.grid, self.checkpoint = pair, grid, checkpoint
        self._store, self._criterion, self._adaptive = store, criterion, adaptive
        self.metrics = tuple(metric for metric in ON_DEMAND if metric in {criterion, *also})
        self._source = source_key(checkpoint, pair)
        self._is_noted = False
        wanted = set(grid.nodes)
        known = store.nodes(self._source, self.metrics)
        self._nodes: dict[Node, NodeScores] = {node: scores for node, scores in known.items() if node in wanted}
        self.n_known = len(self._nodes)

    @property
    def n_done(self) -> int:
        """Nodes scored so far."""
        return len(self._nodes)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.wanted()

    def run(self, measure: Measure) -> Iterator[int]:
        """Registers the nodes that are missing; yields how many are done after each."""
        while wanted := self.wanted():
            for scores in sweep(measure, self.pair, wanted, self.metrics):
                self.keep([scores])
                yield self.n_done

    def keep(self, scored: Sequence[NodeScores]) -> None:
        """Puts scores of nodes into the store, all or none of them."""
        if not self._is_noted:
            self._store.begin(self._source, self.pair.id, self.checkpoint.name)
            self._is_noted = True
        self._store.add(self._source, *scored)
        self._nodes |= {scores.node: scores for scores in scored}

    def wanted(self) -> list[Node]:
        """The nodes to register next; none when nothing is left to do."""
        if self._adaptive:
            return undecided(self._nodes, self.grid, self._criterion)
        return [node for node in self.grid.nodes if node not in self._nodes]

    def result(self) -> SubjectSweep:
        """The sweep so far, nodes in grid order."""
        ordered = [self._nodes[node] for node in self.grid.nodes if node in self._nodes]
        return SubjectSweep.from_nodes(self.pair.id, self.pair.tissues.names, self.grid, ordered)

    def how_made(self) -> str:
        """How the table came to be, as JSON: pair and weights by their hashes, the grid, what was asked for."""
        regularizer, card = self.checkpoint.model.regularizer, self.checkpoint.card
        return told(
            search=self.pair.id,
            pair=self.pair.digest,
            checkpoint={"name": self.checkpoint.name, "weights_sha256": card.weights_sha256},
            grid=dict(zip(regularizer.parameters, self.grid.axes, strict=True)),
            criterion=self._criterion,
            adaptive=self._adaptive,
            metrics=self.metrics,
        )


class Measuring(Protocol):
    """A global checkpoint's registrar, built already or at its first use (`registration/lazy.py`)."""

    checkpoint: Checkpoint

    def measured(self, pair: RegistrationPair, nodes: Sequence[ParameterField]) -> Iterator[Measured]:
        """As `Registrar.measured`."""


def search_subject(
    registrar: Measuring,
    pair: RegistrationPair,
    steps: int,
    reporter: Reporter,
    *,
    adaptive: bool = False,
    criterion: str = "dice",
    also: Collection[str] = (),
) -> SubjectSearch:
    """One subject's search over the checkpoint's regular grid, run to its end; what is known is not repeated.

    Args:
        registrar: of a global checkpoint.
        pair: with labels.
        steps: of the grid (`ParameterGrid.regular`).
        reporter: hears of every node.
        adaptive: as of `SubjectSearch`.
        criterion: as of `SubjectSearch`.
        also: as of `SubjectSearch`.

    Raises:
        InputError: see `SubjectSearch`.
    """
    grid = ParameterGrid.for_checkpoint(steps, registrar.checkpoint)
    search = SubjectSearch(Store(store_path()), registrar.checkpoint, pair, grid, criterion, adaptive, also)
    done = reporter.phase(f"searching {pair.id} with {registrar.checkpoint.card.model}", len(grid.nodes))
    done(search.n_done)
    for count in search.run(registrar.measured):
        done(count)
    done(len(grid.nodes))
    return search

"""Whose searches does the store hold? A whole cohort's sweeps, read without reading any image twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from elasreg_core.data.datasets import Dataset
from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.criteria import CRITERIA
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection
from elasreg_core.identification.sweep import NodeScores, SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Node
from elasreg_core.workspace.pair_digests import PairDigests
from elasreg_core.workspace.store import Store, source_of


@dataclass(frozen=True)
class CohortSources:
    """Under which keys the store has the scores of a cohort.

    Attributes:
        by_subject: subject → key, of all subjects that have scores.
        sizes: subject → number of scores.
        faults: why some subject could not be looked up, one sentence each.
    """

    by_subject: Mapping[str, str]
    sizes: Mapping[str, int]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class CohortSearches:
    """The sweeps of a cohort with one global checkpoint, as far as the store has them.

    Attributes:
        subjects: all of the cohort.
        tissues: in label order.
        grid: the nodes that belong to a whole search.
        nodes: subject → its scored nodes of the grid; subjects without any are left out.
    """

    subjects: tuple[str, ...]
    tissues: tuple[str, ...]
    grid: ParameterGrid
    nodes: Mapping[str, Mapping[Node, NodeScores]]

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that some subject's nodes have been scored by."""
        return tuple(name for name in CRITERIA if any(_scored_by(of, name) for of in self.nodes.values()))

    def lacking(self, criteria: Collection[str]) -> tuple[str, ...]:
        """The subjects some of whose nodes are missing, or not scored by all of the criteria."""
        return tuple(
            subject
            for subject in self.subjects
            if len(of := self.nodes.get(subject, {})) < len(self.grid.nodes)
            or not all(name in scores.per_tissue for name in criteria for scores in of.values())
        )

    def serving(self, selection: Selection) -> dict[str, SubjectSweep]:
        """The sweeps that a choice can be made from: whole ones, or adaptive ones where those are enough."""
        return {subject: self.sweep(subject) for subject in self.nodes if self._serves(subject, selection)}

    def sweep(self, subject: str) -> SubjectSweep:
        """One subject's sweep, nodes in grid order."""
        of = self.nodes[subject]
        return SubjectSweep.from_nodes(subject, self.tissues, self.grid, (of[n] for n in self.grid.nodes if n in of))

    def _serves(self, subject: str, selection: Selection) -> bool:
        of = self.nodes[subject]
        if not _scored_by(of, selection.criterion):
            return False
        if len(of) == len(self.grid.nodes):
            return True
        return not selection.needs_every_node and not undecided(of, self.grid, selection.criterion)


def find_sources(
    store: Store, dataset: Dataset, checkpoint: Checkpoint, on_subject: Callable[[str], None] = lambda _: None
) -> CohortSources:
    """Looks every subject up. A pair that nobody has met yet is read once, if a search bears its subject's name.

    Args:
        store: of the workspace.
        dataset: the cohort.
        checkpoint: a global one.
        on_subject: hears of every subject whose images must be read.
    """
    digests, sizes = PairDigests(store, dataset, checkpoint), store.sizes()
    searched = {search.subject for search in store.searches()}
    sources: dict[str, str] = {}
    faults: list[str] = []
    for case in dataset.cases:
        digest = digests.known(case)
        if digest is None and case.id in searched:
            on_subject(case.id)
            try:
                digest = digests.read(case)
            except InputError as fault:
                faults.append(str(fault))
                continue
        source = None if digest is None else source_of(checkpoint, digest)
        if source in sizes:
            sources[case.id] = source
    return CohortSources(sources, {subject: sizes[source] for subject, source in sources.items()}, tuple(faults))


def read_searches(
    store: Store, sources: CohortSources, dataset: Dataset, checkpoint: Checkpoint, steps: int
) -> CohortSearches:
    """The cohort's sweeps over the checkpoint's regular grid.

    Args:
        store: of the workspace.
        sources: of `find_sources`.
        dataset: the cohort.
        checkpoint: the global one that was searched with.
        steps: of the grid (`ParameterGrid.regular`).
    """
    grid = ParameterGrid.for_checkpoint(steps, checkpoint)
    wanted = set(grid.nodes)
    found = {
        subject: {node: scores for node, scores in store.nodes(source).items() if node in wanted}
        for subject, source in sources.by_subject.items()
    }
    names = (dataset.tissues or checkpoint.tissues).names
    return CohortSearches(dataset.subjects, names, grid, {subject: nodes for subject, nodes in found.items() if nodes})


def _scored_by(nodes: Mapping[Node, NodeScores], criterion: str) -> bool:
    """Whether all nodes have been scored by a criterion; of the deformation as a whole: whether one is defined."""
    if criterion in next(iter(nodes.values())).whole:
        return any(not math.isnan(scores.whole[criterion]) for scores in nodes.values())
    return all(criterion in scores.per_tissue for scores in nodes.values())

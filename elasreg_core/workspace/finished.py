"""Which of a subject's searches are finished, from the nodes that the store knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import NodeScores, SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Node
from elasreg_core.workspace.paths import find_family
from elasreg_core.workspace.store import Store, source_of

STEPS = range(21, 2, -1)  # the grids that a search may have, the finest first


def finished_search(store: Store, checkpoint: Checkpoint, subject: str, pair_digest: str) -> SubjectSweep | None:
    """The finest finished search of a subject, exhaustive or adaptive; None without one.

    Args:
        store: of the workspace.
        checkpoint: a global one.
        subject: its id.
        pair_digest: `RegistrationPair.digest` of the subject as the checkpoint preprocesses it.
    """
    known = store.nodes(source_of(checkpoint, pair_digest))
    for grid in _finished(known, checkpoint):
        nodes = [known[node] for node in grid.nodes if node in known]
        return SubjectSweep.from_nodes(subject, checkpoint.card.tissues, grid, nodes)
    return None


def finished_steps(known: Mapping[Node, NodeScores], checkpoint: str) -> int | None:
    """The steps of the finest grid that a search with a checkpoint of this name has finished; None where none is.

    Args:
        known: the nodes scored so far.
        checkpoint: as the store has it; None is returned too where it is here no more.
    """
    family, _, model = checkpoint.partition("/")
    try:
        grids = _finished(known, find_family(family).member(model))
    except InputError:
        return None
    axes = next((grid.axes for grid in grids), None)
    if axes is None:
        return None
    return len(axes[0]) if len(axes) > 1 else round(len(axes[0]) ** 0.5)


def _finished(known: Mapping[Node, NodeScores], checkpoint: Checkpoint) -> Iterator[ParameterGrid]:
    """Grids on which nothing is left to visit, by Dice, the finest first."""
    for steps in STEPS if known else ():
        grid = ParameterGrid.for_checkpoint(steps, checkpoint)
        nodes = {node: known[node] for node in grid.nodes if node in known}
        if nodes and not undecided(nodes, grid, "dice"):
            yield grid

"""Which of a subject's searches are finished, from the nodes that the store knows."""

from __future__ import annotations

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.store import Store, source_key

STEPS = range(21, 2, -1)  # the grids that a search may have, the finest first


def finished_search(store: Store, checkpoint: Checkpoint, pair: RegistrationPair) -> SubjectSweep | None:
    """The finest finished search of a pair with a global checkpoint, exhaustive or adaptive; None without one.

    Args:
        store: of the workspace.
        checkpoint: a global one.
        pair: of any kind; unlabelled ones have no search by Dice.
    """
    known = store.nodes(source_key(checkpoint, pair))
    if not known:
        return None
    for grid in (ParameterGrid.for_checkpoint(steps, checkpoint) for steps in STEPS):
        nodes = {node: known[node] for node in grid.nodes if node in known}
        if nodes and not undecided(nodes, grid, "dice"):  # nothing is, where all nodes are known
            return SubjectSweep.from_nodes(pair.id, pair.tissues.names, grid, nodes.values())
    return None

"""What a subject can be registered with at once: chosen on a finished search, or a stated default."""

from __future__ import annotations

from dataclasses import dataclass

from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import PAPER, chosen_parameters
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint, Family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.workspace.store import Store, source_of

DEFAULT = 0.1  # λ and μ where nothing is known; the sliders of the page Explore open there too
STEPS = range(3, 22)  # of the grids that the app searches


@dataclass(frozen=True)
class KnownParameters:
    """Parameters, and where they are from.

    Attributes:
        parameters: of all classes.
        origin: in words, to follow them.
        is_chosen: whether a search chose them.
    """

    parameters: ParameterField
    origin: str
    is_chosen: bool


def known_parameters(store: Store, family: Family, model: str, subject: str, pair_digest: str) -> KnownParameters:
    """What a model registers a subject with, without searching.

    Args:
        store: of the workspace.
        family: with the model.
        model: which of the paper's.
        subject: its id.
        pair_digest: `RegistrationPair.digest` of the subject as the family preprocesses it.

    Raises:
        InputError: the family lacks the model, or the store cannot be read.
    """
    checkpoint = family.member(model)
    sweep = _finished(store, family, checkpoint, subject, pair_digest)
    of_each = "each tissue" if checkpoint.is_adaptive else "the mean over the tissues"
    if sweep is not None:
        try:
            parameters = chosen_parameters(sweep, checkpoint.model, checkpoint.card.background, PAPER)
        except InputError:  # no tissue has a Dice to choose by
            pass
        else:
            origin = f"{PAPER.sentence} of {of_each} over its finished search of {sweep.n_visited} nodes"
            return KnownParameters(parameters, f"{origin}, {PAPER.honesty}", is_chosen=True)
    regularizer = checkpoint.model.regularizer
    node = (DEFAULT,) * len(regularizer.parameters)
    parameters = ParameterField.uniform(node, checkpoint.tissues.n_classes)
    if checkpoint.is_adaptive:
        parameters = ParameterField((checkpoint.card.background, *parameters.nodes[1:]))
    origin = "a default, as the store has no finished search of this subject"
    return KnownParameters(parameters, origin, is_chosen=False)


def _finished(
    store: Store, family: Family, checkpoint: Checkpoint, subject: str, pair_digest: str
) -> SubjectSweep | None:
    """The subject's sweep over the finest regular grid that a search has finished, every node or adaptively."""
    searched = family.members.get(checkpoint.model.global_name)
    known = {} if searched is None else store.nodes(source_of(searched, pair_digest))
    if searched is None or not known:
        return None
    for steps in reversed(STEPS):
        grid = ParameterGrid.for_checkpoint(steps, searched)
        nodes = {node: known[node] for node in grid.nodes if node in known}
        if len(nodes) == len(grid.nodes) or (nodes and not undecided(nodes, grid, PAPER.criterion)):
            return SubjectSweep.from_nodes(subject, searched.card.tissues, grid, nodes.values())
    return None

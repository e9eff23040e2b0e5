"""What a subject can be registered with at once: chosen on a finished search, or a stated default."""

from __future__ import annotations

from dataclasses import dataclass

from elasreg_core.errors import InputError
from elasreg_core.identification.selection import PAPER, chosen_parameters
from elasreg_core.networks.checkpoint import Family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.workspace.finished import finished_search
from elasreg_core.workspace.store import Store

DEFAULT = 0.1  # λ and μ where nothing is known; the sliders of the page Explore open there too


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
    searched = family.members.get(checkpoint.model.global_name)
    sweep = None if searched is None else finished_search(store, searched, subject, pair_digest)
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

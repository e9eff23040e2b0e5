"""One pair's parameters: searched with the global network, chosen, and said in words."""

from __future__ import annotations

from typing import Any

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.selection import MEAN, Selection, best_node, choose_parameters, chosen_parameters
from elasreg_core.networks.architecture import Model
from elasreg_core.networks.checkpoint import Family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.workspace.progress import Reporter
from elasreg_core.workspace.searches import search_subject


def identify(
    family: Family,
    model: Model,
    pair: RegistrationPair,
    selection: Selection,
    reporter: Reporter,
    *,
    steps: int = 11,
    adaptive: bool = False,
) -> tuple[ParameterField, dict[str, Any]]:
    """What a model registers a pair with, and how that was found.

    Args:
        family: with the model's global network.
        model: which of the paper's.
        pair: with what the selection's criterion needs.
        selection: how to choose.
        reporter: hears of every node.
        steps: of the grid.
        adaptive: search adaptively.

    Raises:
        InputError: see `search_subject` and `chosen_parameters`.
    """
    checkpoint = family.member(model.global_name)
    search = search_subject(
        *(LazyRegistrar(checkpoint), pair, steps, reporter), adaptive=adaptive, criterion=selection.criterion
    )
    sweep = search.result()
    parameters = chosen_parameters(sweep, model, checkpoint.card.background, selection)
    optima = choose_parameters(sweep, selection) if model.is_adaptive else [best_node(sweep, MEAN, selection)]
    return parameters, {
        "parameters_from": f"{selection.sentence} of {'each tissue' if model.is_adaptive else 'the mean'} over the "
        f"global network's sweep, {selection.honesty}",
        "grid_nodes": len(search.grid.nodes),
        "adaptive": adaptive,
        "nodes_scored": search.n_done,
        "nodes_computed": search.n_done - search.n_known,  # "seconds" counts these, and loading the network
        "chosen": [optimum.message for optimum in optima],
    }

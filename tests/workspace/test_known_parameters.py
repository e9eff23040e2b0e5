"""What a subject can be registered with at once."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.workspace.known_parameters import known_parameters
from elasreg_core.workspace.store import Store, source_of
from tests.builders import make_family, node_scores

NAN = float("nan")


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "elasreg.sqlite")


@pytest.fixture
def family(tmp_path):
    return load_family(make_family(tmp_path / "hearts", tuple(MODELS)))


def search(store, family, steps, model="elas-g", n_nodes=None, dice=lambda node: (node[0], 1 - node[0])):
    """Scores nodes of a grid, as a search that was stopped after so many would have."""
    grid = ParameterGrid.for_checkpoint(steps, family.member(model))
    for node in grid.nodes[:n_nodes]:
        store.add(source_of(family.member(model), "digest"), node_scores(node, dice(node)))
    return grid


@pytest.mark.parametrize(("model", "node"), [("elas-g", (0.1, 0.1)), ("diff-g", (0.1,))])
def test_without_a_search_a_default_that_says_so(store, family, model, node):
    found = known_parameters(store, family, model, "s1", "digest")
    assert found.parameters == ParameterField.uniform(node, 3)
    assert not found.is_chosen
    assert found.origin == "a default, as the store has no finished search of this subject"


def test_the_default_of_an_adaptive_model_leaves_the_background_to_its_checkpoint(store, family):
    found = known_parameters(store, family, "elas-sas", "s1", "digest")
    assert found.parameters.nodes == (family.member("elas-sas").card.background, (0.1, 0.1), (0.1, 0.1))


def test_a_finished_search_chooses_for_each_tissue(store, family):
    # Dice of "wall" is λ, that of "pool" 1 − λ; among equals the largest λ + μ is taken
    search(store, family, 5)
    found = known_parameters(store, family, "elas-sas", "s1", "digest")
    assert found.parameters.nodes[1:] == ((1.0, 1.0), (0.0, 1.0))
    assert found.is_chosen
    assert "the best Dice of each tissue over its finished search of 24 nodes, with each subject's own" in found.origin


def test_the_global_model_takes_the_best_mean(store, family):
    search(store, family, 5, dice=lambda node: (node[0] / 2, 0.5 - abs(node[1] - 0.25)))
    found = known_parameters(store, family, "elas-g", "s1", "digest")
    assert found.parameters == ParameterField.uniform((1.0, 0.25), 3)


def test_an_unfinished_search_chooses_nothing(store, family):
    search(store, family, 5, n_nodes=20)
    assert not known_parameters(store, family, "elas-sas", "s1", "digest").is_chosen


def test_of_two_finished_searches_the_finer_counts(store, family):
    search(store, family, 3)
    search(store, family, 5)
    assert "24 nodes" in known_parameters(store, family, "elas-sas", "s1", "digest").origin


def test_a_search_of_other_images_or_another_regularizer_does_not_count(store, family):
    search(store, family, 3)
    assert not known_parameters(store, family, "elas-sas", "s1", "another").is_chosen
    assert not known_parameters(store, family, "diff-sas", "s1", "digest").is_chosen


def test_where_no_tissue_has_a_dice_the_default(store, family):
    search(store, family, 3, dice=lambda node: (NAN, NAN))
    assert not known_parameters(store, family, "elas-sas", "s1", "digest").is_chosen


def test_an_unknown_model_is_named(store, family):
    with pytest.raises(InputError, match="has no unheard-of"):
        known_parameters(store, family, "unheard-of", "s1", "digest")

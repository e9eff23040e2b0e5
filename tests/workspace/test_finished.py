"""Which searches are finished, from the nodes that the store knows."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.workspace import paths
from elasreg_core.workspace.finished import finished_search, finished_steps
from elasreg_core.workspace.store import Store, source_key
from tests.builders import make_family, make_pair, node_scores


@pytest.fixture
def family():
    return load_family(make_family(paths.home() / "checkpoints" / "small", ("elas-g", "elas-sas", "diff-g")))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store.sqlite")


def add(store, checkpoint, pair, nodes):
    source = source_key(checkpoint, pair)
    store.begin(source, pair.id, checkpoint.name)
    for node in nodes:
        store.add(source, node_scores(node, [1 - np.sum(node) / 4, 0.5]))


@pytest.mark.parametrize(("model", "steps"), [("elas-g", 5), ("diff-g", 4)])
def test_a_search_is_finished_with_its_last_node(family, store, model, steps):
    checkpoint, pair = family.members[model], make_pair()
    nodes = ParameterGrid.for_checkpoint(steps, checkpoint).nodes
    assert finished_search(store, checkpoint, pair.id, pair.digest) is None
    add(store, checkpoint, pair, nodes[1:])
    found = finished_search(store, checkpoint, pair.id, pair.digest)
    assert found is None or len(found.grid.axes[0]) != len(ParameterGrid.for_checkpoint(steps, checkpoint).axes[0])
    add(store, checkpoint, pair, nodes[:1])
    found = finished_search(store, checkpoint, pair.id, pair.digest)
    assert found.n_visited == len(nodes)
    (summary,) = store.searches()
    assert finished_steps(store.nodes(summary.source), summary.checkpoint) == steps


def test_a_finer_grid_counts_before_a_coarser_one_that_it_holds(family, store):
    checkpoint, pair = family.members["elas-g"], make_pair()
    add(store, checkpoint, pair, ParameterGrid.for_checkpoint(5, checkpoint).nodes)  # holds all nodes of 3 steps
    assert finished_search(store, checkpoint, pair.id, pair.digest).grid == ParameterGrid.for_checkpoint(5, checkpoint)


def test_a_search_with_a_checkpoint_that_is_gone_has_no_state(store):
    assert finished_steps({(0.0, 1.0): node_scores((0.0, 1.0), [1.0])}, "gone/elas-g") is None

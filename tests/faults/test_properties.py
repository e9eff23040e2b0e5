"""What holds for every grid, every score and every configuration, not for those alone that one thinks of (Hypothesis).

Geometries: `tests/data/test_round_trips.py`.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from dataclasses import asdict, fields
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from elasreg_core.config import REGULARIZED, SAMPLING_LAWS, SCHEDULES, TrainingConfig, read_config
from elasreg_core.errors import InputError
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import NodeScores
from elasreg_core.physics.parameters import DIFFUSION, ELASTIC, ParameterField
from elasreg_core.tables import from_table
from elasreg_core.workspace.store import Store
from tests.builders import node_scores

ALWAYS = settings(max_examples=150, deadline=None, derandomize=True)
PARAMETERS = st.floats(0, 1)
SCORES = st.one_of(st.just(math.nan), st.floats(-1e30, 1e30).map(lambda value: value + 0.0))  # SQLite has no −0


@st.composite
def grids(draw: st.DrawFn) -> ParameterGrid:
    """Any ascending values of one or two parameters, or a regular grid."""
    how = {"include_origin": draw(st.booleans()), "simplex": draw(st.booleans())}
    if draw(st.booleans()):
        return ParameterGrid.regular(draw(st.integers(2, 9)), draw(st.sampled_from([ELASTIC, DIFFUSION])), **how)
    axes = [sorted(draw(st.sets(PARAMETERS, min_size=1, max_size=7))) for _ in range(draw(st.integers(1, 2)))]
    assume(any(any(node) and sum(node) <= 1 for node in product(*axes)))  # else it has no node, and is refused
    return ParameterGrid(tuple(map(tuple, axes)), **how)


@ALWAYS
@given(grids())
def test_a_grid_holds_each_of_its_nodes_once_in_order(grid):
    assert list(grid.nodes) == sorted(set(grid.nodes))
    assert set(grid.nodes) <= set(product(*grid.axes))
    assert all(0 <= value <= 1 for node in grid.nodes for value in node)
    assert grid.include_origin or all(map(any, grid.nodes))
    assert not grid.simplex or all(sum(node) <= 1 + 1e-6 for node in grid.nodes)


@ALWAYS
@given(grids(), st.data())
def test_an_adaptive_search_ends_visits_nothing_twice_and_nothing_beside_the_grid(grid, data):
    """Whatever the surface looks like, undefined values included."""
    surface = {node: data.draw(st.one_of(st.just(math.nan), st.floats(0, 1))) for node in grid.nodes}
    known: dict = {}
    while wanted := undecided(known, grid):
        assert not set(wanted) & known.keys()
        assert set(wanted) <= set(grid.nodes)
        known |= {node: node_scores(node, (surface[node], surface[node] / 2)) for node in wanted}
    assert known


@settings(ALWAYS, max_examples=30)  # each makes a database
@given(st.lists(st.tuples(st.tuples(PARAMETERS, PARAMETERS), SCORES, SCORES, SCORES), max_size=8))
def test_the_store_gives_back_what_it_was_given_to_the_last_bit(tmp_path_factory, given_scores):
    store = Store(tmp_path_factory.mktemp("store") / "elasreg.sqlite")
    latest: dict = {}
    for node, dice, other, folding in given_scores:
        latest[node] = NodeScores(node, {"dice": (dice, other)}, {"neg_jacobian_percent": folding})
        store.add("source", latest[node])
        store.add("another", NodeScores(node, {"dice": (0.0, 0.0)}, {"neg_jacobian_percent": 0.0}))
    found = Store(store.path).nodes("source")
    assert repr({node: found[node] for node in latest}) == repr(latest)  # NaN is not equal to itself
    assert found.keys() == latest.keys()


@ALWAYS
@given(st.integers(1, 5), st.data())
def test_parameters_of_tissues_are_the_same_after_a_file(n_tissues, data):
    """`metrics.json` → `--parameters`."""
    names = tuple(f"tissue {i}" for i in range(n_tissues))
    nodes = tuple(data.draw(st.tuples(PARAMETERS, PARAMETERS)) for _ in range(n_tissues + 1))
    field = ParameterField(nodes)
    table = json.loads(json.dumps(field.by_tissue(names)))
    again = {tissue: tuple(of.values()) for tissue, of in table.items()}
    assert ParameterField.from_tissues(again, names, nodes[0]) == field


TRAININGS = st.fixed_dictionaries(
    {"steps": st.integers(1, 10**6)},
    optional={
        "batch_size": st.integers(1, 64),
        "learning_rate": st.floats(1e-8, 1),
        "schedule": st.sampled_from(SCHEDULES),
        "sampling": st.sampled_from(SAMPLING_LAWS),
        "regularized": st.sampled_from(REGULARIZED),
        "regularization_scale": st.floats(0.01, 100),
        "save_every": st.integers(1, 10**4),
        "seed": st.integers(0, 2**31 - 1),
        "shared_parameters": st.booleans(),
    },
)


@ALWAYS
@given(TRAININGS)
def test_a_training_is_the_same_after_its_configuration_was_written_and_read(table):
    config = from_table(TrainingConfig, table, "training")
    again = from_table(TrainingConfig, json.loads(json.dumps(asdict(config))), "training")
    assert again == config
    assert all(getattr(config, name) == value for name, value in table.items())


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@ALWAYS
@given(st.dictionaries(st.sampled_from([of.name for of in fields(TrainingConfig)]), JSON, max_size=4))
def test_a_setting_of_a_wrong_kind_is_a_sentence(table):
    with contextlib.suppress(InputError):  # and nothing else
        from_table(TrainingConfig, {"steps": 3, **table}, "training")


@ALWAYS
@given(st.text(max_size=300))
def test_a_text_that_is_no_configuration_is_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("config") / "own.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_config(path)

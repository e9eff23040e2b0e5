"""The grid of (λ, μ)."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid


def test_the_regular_grid_has_every_combination_but_the_origin():
    grid = ParameterGrid.regular(11)
    assert len(grid.nodes) == 120
    assert (0.0, 0.0) not in grid.nodes
    assert {(0.0, 0.1), (0.1, 0.0), (1.0, 1.0), (0.3, 0.7)} <= set(grid.nodes)  # 0.3, not 0.30000000000000004


def test_the_origin_can_be_included():
    grid = ParameterGrid.regular(11, include_origin=True)
    assert len(grid.nodes) == 121
    assert grid.nodes[0] == (0.0, 0.0)


def test_nodes_run_through_mu_first():
    grid = ParameterGrid(lam=(0.0, 0.5), mu=(0.0, 0.25, 1.0))
    assert grid.nodes == ((0.0, 0.25), (0.0, 1.0), (0.5, 0.0), (0.5, 0.25), (0.5, 1.0))


@pytest.mark.parametrize(
    ("node", "on_edge"),
    [((0.5, 0.25), False), ((0.2, 0.25), True), ((0.9, 0.25), True), ((0.5, 0.0), True), ((0.5, 1.0), True)],
)
def test_the_edge_is_the_grids_own(node, on_edge):
    assert ParameterGrid(lam=(0.2, 0.5, 0.9), mu=(0.0, 0.25, 1.0)).on_edge(node) is on_edge


@pytest.mark.parametrize("steps", [1, 0, -3])
def test_a_regular_grid_needs_two_steps(steps):
    with pytest.raises(InputError, match=f"at least 2 steps. Received: {steps}"):
        ParameterGrid.regular(steps)


@pytest.mark.parametrize("values", [(0.5, 0.1), (0.1, 0.1), (-0.1, 0.5), (0.5, 1.1), (), (float("nan"),)])
def test_values_ascend_within_the_unit_interval(values):
    with pytest.raises(InputError, match=r"The grid's λ must ascend within \[0, 1\]"):
        ParameterGrid(lam=values, mu=(0.5,))
    with pytest.raises(InputError, match=r"The grid's μ must ascend within \[0, 1\]"):
        ParameterGrid(lam=(0.5,), mu=values)


def test_no_regularizer_alone_is_no_grid():
    with pytest.raises(InputError, match="The grid has no node.*Cure: Add other values"):
        ParameterGrid((0.0,), (0.0,))
    assert ParameterGrid((0.0,), (0.0,), include_origin=True).nodes == ((0.0, 0.0),)

"""The grid of (λ, μ), or of λ."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.physics.parameters import DIFFUSION
from tests.builders import make_checkpoint


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
    grid = ParameterGrid(((0.0, 0.5), (0.0, 0.25, 1.0)))
    assert grid.nodes == ((0.0, 0.25), (0.0, 1.0), (0.5, 0.0), (0.5, 0.25), (0.5, 1.0))


@pytest.mark.parametrize(
    ("node", "on_edge"),
    [((0.5, 0.25), False), ((0.2, 0.25), True), ((0.9, 0.25), True), ((0.5, 0.0), True), ((0.5, 1.0), True)],
)
def test_the_edge_is_the_grids_own(node, on_edge):
    assert ParameterGrid(((0.2, 0.5, 0.9), (0.0, 0.25, 1.0))).on_edge(node) is on_edge


@pytest.mark.parametrize(("node", "on_edge"), [((0.2,), True), ((0.5,), False), ((0.9,), True)])
def test_the_edge_of_a_single_parameter_is_both_its_ends(node, on_edge):
    assert ParameterGrid(((0.2, 0.5, 0.9),)).on_edge(node) is on_edge


def test_diffusion_takes_as_many_values_as_the_square_has_nodes():
    # 3² = 9 values from 0 to 1, an eighth apart; without 0
    grid = ParameterGrid.regular(3, DIFFUSION)
    assert grid.nodes == ((0.125,), (0.25,), (0.375,), (0.5,), (0.625,), (0.75,), (0.875,), (1.0,))
    assert ParameterGrid.regular(3, DIFFUSION, include_origin=True).nodes == ((0.0,), *grid.nodes)
    assert len(ParameterGrid.regular(11, DIFFUSION).nodes) == len(ParameterGrid.regular(11).nodes) == 120


def test_the_simplex_keeps_the_nodes_that_sum_to_at_most_one():
    grid = ParameterGrid.regular(11, simplex=True)
    # of 11 × 11 those on and below the diagonal, 11 · 12 / 2 = 66, without the origin
    assert len(grid.nodes) == 65
    assert {(0.3, 0.7), (0.9, 0.1), (1.0, 0.0), (0.0, 0.1)} <= set(grid.nodes)  # whatever 0.9 + 0.1 is in binary
    assert not {(0.4, 0.7), (1.0, 0.1)} & set(grid.nodes)
    assert ParameterGrid.regular(3, DIFFUSION, simplex=True).nodes == ParameterGrid.regular(3, DIFFUSION).nodes


def test_a_checkpoints_grid_is_of_what_it_was_trained_on(tmp_path):
    checkpoints = {
        ("elas-g", "uniform"): ParameterGrid.regular(4),
        ("elas-g", "log_uniform"): ParameterGrid.regular(4),
        ("elas-g", "simplex"): ParameterGrid.regular(4, simplex=True),
        ("diff-g", "uniform"): ParameterGrid.regular(4, DIFFUSION),
    }
    for (model, sampling), grid in checkpoints.items():
        checkpoint = make_checkpoint(tmp_path / model, sampling=sampling)
        assert ParameterGrid.for_checkpoint(4, checkpoint).nodes == grid.nodes


@pytest.mark.parametrize("steps", [1, 0, -3])
def test_a_regular_grid_needs_two_steps(steps):
    with pytest.raises(InputError, match=f"at least 2 steps. Received: {steps}"):
        ParameterGrid.regular(steps)
    with pytest.raises(InputError, match=f"at least 2 steps. Received: {steps}"):
        ParameterGrid.regular(steps, DIFFUSION)


@pytest.mark.parametrize("values", [(0.5, 0.1), (0.1, 0.1), (-0.1, 0.5), (0.5, 1.1), (), (float("nan"),)])
def test_values_ascend_within_the_unit_interval(values):
    with pytest.raises(InputError, match=r"The grid's λ must ascend within \[0, 1\]"):
        ParameterGrid((values, (0.5,)))
    with pytest.raises(InputError, match=r"The grid's μ must ascend within \[0, 1\]"):
        ParameterGrid(((0.5,), values))
    with pytest.raises(InputError, match=r"The grid's λ must ascend within \[0, 1\]"):
        ParameterGrid((values,))


def test_no_regularizer_alone_is_no_grid():
    with pytest.raises(InputError, match="The grid has no node.*Cure: Add other values"):
        ParameterGrid(((0.0,), (0.0,)))
    assert ParameterGrid(((0.0,), (0.0,)), include_origin=True).nodes == ((0.0, 0.0),)
    with pytest.raises(InputError, match="The grid has no node"):
        ParameterGrid(((0.0,),))

"""The sweep, with a made-up network: λ alone decides how far it moves, along axis 0."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import COLUMNS, NodeScores, SubjectSweep, sweep
from elasreg_core.registration.measured import measure_displacement
from tests.builders import block, make_pair, shift

GRID = ParameterGrid(lam=(0.0, 0.5, 1.0), mu=(0.25, 0.75))


class FakeNetwork:
    """u = (4 λ, 0): at λ = ½ exactly the 2 rows that `make_pair` needs."""

    def __init__(self):
        self.asked = []

    def __call__(self, pair, nodes):
        for parameters in nodes:
            self.asked.append(parameters)
            yield measure_displacement(pair, shift(pair, 4 * parameters.global_vector()[0], 0))


def test_every_node_is_registered_and_scored():
    network = FakeNetwork()
    scores = {(s.lam, s.mu): s for s in sweep(network, make_pair(), GRID.nodes)}
    assert tuple(scores) == GRID.nodes
    assert [(p.lam[0], p.mu[0]) for p in network.asked] == list(GRID.nodes)
    assert all(len(p.lam) == 3 for p in network.asked)  # background and two tissues
    # Blocks of 4 rows. At λ = ½ they meet; else they lie 2 rows apart and share half: Dice ½.
    for (lam, _), node in scores.items():
        assert node.dice == pytest.approx((1, 1) if lam == 0.5 else (0.5, 0.5))
        assert node.neg_jacobian_percent == 0
        assert node.sd_log_jacobian == pytest.approx(0, abs=1e-6)


def test_hd95_is_computed_when_asked_for():
    by_lambda = {s.lam: s for s in sweep(FakeNetwork(), make_pair(), GRID.nodes, with_hd95=True)}
    assert by_lambda[0.5].hd95_mm == (0, 0)
    # 2 rows of 1.5 mm too far: the far row, 3 of the 10 and 2 of the 8 surface voxels, is 3 mm away
    assert by_lambda[1.0].hd95_mm == pytest.approx((3, 3))
    assert np.isnan([s.hd95_mm for s in sweep(FakeNetwork(), make_pair(), GRID.nodes)]).all()


def test_landmarks_are_scored_where_there_are_some():
    # At λ = ½ the landmark is met; else it is missed by 2 rows of 1.5 mm.
    pair = make_pair(keypoints=Keypoints(np.array([[4.0, 3.0]]), np.array([[6.0, 3.0]])))
    scores = list(sweep(FakeNetwork(), pair, GRID.nodes))
    assert [s.tre_mm for s in scores] == pytest.approx([0 if s.lam == 0.5 else 3 for s in scores])
    table = SubjectSweep.from_nodes(pair.id, pair.tissues.names, GRID, scores).table
    assert table.groupby("lambda")["tre_mm"].unique().tolist() == [[3], [0], [3]]
    assert np.isnan([s.tre_mm for s in sweep(FakeNetwork(), make_pair(), GRID.nodes)]).all()


def test_scores_come_one_by_one():
    network = FakeNetwork()
    next(sweep(network, make_pair(), GRID.nodes))
    assert len(network.asked) == 1


@pytest.mark.parametrize("side", ["moving", "fixed"])
def test_without_labels_there_is_nothing_to_search(side):
    with pytest.raises(InputError, match=f"subject cannot be searched.*Received: no {side} labels. Cure: Segment"):
        next(sweep(FakeNetwork(), make_pair(**{f"{side}_labels": None}), GRID.nodes))


def test_a_class_absent_from_one_side_is_undefined_at_every_node():
    pair = make_pair(moving_labels=block((12, 9), slice(4, 8), slice(1, 4), 1))
    scores = list(sweep(FakeNetwork(), pair, GRID.nodes, with_hd95=True))
    assert np.isnan([s.dice[1] for s in scores]).all()
    assert np.isnan([s.hd95_mm[1] for s in scores]).all()
    assert not np.isnan([s.dice[0] for s in scores]).any()


def test_a_class_that_the_warp_makes_vanish_is_missed_not_absent():
    """Moving and fixed both have "pool": a node whose warp loses it has Dice 0 there, and must not go unpunished."""
    pair = make_pair()

    def push_out(pair, nodes):  # every voxel shows what lies 8 columns to its right: nothing
        return (measure_displacement(pair, shift(pair, 0, 8)) for _ in nodes)

    scores = next(sweep(push_out, pair, GRID.nodes))
    assert scores.dice == (0, 0)


def test_folding_is_scored():
    pair = make_pair()

    def mirror(pair, nodes):  # φ_0 = 11 − p_0
        displacement = shift(pair, 0, 0)
        displacement[..., 0] = (11 - 2 * np.arange(12))[:, None]
        return (measure_displacement(pair, displacement) for _ in nodes)

    scores = next(sweep(mirror, pair, GRID.nodes))
    assert scores.neg_jacobian_percent == 100
    assert np.isnan(scores.sd_log_jacobian)


# The table ------------------------------------------------------------------------------------------------------------


def scored(lam: float, mu: float, first: float, second: float) -> NodeScores:
    return NodeScores(lam, mu, (first, second), (float("nan"), float("nan")), 0.5, 0.1)


def test_the_table_has_one_row_per_node_and_tissue():
    result = SubjectSweep.from_nodes("s", ("a", "b"), GRID, [scored(0.5, 0.75, 0.8, 0.6), scored(1.0, 0.25, 0.7, 0.9)])
    assert tuple(result.table.columns) == COLUMNS
    assert result.table[["subject", "tissue", "lambda", "mu", "dice"]].to_numpy().tolist() == [
        ["s", "a", 0.5, 0.75, 0.8],
        ["s", "b", 0.5, 0.75, 0.6],
        ["s", "a", 1.0, 0.25, 0.7],
        ["s", "b", 1.0, 0.25, 0.9],
    ]
    assert (result.n_visited, result.is_complete) == (2, False)


def test_a_sweep_is_complete_when_every_node_was_visited():
    result = SubjectSweep.from_nodes("s", ("a", "b"), GRID, [scored(*node, 0.5, 0.5) for node in GRID.nodes])
    assert (result.n_visited, result.is_complete) == (6, True)


def test_the_surface_has_mu_down_and_lambda_across():
    nan = float("nan")
    nodes = [scored(0.5, 0.75, 0.8, nan), scored(1.0, 0.25, 0.7, nan)]
    result = SubjectSweep.from_nodes("s", ("a", "b"), GRID, nodes)
    surface = result.surface("a")
    assert surface.index.tolist() == [0.25, 0.75]
    assert surface.columns.tolist() == [0.0, 0.5, 1.0]
    np.testing.assert_array_equal(surface.to_numpy(), [[nan, nan, 0.7], [nan, 0.8, nan]])
    # undefined everywhere, and not visited at all, keep the same shape
    assert np.isnan(result.surface("b").to_numpy()).all()
    assert SubjectSweep.from_nodes("s", ("a", "b"), GRID, []).surface("a").shape == (2, 3)
    assert result.surface("a", "neg_jacobian_percent").loc[0.75, 0.5] == 0.5

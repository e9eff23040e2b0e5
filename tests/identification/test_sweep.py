"""The sweep, with a made-up network: λ alone decides how far it moves, along axis 0."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.data.truth import Truth
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import COLUMNS, NodeScores, SubjectSweep, sweep
from elasreg_core.physics.fields import warp_image
from elasreg_core.registration.measured import measure_displacement
from tests.builders import block, make_pair, node_scores, shift

GRID = ParameterGrid(((0.0, 0.5, 1.0), (0.25, 0.75)))
LINE = ParameterGrid(((0.25, 0.5, 1.0),))


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
    scores = {s.node: s for s in sweep(network, make_pair(), GRID.nodes)}
    assert tuple(scores) == GRID.nodes
    assert [p.nodes[0] for p in network.asked] == list(GRID.nodes)
    assert all(p.is_uniform and len(p.nodes) == 3 for p in network.asked)  # background and two tissues
    # Blocks of 4 rows. At λ = ½ they meet; else they lie 2 rows apart and share half: Dice ½.
    for (lam, _), node in scores.items():
        assert node.by_tissue("dice") == pytest.approx((1, 1) if lam == 0.5 else (0.5, 0.5))
        assert node.whole["neg_jacobian_percent"] == 0
        assert node.whole["sd_log_jacobian"] == pytest.approx(0, abs=1e-6)


def test_the_nodes_of_diffusion_are_registered_and_scored_alike():
    network = FakeNetwork()
    scores = {s.node: s.by_tissue("dice") for s in sweep(network, make_pair(), LINE.nodes)}
    assert [p.nodes for p in network.asked] == [((lam,),) * 3 for lam in LINE.axes[0]]
    # at λ = ¼ the blocks lie 1 row apart and share 3 of 4: Dice ¾
    assert scores == {(0.25,): (0.75, 0.75), (0.5,): (1, 1), (1.0,): (0.5, 0.5)}


def test_hd95_is_computed_when_asked_for():
    by_lambda = {s.node[0]: s for s in sweep(FakeNetwork(), make_pair(), GRID.nodes, ("hd95_mm",))}
    assert by_lambda[0.5].by_tissue("hd95_mm") == (0, 0)
    # 2 rows of 1.5 mm too far: the far row, 3 of the 10 and 2 of the 8 surface voxels, is 3 mm away
    assert by_lambda[1.0].by_tissue("hd95_mm") == pytest.approx((3, 3))
    without = list(sweep(FakeNetwork(), make_pair(), GRID.nodes))
    assert all(list(s.per_tissue) == ["dice"] for s in without)
    assert np.isnan(SubjectSweep.from_nodes("s", ("wall", "pool"), GRID, without).table["hd95_mm"]).all()


def test_local_ncc_is_computed_when_asked_for_without_moving_labels():
    moving = np.random.default_rng(5).random((12, 9), dtype=np.float32)
    fixed = warp_image(moving, shift(make_pair(), 2, 0))  # what λ = ½ makes of the moving image
    pair = make_pair(moving=moving, fixed=fixed, moving_labels=None)
    by_lambda = {s.node[0]: s.by_tissue("ncc") for s in sweep(FakeNetwork(), pair, GRID.nodes, ("ncc",))}
    assert by_lambda[0.5] == pytest.approx((1, 1), abs=1e-3)
    assert max(by_lambda[0.0] + by_lambda[1.0]) < 0.9


def test_the_distance_to_a_known_motion_is_computed_when_asked_for():
    # truth: 2 rows in the wall, 3 in the pool. At λ = ½, u = (2, 0): 0 and 1 voxel off; at λ = 1, u = (4, 0): 2 and 1
    true = shift(make_pair(), 2, 0)
    true[:, 5:, 0] = 3
    pair = make_pair(truth=Truth(true, np.ones((12, 9), bool)))
    found = {s.node[0]: s for s in sweep(FakeNetwork(), pair, GRID.nodes, ("displacement_error_vox",))}
    assert found[0.5].by_tissue("displacement_error_vox") == pytest.approx((0, 1))
    assert found[1.0].by_tissue("displacement_error_vox") == pytest.approx((2, 1))


def test_landmarks_are_scored_where_there_are_some():
    # At λ = ½ the landmark is met; else it is missed by 2 rows of 1.5 mm.
    pair = make_pair(keypoints=Keypoints(np.array([[4.0, 3.0]]), np.array([[6.0, 3.0]])))
    scores = list(sweep(FakeNetwork(), pair, GRID.nodes))
    assert [s.whole["tre_mm"] for s in scores] == pytest.approx([0 if s.node[0] == 0.5 else 3 for s in scores])
    assert scores[0].by_tissue("tre_mm") == (3, 3)  # of the whole deformation: the same for every tissue
    table = SubjectSweep.from_nodes(pair.id, pair.tissues.names, GRID, scores).table
    assert table.groupby("lambda")["tre_mm"].unique().tolist() == [[3], [0], [3]]
    assert np.isnan([s.whole["tre_mm"] for s in sweep(FakeNetwork(), make_pair(), GRID.nodes)]).all()


def test_scores_come_one_by_one():
    network = FakeNetwork()
    next(sweep(network, make_pair(), GRID.nodes))
    assert len(network.asked) == 1


@pytest.mark.parametrize("side", ["moving", "fixed"])
def test_without_labels_dice_is_undefined_and_what_needs_them_is_refused(side):
    pair = make_pair(**{f"{side}_labels": None})
    scores = next(sweep(FakeNetwork(), pair, GRID.nodes))
    assert np.isnan(scores.by_tissue("dice")).all()
    assert scores.whole["neg_jacobian_percent"] == 0
    with pytest.raises(InputError, match=f"subject cannot be searched.*Received: no {side} labels. Cure: Segment"):
        next(sweep(FakeNetwork(), pair, GRID.nodes, ("hd95_mm",)))


def test_without_fixed_labels_no_tissue_can_be_told_from_another():
    pair = make_pair(fixed_labels=None)
    for metric in ("ncc", "displacement_error_vox"):
        with pytest.raises(InputError, match="subject cannot be searched.*Received: no fixed labels. Cure: Segment"):
            next(sweep(FakeNetwork(), pair, GRID.nodes, (metric,)))


def test_a_class_absent_from_one_side_is_undefined_at_every_node():
    pair = make_pair(moving_labels=block((12, 9), slice(4, 8), slice(1, 4), 1))
    scores = list(sweep(FakeNetwork(), pair, GRID.nodes, ("hd95_mm",)))
    assert np.isnan([s.by_tissue("dice")[1] for s in scores]).all()
    assert np.isnan([s.by_tissue("hd95_mm")[1] for s in scores]).all()
    assert not np.isnan([s.by_tissue("dice")[0] for s in scores]).any()


def test_a_class_that_the_warp_makes_vanish_is_missed_not_absent():
    """Moving and fixed both have "pool": a node whose warp loses it has Dice 0 there, and must not go unpunished."""
    pair = make_pair()

    def push_out(pair, nodes):  # every voxel shows what lies 8 columns to its right: nothing
        return (measure_displacement(pair, shift(pair, 0, 8)) for _ in nodes)

    scores = next(sweep(push_out, pair, GRID.nodes))
    assert scores.by_tissue("dice") == (0, 0)


def test_folding_is_scored():
    pair = make_pair()

    def mirror(pair, nodes):  # φ_0 = 11 − p_0
        displacement = shift(pair, 0, 0)
        displacement[..., 0] = (11 - 2 * np.arange(12))[:, None]
        return (measure_displacement(pair, displacement) for _ in nodes)

    scores = next(sweep(mirror, pair, GRID.nodes))
    assert scores.whole["neg_jacobian_percent"] == 100
    assert np.isnan(scores.whole["sd_log_jacobian"])


# The table ------------------------------------------------------------------------------------------------------------


def scored(lam: float, mu: float, first: float, second: float) -> NodeScores:
    return node_scores((lam, mu), (first, second), folding=0.5)


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


def test_the_curve_of_one_parameter_runs_along_it():
    nodes = [node_scores((lam,), (dice, float("nan")), folding=0.5) for lam, dice in ((1.0, 0.7), (0.25, 0.8))]
    result = SubjectSweep.from_nodes("s", ("a", "b"), LINE, nodes)
    assert tuple(result.table.columns) == COLUMNS
    assert result.table["mu"].isna().all()
    curve = result.curve("a")
    assert curve.index.tolist() == [0.25, 0.5, 1.0]
    np.testing.assert_array_equal(curve, [0.8, np.nan, 0.7])
    assert result.curve("b").isna().all()
    assert len(SubjectSweep.from_nodes("s", ("a", "b"), LINE, []).curve("a")) == 3
    assert result.curve("a", "neg_jacobian_percent").loc[1.0] == 0.5
    assert (result.n_visited, result.is_complete) == (2, False)

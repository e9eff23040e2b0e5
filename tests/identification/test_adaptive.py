"""The adaptive search finds what the full grid finds, at fewer nodes; on rough surfaces it becomes the full grid."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import PLATEAU_TOLERANCE
from elasreg_core.physics.parameters import DIFFUSION
from tests.builders import node_scores

GRID = ParameterGrid.regular(11)


def smooth_tissue(rng):
    """A Dice surface as networks give: a ridge somewhere, falling off slowly to all sides."""
    top, tilt = rng.uniform(-0.2, 1.2, 2), rng.uniform(0.02, 0.1, 2)
    return lambda lam, mu: 0.9 - tilt[0] * abs(lam - top[0]) ** 1.5 - tilt[1] * abs(mu - top[1]) ** 1.5


def visit(tissues, grid=GRID, criterion="dice"):
    """Searches made-up surfaces; what was visited, with scores."""
    known = {}
    nan = (float("nan"),) * len(tissues)
    while wanted := undecided(known, grid, criterion):
        assert not set(wanted) & known.keys()
        for node in wanted:
            known[node] = node_scores(node, **{"dice": nan, criterion: tuple(tissue(*node) for tissue in tissues)})
    return known


@pytest.mark.parametrize("seed", range(20))
def test_the_choice_is_within_the_tolerance_at_fewer_nodes(seed):
    rng = np.random.default_rng(seed)
    tissues = [smooth_tissue(rng) for _ in range(3)]
    known = visit(tissues)
    assert len(known) <= 0.5 * len(GRID.nodes)
    everywhere = np.array([[tissue(*node) for tissue in tissues] for node in GRID.nodes])
    found = np.array([scores.by_tissue("dice") for scores in known.values()])
    gap = everywhere.max(axis=0) - found.max(axis=0)
    assert gap.max() <= PLATEAU_TOLERANCE["dice"]
    assert everywhere.mean(axis=1).max() - found.mean(axis=1).max() <= PLATEAU_TOLERANCE["dice"]


def test_a_narrow_peak_is_climbed_to_its_top():
    def peak(lam, mu):  # a cone 0.4 wide: no node of the coarse lattice lies on its top, (0.5, 0.6)
        return max(0.0, 0.8 - np.hypot(lam - 0.5, mu - 0.6))

    known = visit([peak])
    assert max(known, key=lambda node: peak(*node)) == (0.5, 0.6)
    assert len(known) < len(GRID.nodes) / 2


def test_a_rough_surface_is_searched_in_full():
    noise = dict(zip(GRID.nodes, np.random.default_rng(0).uniform(0.5, 0.9, len(GRID.nodes)), strict=True))
    assert len(visit([lambda lam, mu: noise[lam, mu]])) == len(GRID.nodes)


def test_distances_are_searched_downwards_and_in_millimetres():
    known = visit([lambda lam, mu: 3 + 20 * abs(lam - 0.9) + 10 * abs(mu - 0.1)], criterion="hd95_mm")
    assert min(known, key=lambda node: known[node].by_tissue("hd95_mm")[0]) == (0.9, 0.1)


def test_a_node_that_loses_a_class_is_as_bad_as_the_worst():
    def lost_at_low_mu(lam, mu):
        return float("nan") if mu < 0.25 else 3 + 10 * abs(lam - 0.5) + 10 * (1 - mu)

    known = visit([lost_at_low_mu], criterion="hd95_mm")
    assert min(known, key=lambda node: np.nan_to_num(known[node].by_tissue("hd95_mm")[0], nan=99)) == (0.5, 1.0)
    assert len(known) < len(GRID.nodes)


def test_an_absent_class_has_no_say():
    tissue = smooth_tissue(np.random.default_rng(0))
    alone = visit([tissue])
    assert visit([tissue, lambda *_: float("nan")]).keys() == alone.keys()
    coarse = visit([lambda *_: float("nan")])  # nothing is defined: the lattice, and no more
    assert len(coarse) == 18  # 4 × 4 lines; the corner (0, 0) is no node, its three neighbours are


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_a_grid_hardly_finer_than_the_lattice_is_searched_in_full(steps):
    grid = ParameterGrid.regular(steps)
    assert visit([lambda lam, mu: lam * mu], grid).keys() == set(grid.nodes)


@pytest.mark.parametrize("steps", range(6, 22))
def test_grids_of_every_size_are_searched_to_the_top(steps):
    grid = ParameterGrid.regular(steps)
    best = grid.nodes[len(grid.nodes) // 3]
    known = visit([lambda lam, mu: 0.9 - 0.2 * np.hypot(lam - best[0], mu - best[1])], grid)
    assert best in known
    assert steps < 9 or len(known) < len(grid.nodes)


def test_a_single_row_is_a_grid():
    grid = ParameterGrid(((0.5,), (0.0, 0.25, 0.5, 0.75, 1.0)))
    assert (0.5, 0.75) in visit([lambda lam, mu: -((mu - 0.75) ** 2)], grid)


LINE = ParameterGrid.regular(11, DIFFUSION)


@pytest.mark.parametrize("seed", range(10))
def test_one_parameter_is_searched_as_two_are(seed):
    rng = np.random.default_rng(seed)
    surfaces = [smooth_tissue(rng) for _ in range(3)]
    tissues = [lambda lam, surface=surface: surface(lam, 0.5) for surface in surfaces]
    known = visit(tissues, LINE)
    assert len(known) <= 0.5 * len(LINE.nodes)
    everywhere = np.array([[tissue(*node) for tissue in tissues] for node in LINE.nodes])
    found = np.array([scores.by_tissue("dice") for scores in known.values()])
    assert (everywhere.max(axis=0) - found.max(axis=0)).max() <= PLATEAU_TOLERANCE["dice"]
    assert everywhere.mean(axis=1).max() - found.mean(axis=1).max() <= PLATEAU_TOLERANCE["dice"]


def test_a_narrow_peak_of_one_parameter_is_climbed_to_its_top():
    # a tent 0.4 wide, whose top at 61/120 lies between two lines of the lattice, which are three steps apart
    top = LINE.axes[0][61]
    known = visit([lambda lam: max(0.0, 0.8 - 4 * abs(lam - top))], LINE)
    assert max(known, key=lambda node: -abs(node[0] - top)) == (top,)
    assert len(known) < len(LINE.nodes) / 2


def test_a_grid_without_a_corner_is_searched_in_full():
    grid = ParameterGrid.regular(11, simplex=True)
    assert visit([smooth_tissue(np.random.default_rng(0))], grid).keys() == set(grid.nodes)


def test_what_concerns_the_whole_deformation_is_searched_downwards_too():
    known = {}
    while wanted := undecided(known, GRID, "tre_mm"):
        for lam, mu in wanted:
            known[lam, mu] = node_scores((lam, mu), (0.5, 0.5), tre=2 + 4 * abs(lam - 0.9) + 2 * abs(mu - 0.1))
    assert min(known, key=lambda node: known[node].whole["tre_mm"]) == (0.9, 0.1)
    assert len(known) < len(GRID.nodes)

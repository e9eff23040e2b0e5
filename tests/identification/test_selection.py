"""Choosing from a sweep: the best node, and what is said about the choice."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Optimum, best_node, choose_parameters, lame_field
from elasreg_core.identification.sweep import NodeScores, SubjectSweep

NAN = float("nan")
GRID = ParameterGrid(lam=(0.0, 0.25, 0.5, 1.0), mu=(0.1, 0.5, 0.9))
TISSUES = ("wall", "pool")


def swept(wall: dict, pool: dict | None = None, metric: str = "dice") -> SubjectSweep:
    """A sweep from {node: value} per tissue; a node that is not given is NaN there."""
    pool = {} if pool is None else pool
    undefined = (NAN, NAN)
    nodes = []
    for node in sorted(set(wall) | set(pool)):
        values = (wall.get(node, NAN), pool.get(node, NAN))
        dice, hd95 = (values, undefined) if metric == "dice" else (undefined, values)
        nodes.append(NodeScores(*node, dice, hd95, 0.0, 0.0))
    return SubjectSweep.from_nodes("s", TISSUES, GRID, nodes)


def test_each_tissue_takes_its_own_argmax():
    sweep = swept(
        wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.7, (0.0, 0.1): 0.6},
        pool={(0.25, 0.5): 0.3, (0.5, 0.5): 0.4, (0.0, 0.1): 0.2},
    )
    wall, pool = choose_parameters(sweep)
    assert (wall.tissue, wall.node, wall.value) == ("wall", (0.25, 0.5), 0.8)
    assert (pool.tissue, pool.node, pool.value) == ("pool", (0.5, 0.5), 0.4)
    assert not wall.on_edge
    assert wall.ties == 0


def test_the_mean_is_over_the_tissues():
    # means: (0.8 + 0.1) / 2 = 0.45 and (0.6 + 0.5) / 2 = 0.55
    sweep = swept(wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.6}, pool={(0.25, 0.5): 0.1, (0.5, 0.5): 0.5})
    best = best_node(sweep, "mean")
    assert best.node == (0.5, 0.5)
    assert best.value == pytest.approx(0.55)


def test_the_mean_leaves_out_a_class_that_is_absent_everywhere():
    best = best_node(swept(wall={(0.25, 0.5): 0.8, (0.5, 0.5): 0.6}), "mean")
    assert (best.node, best.value) == ((0.25, 0.5), 0.8)


def test_a_node_does_not_win_by_losing_a_class():
    """ "pool" has an HD95 at every node but one, where the warp lost it: that node must not be best on the mean."""
    sweep = swept(
        wall={(0.25, 0.5): 3.0, (0.5, 0.5): 3.1, (1.0, 0.9): 3.2},
        pool={(0.25, 0.5): 9.0, (0.5, 0.5): 8.0},
        metric="hd95_mm",
    )
    # means of nodes where both are known: 6.0 and 5.55
    assert best_node(sweep, "mean", "hd95_mm").node == (0.5, 0.5)


def test_lower_is_better_for_hd95():
    sweep = swept(wall={(0.25, 0.5): 3.0, (0.5, 0.5): 2.0, (0.0, 0.1): 2.4}, metric="hd95_mm")
    best = best_node(sweep, "wall", "hd95_mm")
    assert (best.node, best.value) == ((0.5, 0.5), 2.0)
    # within 0.5 mm of 2.0 lie 2.0 and 2.4, of three
    assert best.plateau_fraction == pytest.approx(2 / 3)


def test_of_ties_the_most_regular_is_taken_and_the_others_counted():
    sweep = swept(wall={(0.0, 0.9): 0.8, (0.25, 0.5): 0.8, (0.5, 0.9): 0.8, (1.0, 0.1): 0.8, (1.0, 0.9): 0.5})
    # λ + μ: 0.9, 0.75, 1.4, 1.1
    best = best_node(sweep, "wall")
    assert (best.node, best.ties) == ((0.5, 0.9), 3)
    assert "3 of them exactly" in best.message


def test_the_plateau_counts_the_nodes_within_the_tolerance():
    sweep = swept(wall={(0.25, 0.1): 0.800, (0.25, 0.5): 0.797, (0.5, 0.1): 0.794, (0.5, 0.5): 0.60, (1.0, 0.9): NAN})
    # default 0.005: 0.800 and 0.797 of the four that have a value
    assert best_node(sweep, "wall").plateau_fraction == pytest.approx(2 / 4)
    assert best_node(sweep, "wall", tolerance=0.01).plateau_fraction == pytest.approx(3 / 4)
    assert best_node(sweep, "wall", tolerance=1).plateau_fraction == 1


def test_undefined_values_never_win():
    best = best_node(swept(wall={(0.25, 0.5): NAN, (0.5, 0.5): 0.1}), "wall")
    assert (best.node, best.value, best.plateau_fraction) == ((0.5, 0.5), 0.1, 1.0)


def test_an_absent_class_has_no_optimum_and_says_so():
    best = best_node(swept(wall={(0.25, 0.5): 0.8}), "pool")
    assert best.node is None
    assert best.message.startswith("pool: no optimum, because the class is absent from one of the label maps;")
    assert best.message.endswith("it is registered with the node that is best on the mean of the others.")


def test_an_optimum_on_the_edge_is_flagged():
    best = best_node(swept(wall={(0.0, 0.5): 0.8, (0.25, 0.5): 0.7}), "wall")
    assert best.on_edge
    assert best.message == "wall: λ = 0, μ = 0.5 with Dice 0.800; 50% of 2 nodes are as good; on the edge of the grid."


def test_the_message_carries_the_unit():
    best = best_node(swept(wall={(0.25, 0.5): 2.0}, metric="hd95_mm"), "wall", "hd95_mm")
    assert best.message == "wall: λ = 0.25, μ = 0.5 with HD95 2.000 mm; 100% of 1 nodes are as good."


def test_an_unvisited_sweep_has_no_optimum():
    assert best_node(swept({}), "wall").node is None
    assert best_node(swept({}), "mean").node is None


def test_an_unknown_criterion_is_refused():
    with pytest.raises(InputError, match="no such criterion. Expected: dice or hd95_mm. Received: folding"):
        best_node(swept({(0.25, 0.5): 0.8}), "wall", "folding")


def test_the_field_takes_each_tissues_node_and_the_fallback_for_the_rest():
    optima = (Optimum("wall", "dice", (0.25, 0.5)), Optimum("pool", "dice", None))
    field = lame_field(optima, Optimum("mean", "dice", (1.0, 0.9)), TISSUES, background=(0.0, 0.1))
    assert field.lam == (0.0, 0.25, 1.0)
    assert field.mu == (0.1, 0.5, 0.9)


def test_without_any_optimum_there_is_no_field():
    nothing = [Optimum(tissue, "dice", None) for tissue in TISSUES]
    with pytest.raises(InputError, match="No tissue has an optimum: moving and fixed labels share no class"):
        lame_field(nothing, Optimum("mean", "dice", None), TISSUES, (0.0, 0.0))


def test_the_plateau_follows_the_tolerance_that_was_asked_for():
    scores = {(0.25, 0.5): 0.80, (0.5, 0.5): 0.77, (0.0, 0.1): 0.60}
    narrow, wide = (best_node(swept(wall=scores), "wall", tolerance=tolerance) for tolerance in (0.005, 0.05))
    assert narrow.plateau == ((0.25, 0.5),)
    assert set(wide.plateau) == {(0.25, 0.5), (0.5, 0.5)}
    assert wide.plateau_fraction == 2 / 3

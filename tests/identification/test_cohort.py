"""Parameters from other subjects: the mean surface, and who is left out of it."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.cohort import leave_one_out, mean_sweep
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection, best_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.physics.parameters import DIFFUSION
from tests.builders import node_scores

NAN = float("nan")
GRID = ParameterGrid(((0.0, 0.5), (0.5, 1.0)))
TISSUES = ("wall", "pool")


def swept(subject: str, dice: dict, grid: ParameterGrid = GRID) -> SubjectSweep:
    return SubjectSweep.from_nodes(subject, TISSUES, grid, [node_scores(node, of) for node, of in dice.items()])


def everywhere(wall: list[float], pool: list[float]) -> dict:
    return dict(zip(GRID.nodes, zip(wall, pool, strict=True), strict=True))


def test_every_node_gets_the_mean_over_the_subjects_that_have_the_class():
    one = swept("one", everywhere([0.9, 0.5, 0.1, 0.2], [0.2, 0.3, 0.4, 0.5]))
    two = swept("two", everywhere([0.5, 0.7, 0.3, 0.2], [NAN] * 4))
    mean = mean_sweep([one, two])
    assert mean.surface("wall").loc[0.5, 0.0] == pytest.approx(0.7)
    assert mean.surface("wall").loc[1.0, 0.0] == pytest.approx(0.6)
    assert mean.surface("pool").loc[1.0, 0.5] == 0.5  # two lacks the class
    assert mean.is_complete
    assert best_node(mean, "wall").node == (0.0, 0.5)
    # in the order of the table: the first subject's own best would be the same, the second's is (0, 1)
    assert best_node(two, "wall").node == (0.0, 1.0)


def test_a_node_does_not_win_by_losing_a_tissue():
    # two's wall vanishes at the first node, where one alone would make the smallest mean
    hd95 = {"one": [3.0, 3.0, 3.0, 3.0], "two": [NAN, 10.0, 9.0, 11.0], "three": [NAN] * 4}
    sweeps = [
        SubjectSweep.from_nodes(
            *(name, TISSUES, GRID),
            [node_scores(node, (0.5, 0.5), hd95=(value, 1.0)) for node, value in zip(GRID.nodes, values, strict=True)],
        )
        for name, values in hd95.items()
    ]
    found = best_node(mean_sweep(sweeps), "wall", Selection("hd95_mm"))
    assert (found.node, found.value, found.n_scored) == (GRID.nodes[2], 6.0, 3)
    assert best_node(mean_sweep(sweeps), "pool", Selection("hd95_mm")).n_scored == 4


def test_leaving_one_out_uses_everybody_else():
    sweeps = {
        "one": swept("one", everywhere([0.9, 0.1, 0.1, 0.1], [0.5] * 4)),
        "two": swept("two", everywhere([0.1, 0.8, 0.1, 0.1], [0.5] * 4)),
        "three": swept("three", everywhere([0.1, 0.1, 0.3, 0.1], [0.5] * 4)),
    }
    chosen = {subject: best_node(others, "wall").node for subject, others in leave_one_out(sweeps).items()}
    # what two and three like best on the mean is two's favourite (.45 against .2), and so on
    assert chosen == {"one": (0.0, 1.0), "two": (0.0, 0.5), "three": (0.0, 0.5)}


def test_grids_of_diffusion_are_averaged_too():
    grid = ParameterGrid.regular(2, DIFFUSION)  # λ = 1/3, 2/3, 1
    sweeps = [
        swept(name, dict(zip(grid.nodes, [(a, a), (b, b), (0.1, 0.1)], strict=True)), grid)
        for name, a, b in (("one", 0.4, 0.6), ("two", 0.7, 0.8))
    ]
    assert mean_sweep(sweeps).curve("wall").tolist()[1:] == pytest.approx([0.55, 0.7, 0.1])
    assert best_node(mean_sweep(sweeps), "mean").node == (pytest.approx(2 / 3, abs=1e-5),)


def test_one_subject_alone_has_no_others():
    with pytest.raises(InputError, match="needs other subjects"):
        leave_one_out({"one": swept("one", everywhere([0.9] * 4, [0.5] * 4))})


def test_a_sweep_that_is_not_whole_cannot_be_averaged():
    part = dict(list(everywhere([0.9] * 4, [0.5] * 4).items())[:3])
    with pytest.raises(InputError, match=r"sweep of two cannot be averaged.*3 of 4 nodes.*without --adaptive"):
        mean_sweep([swept("one", everywhere([0.9] * 4, [0.5] * 4)), swept("two", part)])

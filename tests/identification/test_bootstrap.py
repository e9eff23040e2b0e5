"""Choosing again: counts by block, and how the spread of the choice follows the surface."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.bootstrap import block_counts, certainty, choose_again
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.metrics import dice_per_label
from elasreg_core.registration.measured import measure_displacement
from tests.builders import make_pair, shift


@pytest.mark.parametrize("shape", [(21, 13), (11, 9, 6)])
def test_blocks_add_up_to_dice(shape):
    rng = np.random.default_rng(0)
    fixed, *warped = rng.integers(0, 4, (3, *shape)).astype("u1")
    counts = block_counts(warped, fixed, 4, side=4)
    n_blocks = np.prod([-(-side // 4) for side in shape])
    assert counts.shape == (2, 2, 3, n_blocks)
    overlap, sizes = counts.sum(axis=-1).swapaxes(0, 1)
    for labels, a, b in zip(warped, overlap, sizes, strict=True):
        np.testing.assert_allclose(2 * a / b, dice_per_label(labels, fixed, 4))


def test_a_block_holds_its_own_voxels():
    fixed = np.zeros((8, 6), dtype=np.uint8)
    fixed[5, 4] = 1  # the block of rows 4–7 and columns 4–5: the last of 2 × 2
    warped = np.zeros_like(fixed)
    warped[5, 4], warped[0, 0] = 1, 1
    overlap, sizes = block_counts([warped], fixed, 2, side=4)[0, :, 0]
    assert overlap.tolist() == [0, 0, 0, 1]
    assert sizes.tolist() == [1, 0, 0, 2]


NODES = [(0.1, 0.2), (0.5, 0.5), (0.9, 0.3)]


def counts_of(hits) -> np.ndarray:
    """`(N, 2, 1, blocks)`: of ten voxels in every block of both maps, so many overlap."""
    overlap = np.array(hits, dtype=float)
    return np.stack([overlap, np.full_like(overlap, 20)], axis=1)[:, :, np.newaxis]


def test_a_node_that_is_better_in_every_block_is_always_chosen_again():
    (found,) = choose_again(NODES, counts_of([[5] * 30, [9] * 30, [6] * 30]), ("a",), np.random.default_rng(0))
    assert (found.node, found.share, found.n_nodes) == ((0.5, 0.5), 1.0, 1)
    assert found.low == found.high == (0.5, 0.5)


def test_a_node_that_is_better_by_chance_is_not():
    hits = np.random.default_rng(1).integers(3, 9, (3, 40))  # three equals
    (found,) = choose_again(NODES, counts_of(hits), ("a",), np.random.default_rng(0))
    assert 0.2 < found.share < 0.95
    assert found.n_nodes == 3
    assert found.low < found.high
    assert found.node in NODES


def test_of_equals_the_most_regular_counts_as_in_the_choice_itself():
    (found,) = choose_again(NODES, counts_of([[7] * 10] * 3), ("a",), np.random.default_rng(0))
    assert (found.node, found.share) == ((0.9, 0.3), 1.0)  # λ + μ = 1.2


def test_an_absent_class_is_not_chosen_for():
    counts = np.concatenate([counts_of([[7] * 10] * 3), counts_of([[0] * 10] * 3)], axis=2)
    assert choose_again(NODES, counts, ("a", "b"), np.random.default_rng(0))[1].node is None


def test_the_choice_itself_is_the_searchs_and_the_seed_decides_the_rest():
    pair = make_pair()

    def measure(pair, fields):  # λ = ½ moves both blocks where they belong
        for field in fields:
            yield measure_displacement(pair, shift(pair, 4 * field.nodes[0][0], 0))

    nodes = ParameterGrid(((0.0, 0.5, 1.0), (0.25, 0.75))).nodes
    wall, pool = certainty(measure, pair, nodes, resamples=50)
    assert (wall.node, pool.node) == ((0.5, 0.75), (0.5, 0.75))
    assert wall.share == 1.0
    assert certainty(measure, pair, nodes, resamples=50) == [wall, pool]

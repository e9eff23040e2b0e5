"""How sure a choice is: the same choice again and again, with other parts of the image weighing more.

Dice is made of counts of voxels. They are counted block by block, since neighbouring voxels err together; drawing the
blocks anew with replacement (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8) gives other
counts, another surface over (λ, μ), and another best node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.sweep import Measure
from elasreg_core.physics.fields import warp_labels
from elasreg_core.physics.parameters import Node, ParameterField

BLOCK_SIDE = 8
RESAMPLES = 1000


@dataclass(frozen=True)
class ChosenAgain:
    """The node of one tissue, chosen from resampled images.

    Attributes:
        tissue: which.
        node: the choice on the image itself; None where Dice is undefined.
        share: of the resamples that choose just that node.
        low, high: the middle 95 % of each parameter.
        n_nodes: how many different nodes were chosen.
        shares: of the resamples, by node; nodes never chosen are left out.
    """

    tissue: str
    node: Node | None
    share: float = float("nan")
    low: Node = ()
    high: Node = ()
    n_nodes: int = 0
    shares: Mapping[Node, float] = field(default_factory=dict, repr=False)


def certainty(
    measure: Measure, pair: RegistrationPair, nodes: Sequence[Node], resamples: int = RESAMPLES, seed: int = 0
) -> list[ChosenAgain]:
    """How sure each tissue's choice by Dice is: registers the pair at every node once more, and resamples.

    Args:
        measure: `Registrar.measured` of a global checkpoint.
        pair: with labels on both images.
        nodes: of the whole grid.
        resamples: how often the choice is made.
        seed: of the resampling.

    Raises:
        InputError: labels are missing.
    """
    moving_labels, fixed_labels = pair.require_labels()
    fields = [ParameterField.uniform(node, pair.tissues.n_classes) for node in nodes]
    warped = (warp_labels(moving_labels, found.displacement) for found in measure(pair, fields))
    counts = block_counts(warped, fixed_labels, pair.tissues.n_classes)
    return choose_again(nodes, counts, pair.tissues.names, np.random.default_rng(seed), resamples)


def block_counts(
    warped: Iterable[npt.NDArray[np.integer]], fixed: npt.NDArray[np.integer], n_classes: int, side: int = BLOCK_SIDE
) -> npt.NDArray[np.float64]:
    """What Dice is made of, in blocks: overlap and the sum of both sizes, shape `(N, 2, C−1, blocks)`.

    Args:
        warped: the warped labels of N nodes, each `(X, Y[, Z])`.
        fixed: the fixed labels.
        n_classes: C.
        side: of a block, in voxels.
    """
    block = np.zeros(fixed.shape, dtype=np.intp)
    for axis, length in enumerate(fixed.shape):
        shape = [-1 if k == axis else 1 for k in range(fixed.ndim)]
        block = block * (-(-length // side)) + (np.arange(length) // side).reshape(shape)
    n_blocks = int(block.max()) + 1

    def counts(labels: npt.NDArray[np.integer], where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        joint = labels[where].astype(np.intp) * n_blocks + block[where]
        return np.bincount(joint, minlength=n_classes * n_blocks).reshape(n_classes, n_blocks)[1:].astype(float)

    everywhere = np.ones(fixed.shape, dtype=bool)
    in_fixed = counts(fixed, everywhere)
    return np.array([[counts(of, of == fixed), counts(of, everywhere) + in_fixed] for of in warped])


def choose_again(
    nodes: Sequence[Node],
    counts: npt.NDArray[np.float64],
    tissues: Sequence[str],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> list[ChosenAgain]:
    """The argmax of Dice, tissue by tissue, on images whose blocks are drawn anew with replacement.

    Args:
        nodes: N of them, in the order of `counts`.
        counts: of `block_counts`.
        tissues: in label order.
        rng: draws the blocks.
        resamples: how often.
    """
    found = []
    for k, tissue in enumerate(tissues):
        overlap, sizes = counts[:, 0, k], counts[:, 1, k]  # (N, blocks)
        if not overlap.any():
            found.append(ChosenAgain(tissue, None))
            continue
        dice = 2 * overlap.sum(axis=1) / sizes.sum(axis=1)
        found.append(chosen_among(tissue, nodes, dice, resampled_dice(overlap, sizes, rng, resamples)))
    return found


def resampled_dice(
    overlap: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> npt.NDArray[np.float64]:
    """Dice of one tissue on images whose blocks are drawn anew with replacement, shape `(N, resamples)`.

    Args:
        overlap: its voxels in both maps, shape `(N, blocks)`.
        sizes: the sum of both sizes, same shape; blocks that never hold the tissue are not drawn.
        rng: draws the blocks.
        resamples: how often.
    """
    inside = sizes.any(axis=0)
    n_blocks = int(inside.sum())
    weights = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), resamples).T  # (blocks, resamples)
    dice: npt.NDArray[np.float64] = 2 * (overlap[:, inside] @ weights) / np.maximum(sizes[:, inside] @ weights, 1)
    return dice


def chosen_among(
    tissue: str, nodes: Sequence[Node], dice: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]
) -> ChosenAgain:
    """How the argmax spreads over many draws of a surface; ties go to the largest λ + μ, as in `best_node`.

    Args:
        tissue: whose surface.
        nodes: N of them.
        dice: the surface itself, shape `(N,)`.
        drawn: the draws, shape `(N, resamples)`.
    """
    order = sorted(range(len(nodes)), key=lambda i: (sum(nodes[i]), nodes[i]), reverse=True)
    values = np.array(nodes)[order]
    best, chosen = int(np.argmax(dice[order])), np.argmax(drawn[order], axis=0)
    low, high = np.percentile(values[chosen], [2.5, 97.5], axis=0, method="nearest")
    times = np.bincount(chosen, minlength=len(nodes)) / len(chosen)
    return ChosenAgain(
        tissue=tissue,
        node=tuple(map(float, values[best])),
        share=float(times[best]),
        low=tuple(map(float, low)),
        high=tuple(map(float, high)),
        n_nodes=int(np.count_nonzero(times)),
        shares={tuple(map(float, values[i])): float(times[i]) for i in np.flatnonzero(times)},
    )

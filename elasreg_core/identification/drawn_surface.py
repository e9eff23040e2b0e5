"""A Dice surface over (λ, μ) drawn again and again: how the plateau and the best node change when nothing else does.

Two kinds: of a subject, whose image is resampled block by block (`bootstrap`); and made up, for lessons,

    Dice(λ, μ) = 0.85 − fall · r² + noise,    r: distance from (0.4, 0.3), 1 at the farthest corner of [0, 1]²

where one sets oneself how much it falls and how noisy it is. There the noise is drawn independently at every node. On
one image the nodes err together, so that the differences between them, by which one chooses, are less noisy than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.bootstrap import ChosenAgain, block_counts, chosen_among, resampled_dice
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import Measure, NodeScores, SubjectSweep
from elasreg_core.physics.fields import warp_labels
from elasreg_core.physics.parameters import ParameterField

MADE_UP = "made-up tissue"
PEAK, BEST = 0.85, (0.4, 0.3)


@dataclass(frozen=True)
class DrawnSurface:
    """One tissue's Dice, and draws of it.

    Attributes:
        tissue: whose.
        grid: N nodes.
        dice: shape `(N, 1 + draws)`; the first column is the surface as it is.
    """

    tissue: str
    grid: ParameterGrid
    dice: npt.NDArray[np.float64]

    def sweep(self, draw: int) -> SubjectSweep:
        """One draw as a search would have found it; 0: the surface as it is."""
        nan = float("nan")
        whole = {"tre_mm": nan, "neg_jacobian_percent": nan, "sd_log_jacobian": nan}
        values = zip(self.grid.nodes, self.dice[:, draw], strict=True)
        scores = [NodeScores(node, {"dice": (float(value),)}, whole) for node, value in values]
        return SubjectSweep.from_nodes(f"draw {draw}", (self.tissue,), self.grid, scores)

    def again(self) -> ChosenAgain:
        """How the best node spreads over the draws."""
        return chosen_among(self.tissue, self.grid.nodes, self.dice[:, 0], self.dice[:, 1:])


def made_up_surface(fall: float, noise: float, draws: int, seed: int = 0) -> DrawnSurface:
    """A paraboloid over the paper's 11 × 11 nodes; its first column has no noise.

    Args:
        fall: Dice lost at the corner farthest from the best node.
        noise: standard deviation of every node's Dice.
        draws: of the noise.
        seed: of the noise.
    """
    grid = ParameterGrid.regular(11)
    squares = np.square(np.array(grid.nodes) - BEST).sum(axis=1)
    surface = PEAK - fall * squares / squares.max()
    drawn = surface[:, np.newaxis] + np.random.default_rng(seed).normal(0, noise, (draws, len(surface))).T
    return DrawnSurface(MADE_UP, grid, np.column_stack([surface, drawn]))


def subject_surfaces(
    measure: Measure, pair: RegistrationPair, grid: ParameterGrid, draws: int, seed: int = 0
) -> Sequence[DrawnSurface]:
    """A subject's surfaces, one per tissue that has a Dice: registers the pair at every node, and resamples its blocks.

    Args:
        measure: `Registrar.measured` of a global checkpoint.
        pair: with labels on both images.
        grid: which nodes.
        draws: of the blocks.
        seed: of the resampling.

    Raises:
        InputError: labels are missing.
    """
    moving_labels, fixed_labels = pair.require_labels()
    fields = [ParameterField.uniform(node, pair.tissues.n_classes) for node in grid.nodes]
    warped = (warp_labels(moving_labels, found.displacement) for found in measure(pair, fields))
    counts = block_counts(warped, fixed_labels, pair.tissues.n_classes)  # (N, 2, C−1, blocks)
    return list(_surfaces(counts, pair.tissues.names, grid, draws, np.random.default_rng(seed)))


def _surfaces(
    counts: npt.NDArray[np.float64], tissues: Sequence[str], grid: ParameterGrid, draws: int, rng: np.random.Generator
) -> Iterator[DrawnSurface]:
    for k, tissue in enumerate(tissues):
        overlap, sizes = counts[:, 0, k], counts[:, 1, k]
        if overlap.any():
            whole = 2 * overlap.sum(axis=1) / sizes.sum(axis=1)
            yield DrawnSurface(tissue, grid, np.column_stack([whole, resampled_dice(overlap, sizes, rng, draws)]))

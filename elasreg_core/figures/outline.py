"""The border of a region of grid nodes: each node stands for the cell around it, as a heatmap draws it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from elasreg_core.physics.parameters import Node


def cell_edges(centres: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where the cells around ascending centres begin and end: half-way; N + 1 edges of N cells.

    Example:
        >>> cell_edges([0.0, 0.5, 1.0]).tolist()
        [-0.25, 0.25, 0.75, 1.25]
    """
    centres = np.asarray(centres, dtype=float)
    if len(centres) == 1:
        return np.array([centres[0] - 0.05, centres[0] + 0.05])
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middles[0]], middles, [2 * centres[-1] - middles[-1]]])


def outline(
    nodes: Collection[Node], axes: Sequence[Sequence[float]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The border of the cells of some nodes, as one poly-line whose pieces are parted by NaN.

    Args:
        nodes: (λ, μ) each, of the grid.
        axes: the grid's values of λ and μ.

    Returns:
        x and y.
    """
    inside = np.zeros((len(axes[0]) + 2, len(axes[1]) + 2), dtype=bool)  # with a rim outside
    for lam, mu in nodes:
        inside[axes[0].index(lam) + 1, axes[1].index(mu) + 1] = True
    x, y = map(cell_edges, axes)
    pieces = []
    for i, j in np.argwhere(inside[1:, 1:-1] != inside[:-1, 1:-1]):  # between columns i − 1 and i
        pieces.append(((x[i], y[j]), (x[i], y[j + 1])))
    for i, j in np.argwhere(inside[1:-1, 1:] != inside[1:-1, :-1]):
        pieces.append(((x[i], y[j]), (x[i + 1], y[j])))
    gap = (np.nan, np.nan)
    points = np.array([point for piece in pieces for point in (*piece, gap)]).reshape(-1, 2)
    return points[:, 0], points[:, 1]

"""Two images in the squares of a checkerboard: edges that run on across the squares are aligned."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.images import image_trace
from elasreg_core.figures.plane import Plane


def checkerboard(
    fixed: npt.NDArray[Any], other: npt.NDArray[Any], spacing_mm: tuple[float, float], square_mm: float
) -> npt.NDArray[Any]:
    """One image of both: the fixed one in the first square, the other one in those beside it, and so on.

    Args:
        fixed: shape `(X, Y)`.
        other: the same.
        spacing_mm: voxel sizes along both axes.
        square_mm: side of a square, of at least one voxel.

    Example:
        >>> checkerboard(np.zeros((4, 2)), np.ones((4, 2)), (1.0, 2.0), 2.0)
        array([[0., 1.],
               [0., 1.],
               [1., 0.],
               [1., 0.]])
    """
    sides = [max(1, round(square_mm / spacing)) for spacing in spacing_mm]
    squares = [np.arange(count) // side for count, side in zip(fixed.shape, sides, strict=True)]
    return np.where(np.add.outer(*squares) % 2 == 0, fixed, other)


def checkerboard_figure(
    fixed: npt.NDArray[Any], other: npt.NDArray[Any], plane: Plane, title: str, square_mm: float
) -> go.Figure:
    """The checkerboard of a slice `(X, Y)` of both."""
    board = checkerboard(fixed, other, plane.spacing_mm, square_mm)
    return plane.lay_out(go.Figure(image_trace(board, plane)), fixed.shape, title)

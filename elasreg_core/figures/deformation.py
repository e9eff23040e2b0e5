"""The deformation itself: where the grid goes, and how volumes change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.images import contour_traces, image_trace
from elasreg_core.figures.palette import DIVERGING, FOLDING, GRID
from elasreg_core.figures.plane import Plane
from elasreg_core.physics.fields import identity_grid


def grid_lines(displacement: npt.NDArray[Any], plane: Plane, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Poly-lines through p + u(p) of every n-th row and column of voxels, in mm, separated by NaN.

    Args:
        displacement: shape `(X, Y, 2)`, in voxels.
        plane: how the grid lies on the screen.
        every: voxels between two lines.

    Returns:
        x and y of one line trace.
    """
    deformed = identity_grid(displacement.shape[:2]) + displacement
    gap = np.full((1, 2), np.nan)
    lines = [deformed[i] for i in range(0, deformed.shape[0], every)]
    lines += [deformed[:, j] for j in range(0, deformed.shape[1], every)]
    points = np.concatenate([part for line in lines for part in (line, gap)])
    return plane.positions_mm(0, points[:, 0]), plane.positions_mm(1, points[:, 1])


def grid_trace(displacement: npt.NDArray[Any], plane: Plane, every: int) -> go.Scatter:
    """The lines of `grid_lines` as one trace."""
    x, y = grid_lines(displacement, plane, every)
    look = {"color": GRID, "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=look, hoverinfo="skip", showlegend=False)


def grid_figure(
    displacement: npt.NDArray[Any],
    plane: Plane,
    title: str,
    every: int = 6,
    moving: npt.NDArray[Any] | None = None,
    moving_labels: npt.NDArray[np.integer] | None = None,
    tissues: Sequence[str] = (),
) -> go.Figure:
    """The fixed grid carried to p + u(p), over the moving image, in which those points lie."""
    figure = go.Figure()
    if moving is not None:
        figure.add_trace(image_trace(moving, plane, opacity=0.55))
    figure.add_trace(grid_trace(displacement, plane, every))
    if moving_labels is not None:
        figure.add_traces(contour_traces(moving_labels, tissues, plane))
    return plane.lay_out(figure, displacement.shape[:2], title)


def volume_reach(jacobian: npt.NDArray[Any]) -> float:
    """How far a colour scale around 1 goes: nearly all of det ∇φ, at least 0.1 and at most 1."""
    return float(np.clip(np.percentile(np.abs(jacobian - 1), 99.5), 0.1, 1.0))


def jacobian_traces(jacobian: npt.NDArray[Any], plane: Plane, reach: float) -> list[go.Heatmap | go.Scatter]:
    """Det ∇φ `(X, Y)` over 1 ± `reach`: blue where the moving anatomy is larger, red where smaller; folds marked."""
    traces: list[go.Heatmap | go.Scatter] = [
        go.Heatmap(
            z=jacobian.T.astype(np.float32),
            x=plane.positions_mm(0, np.arange(jacobian.shape[0])),
            y=plane.positions_mm(1, np.arange(jacobian.shape[1])),
            colorscale=DIVERGING,
            zmin=1 - reach,
            zmax=1 + reach,
            zmid=1,
            colorbar={"thickness": 8, "title": {"text": "det ∇φ", "side": "right"}},
            hovertemplate="%{x:.0f}, %{y:.0f} mm: det %{z:.2f}<extra></extra>",
        )
    ]
    folded = np.argwhere(jacobian <= 0)
    if len(folded):
        traces.append(
            go.Scatter(
                x=plane.positions_mm(0, folded[:, 0]),
                y=plane.positions_mm(1, folded[:, 1]),
                mode="markers",
                marker={"color": FOLDING, "size": 5, "symbol": "x"},
                name="folded",
                hovertemplate="folded<extra></extra>",
            )
        )
    return traces


def jacobian_figure(jacobian: npt.NDArray[Any], plane: Plane, title: str) -> go.Figure:
    """Det ∇φ `(X, Y)` (`jacobian_traces`)."""
    traces = jacobian_traces(jacobian, plane, volume_reach(jacobian))
    return plane.lay_out(go.Figure(traces), jacobian.shape, title, colour_bar=True)

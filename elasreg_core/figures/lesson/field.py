"""Step 1: a point p of the fixed grid, and p + u(p) in the moving image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.lesson.axes import FOUND, POINT, REST, ends_mm, lay_out, lines_mm
from elasreg_core.figures.palette import GREY
from elasreg_core.physics.fields import identity_grid

EVERY = 4  # voxels between two arrows or two lines
ROOM = (0.12, 0.12)  # around both images, so that they have one scale

_FIELD = "#E69F00"

Spacing = tuple[float, float]
Voxel = tuple[int, int]


def warped_figure(warped: npt.NDArray[Any], spacing_mm: Spacing, at: Voxel) -> go.Figure:
    """The fixed grid with what was pulled back onto it; an invisible marker at every voxel gets the clicks."""
    figure = go.Figure(_grey(warped, spacing_mm, opacity=1.0))
    voxels = identity_grid(warped.shape[:2]).reshape(-1, 2)
    figure.add_trace(
        go.Scatter(
            x=voxels[:, 0] * spacing_mm[0],
            y=voxels[:, 1] * spacing_mm[1],
            mode="markers",
            marker={"size": 8, "opacity": 0},
            customdata=voxels.astype(int),
            hovertemplate="p = (%{customdata[0]}, %{customdata[1]})<extra></extra>",
        )
    )
    figure.add_trace(_marker(np.array(at), spacing_mm, "p", POINT, "circle-open"))
    figure.update_layout(clickmode="event+select", dragmode=False)
    return lay_out(figure, ends_mm(warped.shape, spacing_mm, ROOM), "Fixed grid: warped(p) = moving(p + u(p))", 380)


def moving_figure(
    moving: npt.NDArray[Any], displacement: npt.NDArray[Any], spacing_mm: Spacing, at: Voxel, show: str
) -> go.Figure:
    """The moving image, with the field as arrows p → p + u(p) or as the grid of all p + u(p).

    Args:
        moving: the image, shape `(X, Y)`.
        displacement: shape `(X, Y, 2)`, in voxels.
        spacing_mm: voxel sizes.
        at: p.
        show: "arrows" or "grid".
    """
    figure = go.Figure(_grey(moving, spacing_mm, opacity=0.6))
    rest = identity_grid(moving.shape)
    if show == "arrows":
        figure.add_trace(_arrows(rest[2::EVERY, 2::EVERY], displacement[2::EVERY, 2::EVERY], spacing_mm, _FIELD, 1.2))
    else:
        for points, colour in ((rest, REST), (rest + displacement, _FIELD)):
            x, y = lines_mm(points, spacing_mm, EVERY)
            figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 1}, hoverinfo="skip"))
    here = np.array(at)
    figure.add_trace(_arrows(here, displacement[at], spacing_mm, POINT, 2.5))
    figure.add_trace(_marker(here, spacing_mm, "p", POINT, "circle-open"))
    figure.add_trace(_marker(here + displacement[at], spacing_mm, "p + u(p)", FOUND, "circle"))
    return lay_out(figure, ends_mm(moving.shape, spacing_mm, ROOM), "Moving image: where p + u(p) lies", 380)


def _grey(image: npt.NDArray[Any], spacing_mm: Spacing, opacity: float) -> go.Heatmap:
    return go.Heatmap(
        z=image.T.astype(np.float32),
        x=np.arange(image.shape[0]) * spacing_mm[0],
        y=np.arange(image.shape[1]) * spacing_mm[1],
        colorscale=GREY,
        zmin=0,
        zmax=1,
        showscale=False,
        opacity=opacity,
        hoverinfo="skip",
    )


def _arrows(
    points: npt.NDArray[Any], vectors: npt.NDArray[Any], spacing_mm: Spacing, colour: str, width: float
) -> go.Scatter:
    """Arrows in true length from points `(..., 2)` in voxels; `go.Quiver` would lie beneath the image."""
    tails, along = points.reshape(-1, 2) * spacing_mm, vectors.reshape(-1, 2) * spacing_mm
    x, y = np.stack([tails, tails + along, np.full_like(tails, np.nan)], axis=1).reshape(-1, 2).T
    visible = np.linalg.norm(along, axis=-1) > 0.05
    sizes = np.stack([np.zeros(len(tails)), 6 * width * visible, np.zeros(len(tails))], axis=1).ravel()
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": colour, "width": width},
        marker={"symbol": "arrow", "angleref": "previous", "size": sizes, "color": colour, "line": {"width": 0}},
        hoverinfo="skip",
    )


def _marker(point: npt.NDArray[Any], spacing_mm: Spacing, name: str, colour: str, symbol: str) -> go.Scatter:
    x, y = point * spacing_mm
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers+text",
        text=[f"<b>{name}</b>"],
        textposition="bottom center" if symbol == "circle-open" else "top center",
        textfont={"color": colour, "size": 14, "shadow": "0 0 4px white, 0 0 4px white"},
        marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 3, "color": colour}},
        hoverinfo="skip",
    )

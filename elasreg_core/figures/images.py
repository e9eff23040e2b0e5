"""Slices, label contours, and the difference of two slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from contourpy import LineType, contour_generator

from elasreg_core.figures.palette import DIVERGING, GREY, tissue_colours
from elasreg_core.figures.plane import Plane


def image_trace(image: npt.NDArray[Any], plane: Plane, opacity: float = 1.0) -> go.Heatmap:
    """A slice `(X, Y)` in grey."""
    return go.Heatmap(
        z=image.T.astype(np.float32),
        x=plane.positions_mm(0, np.arange(image.shape[0])),
        y=plane.positions_mm(1, np.arange(image.shape[1])),
        colorscale=GREY,
        showscale=False,
        opacity=opacity,
        hovertemplate="%{x:.0f}, %{y:.0f} mm: %{z:.2f}<extra></extra>",
    )


def contour_line(inside: npt.NDArray[Any], plane: Plane) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The border of a region of voxels, half-way to those outside.

    Args:
        inside: shape `(X, Y)`, true in the region.
        plane: how the grid lies on the screen.

    Returns:
        x and y in mm of one poly-line, whose pieces are parted by NaN; empty where there is no border.
    """
    x, y = (plane.positions_mm(axis, np.arange(side)) for axis, side in enumerate(inside.shape))
    generator = contour_generator(x, y, inside.T.astype(float), line_type=LineType.ChunkCombinedNan)
    (line,), *_ = generator.lines(0.5)
    return (np.empty(0), np.empty(0)) if line is None else (line[:, 0], line[:, 1])


def contour_traces(
    labels: npt.NDArray[np.integer], tissues: Sequence[str], plane: Plane, dash: str = "solid", legend: bool = True
) -> list[go.Scatter]:
    """The outline of every tissue, in its colour.

    Lines, not `go.Contour`: that would send a map for each tissue, and have the browser find the line in it.
    """
    traces = []
    for label, (name, colour) in enumerate(tissue_colours(tissues).items(), start=1):
        inside = labels == label
        if inside.any():
            x, y = contour_line(inside, plane)
            look = {"color": colour, "width": 2, "dash": dash}
            trace = go.Scatter(x=x, y=y, mode="lines", line=look, name=name, hoverinfo="skip")
            traces.append(trace.update(legendgroup=name, showlegend=legend))
    return traces


def image_figure(
    image: npt.NDArray[Any],
    plane: Plane,
    title: str,
    labels: npt.NDArray[np.integer] | None = None,
    tissues: Sequence[str] = (),
    reference_labels: npt.NDArray[np.integer] | None = None,
) -> go.Figure:
    """A slice with its label outlines; `reference_labels` are added dotted, for comparison."""
    figure = go.Figure(image_trace(image, plane))
    if labels is not None:
        figure.add_traces(contour_traces(labels, tissues, plane))
    if reference_labels is not None:
        figure.add_traces(contour_traces(reference_labels, tissues, plane, dash="dot", legend=False))
    return plane.lay_out(figure, image.shape, title)


def difference_trace(fixed: npt.NDArray[Any], other: npt.NDArray[Any], plane: Plane) -> go.Heatmap:
    """Other − fixed, diverging at 0 over [−1, 1]: white where they agree."""
    return go.Heatmap(
        z=(other - fixed).T.astype(np.float32),
        x=plane.positions_mm(0, np.arange(fixed.shape[0])),
        y=plane.positions_mm(1, np.arange(fixed.shape[1])),
        colorscale=DIVERGING,
        zmin=-1,
        zmax=1,
        zmid=0,
        colorbar={"thickness": 8, "title": {"text": "intensity difference", "side": "right"}},
        hovertemplate="%{x:.0f}, %{y:.0f} mm: %{z:+.2f}<extra></extra>",
    )


def difference_figure(fixed: npt.NDArray[Any], other: npt.NDArray[Any], plane: Plane, title: str) -> go.Figure:
    """The map of other − fixed (`difference_trace`)."""
    return plane.lay_out(go.Figure(difference_trace(fixed, other, plane)), fixed.shape, title, colour_bar=True)

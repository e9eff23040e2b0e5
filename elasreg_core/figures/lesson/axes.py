"""How the lesson's planes lie on the screen: axis 0 across, axis 1 upwards, in millimetres, true proportions.

There is no patient here, so that radiology's directions (`figures/plane.py`) have no meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

REST = "rgba(128, 128, 128, 0.55)"  # where things were, readable on light and dark
POINT = "#D55E00"
FOUND = "#0072B2"


def lay_out(
    figure: go.Figure, ends_mm: Sequence[tuple[float, float]], title: str, height: int = 340, colour_bar: bool = False
) -> go.Figure:
    """Axes from end to end, in mm.

    Args:
        figure: to be laid out.
        ends_mm: (first, last) of both axes.
        title: above it.
        height: in pixels.
        colour_bar: whether room is left for one.
    """
    common = {"showgrid": False, "zeroline": False, "constrain": "domain", "automargin": False}
    across, up = (
        {"title": {"text": f"axis {axis} (mm)", "standoff": 4}, "range": ends, **common}
        for axis, ends in enumerate(ends_mm)
    )
    return figure.update_layout(
        xaxis=across,
        yaxis=up | {"scaleanchor": "x", "scaleratio": 1},
        title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 14}},
        height=height,
        margin={"l": 54, "r": 76 if colour_bar else 10, "t": 34, "b": 46, "autoexpand": False},
        showlegend=False,
        uirevision="keep",
    )


def ends_mm(shape: Sequence[int], spacing_mm: Sequence[float], room: tuple[float, float]) -> list[tuple[float, float]]:
    """Where a grid begins and ends along each axis, with `room` of its lengths added on either side."""
    lengths = [(side - 1) * step for side, step in zip(shape, spacing_mm, strict=True)]
    return [
        (-step / 2 - part * length, length + step / 2 + part * length)
        for length, step, part in zip(lengths, spacing_mm, room, strict=True)
    ]


def lines_mm(points: np.ndarray, spacing_mm: Sequence[float], every: int) -> tuple[np.ndarray, np.ndarray]:
    """Poly-lines through every n-th row and column of points `(X, Y, 2)` in voxels; x and y in mm, NaN in between."""
    gap = np.full((1, 2), np.nan)
    lines = [points[i] for i in range(0, points.shape[0], every)]
    lines += [points[:, j] for j in range(0, points.shape[1], every)]
    together = np.concatenate([part for line in lines for part in (line, gap)]) * spacing_mm
    return together[:, 0], together[:, 1]

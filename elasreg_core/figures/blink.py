"""Two images in the same place, one after the other: what moves when they alternate is not aligned.

The figure carries both images and its own buttons, so the browser plays it alone. Nothing moves before it is asked to.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.images import image_trace
from elasreg_core.figures.palette import OKABE_ITO
from elasreg_core.figures.plane import Plane

PERIOD_MS = 500  # each image is seen so long; slower than three flashes a second, which can harm
_ROUNDS = 60  # a minute
_BUTTONS_PX = 40
_NAME_COLOUR = OKABE_ITO[4]
_MENU = {  # its colours are readable on a light and on a dark page, and under the pointer
    "type": "buttons",
    "direction": "right",
    "showactive": False,
    "x": 0.5,
    "xanchor": "center",
    "y": -0.22,
    "yanchor": "top",
    "pad": {"t": 8},
    "bgcolor": "#E8EAED",
    "bordercolor": "#9AA0A6",
    "font": {"size": 12, "color": "#202124"},
}


def blink_figure(
    fixed: npt.NDArray[Any], other: npt.NDArray[Any], plane: Plane, names: tuple[str, str] = ("fixed", "warped")
) -> go.Figure:
    """Two slices `(X, Y)` over each other, with buttons that show the one, the other, or both in turn for a minute.

    Args:
        fixed: the one.
        other: the other, seen first.
        plane: how the grid lies on the screen.
        names: of both; the one that is seen stands in the picture's corner.
    """
    images = [image_trace(image, plane) for image in (fixed, other)]
    ends = float(min(fixed.min(), other.min())), float(max(fixed.max(), other.max()))
    for image in images:
        image.update(zmin=ends[0], zmax=ends[1])  # equal intensities look equal: only what moves blinks
    figure = go.Figure([*images, _name(names[1], plane, fixed.shape)])
    figure.frames = [
        go.Frame(name=name, data=[go.Heatmap(visible=visible), go.Scatter(text=[name])], traces=[1, 2])
        for name, visible in zip(names, (False, True), strict=True)
    ]
    plane.lay_out(figure, fixed.shape, f"{names[0].capitalize()} ↔ {names[1]}", height=300 + _BUTTONS_PX)
    in_turn = [name for _ in range(_ROUNDS) for name in names]
    buttons = [_button("▶ blink", in_turn, PERIOD_MS), *(_button(name, [name], 0) for name in names)]
    return figure.update_layout(
        margin_b=figure.layout.margin.b + _BUTTONS_PX, updatemenus=[_MENU | {"buttons": buttons}]
    )


def _name(name: str, plane: Plane, shape: tuple[int, ...]) -> go.Scatter:
    """A name in the upper left corner of the picture."""
    (first, last), (top, bottom) = (plane.ends_mm(axis, shape[axis]) for axis in (0, 1))
    return go.Scatter(
        x=[last if plane.is_flipped[0] else first],
        y=[bottom if plane.is_flipped[1] else top],
        text=[name],
        mode="text",
        textposition="bottom right",
        textfont={"color": _NAME_COLOUR, "size": 13, "shadow": "0 0 4px black"},
        hoverinfo="skip",
        showlegend=False,
    )


def _button(label: str, frames: list[str], duration_ms: int) -> dict[str, Any]:
    return {
        "label": label,
        "method": "animate",
        "args": [
            frames,
            {"mode": "immediate", "transition": {"duration": 0}, "frame": {"duration": duration_ms, "redraw": True}},
        ],
    }

"""Two images in the same place, one after the other: what moves when they alternate is not aligned.

The figure carries both images and its own buttons, so the browser plays it alone. Nothing moves before it is asked to.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.images import image_trace
from elasreg_core.figures.plane import Plane

PERIOD_MS = 500  # each image is seen so long; slower than three flashes a second, which can harm
_ROUNDS = 60  # a minute
_BUTTONS_PX = 40
_AT_ONCE = {"mode": "immediate", "transition": {"duration": 0}}


def blink_figure(
    fixed: npt.NDArray[Any], other: npt.NDArray[Any], plane: Plane, titles: tuple[str, str] = ("Fixed", "Warped")
) -> go.Figure:
    """Two slices `(X, Y)` over each other, with buttons that show the one, the other, or both in turn for a minute."""
    figure = go.Figure([image_trace(fixed, plane), image_trace(other, plane)])
    figure.frames = [
        go.Frame(name=title, data=[go.Heatmap(visible=shown)], traces=[1], layout={"title": {"text": title}})
        for title, shown in zip(titles, (False, True), strict=True)
    ]
    plane.lay_out(figure, fixed.shape, titles[1], height=300 + _BUTTONS_PX)
    figure.update_layout(
        margin_b=figure.layout.margin.b + _BUTTONS_PX,
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "showactive": False,
                "x": 0.5,
                "xanchor": "center",
                "y": -0.22,
                "yanchor": "top",
                "pad": {"t": 8},
                "font": {"size": 12},
                "buttons": [
                    _button("▶ Blink", [title for _ in range(_ROUNDS) for title in titles], PERIOD_MS),
                    *(_button(title, [title], 0) for title in titles),
                ],
            }
        ],
    )
    return figure


def _button(label: str, frames: list[str], duration_ms: int) -> dict[str, Any]:
    return {
        "label": label,
        "method": "animate",
        "args": [frames, {**_AT_ONCE, "frame": {"duration": duration_ms, "redraw": True}}],
    }

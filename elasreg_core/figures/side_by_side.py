"""One kind of picture of several registrations in one figure, whose panels pan and zoom together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures.deformation import grid_trace, jacobian_traces, volume_reach
from elasreg_core.figures.images import contour_traces, difference_trace, image_trace
from elasreg_core.figures.plane import Plane, View
from elasreg_core.registration.registered import Registration

#: The kinds of pictures and their titles.
PICTURES = {
    "warped": "Moving, warped (dotted: fixed)",
    "grid": "Where fixed voxels lie in moving",
    "difference": "Warped − fixed",
    "jacobian": "Volume change, fixed → moving",
}
WIDTH, NARROW = 456, 300  # pixels of two columns, and of one
_WITH_BAR = ("difference", "jacobian")
_LEFT, _RIGHT, _RIGHT_OF_BAR, _TOP, _BOTTOM, _GAP = 54, 8, 62, 44, 50, 12
_NAME_HEIGHT, _LINES = 18, 22
_RIM = 0.2

Traces = list[BaseTraceType]


def side_by_side(
    pair: RegistrationPair, registrations: Mapping[str, Registration], view: View, picture: str, close: bool = False
) -> go.Figure:
    """A picture of each registration, two in a row; moving or zooming one moves all.

    Args:
        pair: what was registered.
        registrations: by the name that stands above each.
        view: the plane to show.
        picture: one of `PICTURES`.
        close: show the tissues and a rim alone, where the pair has labels.
    """
    window = _window(pair, view, close)
    drawn = _DRAW[picture](pair, list(registrations.values()), view, window)
    panels = dict(zip(registrations, drawn, strict=True))
    return _joined(panels, view, window, PICTURES[picture], picture in _WITH_BAR)


def pair_side_by_side(pair: RegistrationPair, view: View, close: bool = False) -> go.Figure:
    """The two images as they came, with their labels outlined."""
    panels: dict[str, Traces] = {}
    for name, image, labels in (("Fixed", pair.fixed, pair.fixed_labels), ("Moving", pair.moving, pair.moving_labels)):
        panels[name] = [image_trace(view.image(image), view.plane)]
        if labels is not None:
            panels[name] += contour_traces(view.image(labels), pair.tissues.names, view.plane)
    return _joined(panels, view, _window(pair, view, close), "The pair as it came", with_bar=False)


Window = tuple[tuple[int, int], tuple[int, int]]  # the first and the last voxel shown, across and down


def _window(pair: RegistrationPair, view: View, close: bool) -> Window:
    """The whole plane, or the box of both images' tissues in it with a rim of a fifth of its sides."""
    sides = view.image(pair.fixed).shape
    masks = [view.image(labels > 0) for labels in (pair.fixed_labels, pair.moving_labels) if labels is not None]
    inside = np.argwhere(np.any(masks, axis=0)) if close and masks else np.empty((0, 2), int)
    if not len(inside):
        return (0, sides[0] - 1), (0, sides[1] - 1)
    low, high = inside.min(axis=0), inside.max(axis=0)
    rim = np.ceil(_RIM * (high - low + 1)).astype(int)
    low, high = np.maximum(low - rim, 0), np.minimum(high + rim, np.array(sides) - 1)
    return (int(low[0]), int(high[0])), (int(low[1]), int(high[1]))


def _joined(panels: Mapping[str, Traces], view: View, window: Window, title: str, with_bar: bool) -> go.Figure:
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    right = _RIGHT_OF_BAR if with_bar else _RIGHT
    width, height = _size([last - first + 1 for first, last in window], view.plane, len(panels), with_bar)
    inner = width - _LEFT - right, height - _TOP - _BOTTOM
    text = title if view.across_axis is None else f"{title}, {view.name}"
    layout: dict[str, Any] = {
        "title": {"text": text, "x": 0.5, "xanchor": "center", "y": 0.99, "yanchor": "top", "font": {"size": 13}},
        "height": height,
        "width": width,
        "margin": {"l": _LEFT, "r": right, "t": _TOP, "b": _BOTTOM, "autoexpand": False},
        "showlegend": False,
        "uirevision": "keep",
        "annotations": [],
    }
    traces: Traces = []
    for number, (name, of_panel) in enumerate(panels.items()):
        row, column = divmod(number, columns)
        across, down = _domain(column, columns, inner[0], _GAP), _domain(rows - 1 - row, rows, inner[1], _NAME_HEIGHT)
        suffix = "" if number == 0 else str(number + 1)
        x, y = _axes(view.plane, window, number, across, down, is_left=column == 0, is_low=row == rows - 1)
        layout |= {f"xaxis{suffix}": x, f"yaxis{suffix}": y}
        layout["annotations"].append(
            {"text": name, "x": sum(across) / 2, "y": down[1], "xref": "paper", "yref": "paper", "showarrow": False}
            | {"xanchor": "center", "yanchor": "bottom", "font": {"size": 12}}
        )
        for trace in of_panel:
            trace.update(xaxis=f"x{suffix}", yaxis=f"y{suffix}")
            if trace.type == "heatmap" and number:
                trace.showscale = False
        traces += of_panel
    return go.Figure(traces, layout)


def _size(shape: Sequence[int], plane: Plane, panels: int, with_bar: bool = False) -> tuple[int, int]:
    """Width and height in pixels that show so many panels of this shape without empty rims."""
    across, down = np.multiply(shape, plane.spacing_mm)
    columns = min(panels, 2)
    rows = -(-panels // columns)
    width = WIDTH if columns == 2 else NARROW
    panel = (width - _LEFT - (_RIGHT_OF_BAR if with_bar else _RIGHT) - (columns - 1) * _GAP) / columns
    height = float(np.clip(panel * down / across, 0.5 * panel, 1.5 * panel))
    return width, round(_TOP + rows * height + (rows - 1) * _NAME_HEIGHT + _BOTTOM)


def _warped(pair: RegistrationPair, registrations: Sequence[Registration], view: View, _: Window) -> list[Traces]:
    names, plane = pair.tissues.names, view.plane
    panels = []
    for registration in registrations:
        traces: Traces = [image_trace(view.image(registration.warped), plane)]
        if registration.warped_labels is not None:
            traces += contour_traces(view.image(registration.warped_labels), names, plane)
        if pair.fixed_labels is not None:
            traces += contour_traces(view.image(pair.fixed_labels), names, plane, dash="dot")
        panels.append(traces)
    return panels


def _difference(pair: RegistrationPair, registrations: Sequence[Registration], view: View, _: Window) -> list[Traces]:
    fixed = view.image(pair.fixed)
    return [[difference_trace(fixed, view.image(of.warped), view.plane)] for of in registrations]


def _grid(pair: RegistrationPair, registrations: Sequence[Registration], view: View, window: Window) -> list[Traces]:
    moving = view.image(pair.moving)
    every = max(1, round(max(last - first for first, last in window) / _LINES))
    outlines = None if pair.moving_labels is None else view.image(pair.moving_labels)
    return [
        [
            image_trace(moving, view.plane, opacity=0.55),
            grid_trace(view.vectors(of.displacement), view.plane, every),
            *([] if outlines is None else contour_traces(outlines, pair.tissues.names, view.plane)),
        ]
        for of in registrations
    ]


def _jacobian(_: RegistrationPair, registrations: Sequence[Registration], view: View, _window: Window) -> list[Traces]:
    """All in one scale."""
    jacobians = [view.image(of.jacobian) for of in registrations]
    reach = max(volume_reach(jacobian) for jacobian in jacobians)
    return [jacobian_traces(jacobian, view.plane, reach) for jacobian in jacobians]


_DRAW: dict[str, Callable[[RegistrationPair, Sequence[Registration], View, Window], list[Traces]]] = {
    "warped": _warped,
    "grid": _grid,
    "difference": _difference,
    "jacobian": _jacobian,
}


def _domain(place: int, places: int, pixels: float, gap: float) -> tuple[float, float]:
    """Where a panel begins and ends along one side of the figure, as fractions."""
    side = (pixels - gap * (places - 1)) / places
    return place * (side + gap) / pixels, min((place * (side + gap) + side) / pixels, 1.0)


def _axes(
    plane: Plane,
    window: Window,
    number: int,
    across: tuple[float, float],
    down: tuple[float, float],
    *,
    is_left: bool,
    is_low: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The axes of one panel: they follow those of the first, and are labelled on the figure's left and lower rim."""
    suffix = "" if number == 0 else str(number + 1)
    x, y = (plane.screen_axis(axis, (0, 0)) | {"range": _range(plane, axis, window[axis])} for axis in (0, 1))
    x |= {"domain": across, "anchor": f"y{suffix}", "showticklabels": is_low}
    y |= {"domain": down, "anchor": f"x{suffix}", "showticklabels": is_left, "scaleanchor": f"x{suffix}"}
    if not is_low:
        x["title"] = None
    if not is_left:
        y["title"] = None
    if number:
        x["matches"], y["matches"] = "x", "y"
    return x, y


def _range(plane: Plane, axis: int, window: tuple[int, int]) -> tuple[float, float]:
    """From the outer side of the first voxel shown to that of the last, in the screen's direction."""
    ends = [float(end) for end in plane.positions_mm(axis, [window[0] - 0.5, window[1] + 0.5])]
    first, last = plane.screen_axis(axis, (1, 1))["range"]
    return (ends[0], ends[1]) if first < last else (ends[1], ends[0])

"""One parameter's way from 0 to 1, as frames that the browser plays: the picture, and the scores below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures.deformation import grid_trace
from elasreg_core.figures.images import contour_line, contour_traces, image_trace
from elasreg_core.figures.palette import GREY, OKABE_ITO, tissue_colours
from elasreg_core.figures.plane import View
from elasreg_core.identification.one_parameter import Step
from elasreg_core.metrics import METRICS, Metric, shown

#: What can be shown on the way.
MOVING_PICTURES = {"grid": "Deformation grid", "warped": "Warped image"}
WIDTH = 460
_LEFT, _RIGHT, _TOP, _CURVES, _BETWEEN, _BELOW = 54, 10, 46, 130, 58, 118
_MARK = {"color": "rgba(128,128,128,0.9)", "width": 2}
_FRAME_MS, _LINES = 250, 22


def one_parameter_figure(
    pair: RegistrationPair, steps: Sequence[Step], view: View, picture: str, name: str, start: float
) -> go.Figure:
    """The registration at every value, a frame each, with a slider and a button to play them.

    What moves is sent as plain lists: Plotly does not decode typed arrays in frames.

    Args:
        pair: what was registered.
        steps: of `one_parameter.along`.
        view: the plane to show.
        picture: one of `MOVING_PICTURES`.
        name: of the parameter, e.g. "μ of lung".
        start: the value to open at; the nearest one is taken.
    """
    first = int(np.argmin([abs(step.value - start) for step in steps]))
    still, moving = _grid_pictures(pair, steps, view) if picture == "grid" else _warped_pictures(pair, steps, view)
    curves = _curves(pair, steps)
    low, high = _reach(curves)
    for trace in curves:
        trace.update(xaxis="x2", yaxis="y2")
    marks = [_mark(step.value, low, high) for step in steps]
    places = [*range(len(still), len(still) + len(moving[0])), len(still) + len(moving[0]) + len(curves)]
    frames = [
        go.Frame(
            name=f"{step.value:g}",
            data=[*moving[number], marks[number]],
            traces=places,
            layout={"title": {"text": _title(step, name)}},
        )
        for number, step in enumerate(steps)
    ]
    layout = _layout(pair, view, name, _scored(steps).title, (low, high), [frame.name for frame in frames], first)
    layout["title"]["text"] = _title(steps[first], name)
    return go.Figure([*still, *moving[first], *curves, marks[first]], layout, frames)


Pictures = tuple[list[BaseTraceType], list[list[BaseTraceType]]]


def _grid_pictures(pair: RegistrationPair, steps: Sequence[Step], view: View) -> Pictures:
    """The moving image, which stays, and the lines over it."""
    moving = view.image(pair.moving)
    still: list[BaseTraceType] = [image_trace(moving, view.plane, opacity=0.55)]
    if pair.moving_labels is not None:
        still += contour_traces(view.image(pair.moving_labels), pair.tissues.names, view.plane, legend=False)
    every = max(1, round(max(moving.shape) / _LINES))
    lines = [grid_trace(view.vectors(step.displacement), view.plane, every) for step in steps]
    for line in lines:
        line.update(x=_plain(line.x, 1), y=_plain(line.y, 1))
    return still, [[line] for line in lines]


def _warped_pictures(pair: RegistrationPair, steps: Sequence[Step], view: View) -> Pictures:
    """The warped image with its outlines; the fixed ones, dotted, stay."""
    names = pair.tissues.names
    still: list[BaseTraceType] = []
    if pair.fixed_labels is not None:
        still += contour_traces(view.image(pair.fixed_labels), names, view.plane, dash="dot", legend=False)
    moving = []
    x, y = (view.plane.positions_mm(axis, np.arange(side)) for axis, side in enumerate(view.image(pair.fixed).shape))
    for step in steps:
        grey = np.round(255 * view.image(step.warped).T).astype(int).tolist()
        image = go.Heatmap(
            z=grey, x=x.tolist(), y=y.tolist(), zmin=0, zmax=255, colorscale=GREY, showscale=False, hoverinfo="skip"
        )
        moving.append([image, *_outlines(pair, step, view)])
    return still, moving


def _outlines(pair: RegistrationPair, step: Step, view: View) -> list[go.Scatter]:
    """Those of every tissue of the moving labels, also where the warp left nothing of it: frames have equal traces."""
    if step.warped_labels is None or pair.moving_labels is None:
        return []
    labels = view.image(step.warped_labels)
    traces = []
    for label, colour in enumerate(tissue_colours(pair.tissues.names).values(), start=1):
        x, y = contour_line(labels == label, view.plane)
        look = {"color": colour, "width": 2}
        traces.append(go.Scatter(x=_plain(x, 2), y=_plain(y, 2), mode="lines", line=look, hoverinfo="skip"))
    return traces


def _curves(pair: RegistrationPair, steps: Sequence[Step]) -> list[go.Scatter]:
    """Dice of every tissue that has one; without any, the mean local NCC of the image."""
    values = [step.value for step in steps]
    dice = np.array([step.dice for step in steps])
    curves = {
        tissue: (dice[:, place], colour)
        for place, (tissue, colour) in enumerate(tissue_colours(pair.tissues.names).items())
        if not np.isnan(dice[:, place]).all()
    }
    if _scored(steps).name != "dice":
        curves = {METRICS["ncc_image"].title: (np.array([step.ncc for step in steps]), OKABE_ITO[5])}
    return [
        go.Scatter(
            x=values,
            y=scores.tolist(),
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2},
            marker={"size": 5},
            hovertemplate=f"{name}: %{{y:.3f}} at %{{x:g}}<extra></extra>",
        )
        for name, (scores, colour) in curves.items()
    ]


def _scored(steps: Sequence[Step]) -> Metric:
    """What the curves show: Dice wherever a tissue has one."""
    return METRICS["ncc_image" if np.isnan([step.dice for step in steps]).all() else "dice"]


def _reach(curves: Sequence[go.Scatter]) -> tuple[float, float]:
    values = np.concatenate([np.array(curve.y, dtype=float) for curve in curves])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    rim = max(0.05 * (high - low), 0.005)
    return low - rim, high + rim


def _mark(value: float, low: float, high: float) -> go.Scatter:
    """A line at the value, over the curves."""
    return go.Scatter(
        x=[value, value], y=[low, high], mode="lines", line=_MARK, hoverinfo="skip", xaxis="x2", yaxis="y2"
    )


def _title(step: Step, name: str) -> str:
    defined = [value for value in step.dice if not np.isnan(value)]
    score = f"mean Dice {shown(float(np.mean(defined)))}" if defined else f"local NCC {shown(step.ncc)}"
    return f"{name} = {step.value:g}: {score}, folding {step.neg_jacobian_percent:.2f} %"


def _layout(
    pair: RegistrationPair,
    view: View,
    name: str,
    score: str,
    reach: tuple[float, float],
    frames: Sequence[str],
    first: int,
) -> dict[str, Any]:
    shape = view.image(pair.fixed).shape
    across, down = np.multiply(shape, view.plane.spacing_mm)
    picture = float(np.clip((WIDTH - _LEFT - _RIGHT) * down / across, 180, 330))
    inner = picture + _BETWEEN + _CURVES
    x, y = view.plane.screen_axis(0, shape), view.plane.screen_axis(1, shape)
    at_once = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = {"fromcurrent": True, "frame": {"duration": _FRAME_MS, "redraw": True}, "transition": {"duration": 0}}
    return {
        "title": {"x": 0.5, "xanchor": "center", "y": 0.985, "yanchor": "top", "font": {"size": 13}},
        "height": round(_TOP + inner + _BELOW),
        "margin": {"l": _LEFT, "r": _RIGHT, "t": _TOP, "b": _BELOW, "autoexpand": False},
        "showlegend": False,
        "xaxis": x | {"anchor": "y"},
        "yaxis": y | {"anchor": "x", "scaleanchor": "x", "domain": (1 - picture / inner, 1)},
        "xaxis2": {"anchor": "y2", "range": (-0.02, 1.02), "title": {"text": name, "standoff": 4}, "zeroline": False},
        "yaxis2": {"anchor": "x2", "domain": (0, _CURVES / inner), "range": reach, "zeroline": False}
        | {"title": {"text": score}, "nticks": 5},
        "sliders": [
            {
                "active": first,
                "steps": [{"label": frame, "method": "animate", "args": [[frame], at_once]} for frame in frames],
                "currentvalue": {"visible": False},
                "x": 0.16,
                "len": 0.84,
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 52, "b": 0},
            }
        ],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "left",
                "showactive": False,
                "x": 0.1,
                "xanchor": "right",
                "y": 0,
                "yanchor": "top",
                "pad": {"t": 58, "r": 0},
                "buttons": [
                    {"label": "▶", "method": "animate", "args": [None, play]},
                    {"label": "❚❚", "method": "animate", "args": [[None], at_once]},
                ],
            }
        ],
    }


def _plain(values: Any, digits: int) -> list[float | None]:
    """Rounded numbers as a list; None where there is none, which parts two lines."""
    return [None if np.isnan(value) else round(float(value), digits) for value in values]

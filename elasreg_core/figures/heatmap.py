"""A sweep's criterion over its parameters: the values, the plateau, the choices, and nodes one can click."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from elasreg_core.figures.outline import cell_edges, outline
from elasreg_core.identification.selection import Optimum
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import Node

_HALO = {"color": "black", "width": 5}
_RIM = {"color": "white", "width": 2.5}
_ON_CURVE = {"color": "white", "size": 5, "line": {"color": "black", "width": 1}}
_RING = {"symbol": "circle-open", "size": 24, "color": "#D500F9", "line": {"width": 3}}
_SYMBOLS = {"argmax": ("star", 17), "most_regular": ("diamond", 13)}  # by rule
_HEIGHT = 325


def criterion_figure(
    sweep: SubjectSweep,
    optimum: Optimum,
    colour: str,
    selected: Node | None = None,
    other: Optimum | None = None,
) -> go.Figure:
    """The criterion of one tissue over the grid: a heatmap over (λ, μ), a curve over diffusion's λ.

    The plateau is outlined; a star marks the best node and a diamond the most regular one of the plateau, the one that
    was chosen in the tissue's colour. An invisible marker at every scored node gets the clicks: heatmaps themselves
    report none to Streamlit.

    Args:
        sweep: complete or not; unvisited nodes stay blank.
        optimum: of the tissue to show.
        colour: the tissue's.
        selected: a node to ring.
        other: what the other rule would choose; none: not shown.
    """
    draw = _heatmap if len(sweep.grid.axes) > 1 else _curve
    figure = draw(sweep, optimum, colour, selected, other)
    title: dict[str, Any] = {"text": optimum.tissue, "font": {"size": 15, "color": colour}}
    if optimum.on_edge:
        title["subtitle"] = {"text": "chosen on the edge of the grid", "font": {"size": 11}}
    return figure.update_layout(
        title=title | {"x": 0.5, "xanchor": "center", "y": 0.96, "yanchor": "top"},
        height=_HEIGHT,
        margin={"l": 54, "r": 4, "t": 46, "b": 42},
        clickmode="event+select",
        dragmode=False,
        showlegend=False,
        uirevision="keep",
    )


def _heatmap(
    sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None, other: Optimum | None
) -> go.Figure:
    metric = METRICS[optimum.criterion]
    surface = sweep.surface(optimum.tissue, optimum.criterion)
    lam, mu, values = surface.columns.to_numpy(), surface.index.to_numpy(), surface.to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=lam,
            y=mu,
            colorscale=scale_of(optimum.criterion),
            colorbar={
                "thickness": 8,
                "xpad": 4,
                "tickfont": {"size": 10},
                "title": {"text": metric.label, "side": "top"},
            },
            hoverinfo="skip",
        )
    )
    if optimum.node is not None:
        x, y = outline(optimum.plateau, sweep.grid.axes)
        for line in (_HALO, _RIM):
            figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, cliponaxis=False, hoverinfo="skip"))
        for choice, fill in ((other, "white"), (optimum, colour)):
            if choice is not None and choice.node is not None:
                figure.add_trace(_markers([choice.node[0]], [choice.node[1]], _mark(choice, fill)))
    if selected is not None:
        figure.add_trace(_markers([selected[0]], [selected[1]], _RING))
    rows, columns = np.nonzero(~np.isnan(values))
    hover = f"λ = %{{x:g}}, μ = %{{y:g}}<br>{metric.title} %{{customdata:.3f}}<extra></extra>"
    figure.add_trace(_clickable(lam[columns], mu[rows], values[rows, columns], hover))
    across = {"text": "λ, resistance to volume change", "standoff": 4}
    figure.update_xaxes(title=across, range=cell_edges(lam)[[0, -1]], constrain="domain")
    figure.update_yaxes(title="μ, shear stiffness", range=cell_edges(mu)[[0, -1]], constrain="domain", scaleanchor="x")
    figure.update_xaxes(zeroline=False, showgrid=False)
    return figure.update_yaxes(zeroline=False, showgrid=False)


def _curve(
    sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None, other: Optimum | None
) -> go.Figure:
    metric = METRICS[optimum.criterion]
    curve = sweep.curve(optimum.tissue, optimum.criterion).dropna()
    figure = go.Figure(
        go.Scatter(x=curve.index, y=curve, mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip")
    )
    if optimum.node is not None:
        plateau = curve[[node[0] for node in optimum.plateau]]
        figure.add_trace(_markers(plateau.index, plateau, _ON_CURVE))
        for choice, fill in ((other, "white"), (optimum, colour)):
            if choice is not None and choice.node is not None:
                figure.add_trace(_markers([choice.node[0]], [choice.value], _mark(choice, fill)))
    if selected is not None and selected[0] in curve.index:
        figure.add_trace(_markers([selected[0]], [curve[selected[0]]], _RING))
    hover = f"λ = %{{x:g}}<br>{metric.title} %{{y:.3f}}<extra></extra>"
    figure.add_trace(_clickable(curve.index, curve, curve, hover))
    figure.update_xaxes(title="λ, smoothness", range=[-0.03, 1.03], zeroline=False)
    return figure.update_yaxes(title=metric.label, zeroline=False)


def scale_of(criterion: str) -> str:
    """The colour scale of a criterion: yellow is better."""
    return "Viridis" if METRICS[criterion].higher_is_better else "Viridis_r"


def _markers(x: Any, y: Any, marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, cliponaxis=False, hoverinfo="skip")


def _mark(choice: Optimum, fill: str) -> dict[str, Any]:
    symbol, size = _SYMBOLS[choice.selection.rule]
    return {"symbol": symbol, "size": size, "color": fill, "line": {"color": "black", "width": 1.2}}


def _clickable(x: Any, y: Any, values: Any, hover: str) -> go.Scatter:
    invisible = {"size": 22, "opacity": 0}
    return go.Scatter(x=x, y=y, mode="markers", marker=invisible, customdata=values, hovertemplate=hover)

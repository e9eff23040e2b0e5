"""A sweep's criterion over its parameters: the values, the plateau, the optimum, and nodes one can click."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from elasreg_core.identification.selection import Optimum
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import Node

_PLATEAU = {"color": "white", "size": 5, "line": {"color": "black", "width": 1}}
_RING = {"symbol": "circle-open", "size": 24, "color": "#D500F9", "line": {"width": 3}}
_HEIGHT = 310


def criterion_figure(sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None = None) -> go.Figure:
    """The criterion of one tissue over the grid: a heatmap over (λ, μ), a curve over diffusion's λ.

    The nodes of the plateau carry a dot and the optimum a star. An invisible marker at every scored node gets the
    clicks: heatmaps themselves report none to Streamlit.

    Args:
        sweep: complete or not; unvisited nodes stay blank.
        optimum: of the tissue to show.
        colour: the tissue's.
        selected: a node to ring.
    """
    draw = _heatmap if len(sweep.grid.axes) > 1 else _curve
    figure = draw(sweep, optimum, colour, selected)
    return figure.update_layout(
        title={"text": optimum.tissue, "x": 0.5, "xanchor": "center", "font": {"size": 15, "color": colour}},
        height=_HEIGHT,
        margin={"l": 55, "r": 10, "t": 36, "b": 45},
        clickmode="event+select",
        dragmode=False,
        showlegend=False,
    )


def _heatmap(sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None) -> go.Figure:
    metric = METRICS[optimum.criterion]
    surface = sweep.surface(optimum.tissue, optimum.criterion)
    lam, mu, values = surface.columns.to_numpy(), surface.index.to_numpy(), surface.to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=lam,
            y=mu,
            colorscale="Viridis" if metric.higher_is_better else "Viridis_r",
            colorbar={"thickness": 8, "title": {"text": metric.label, "side": "right"}},
            hoverinfo="skip",
        )
    )
    if optimum.node is not None:
        lams, mus = zip(*optimum.plateau, strict=True)
        figure.add_trace(_markers(lams, mus, _PLATEAU))
        figure.add_trace(_markers([optimum.node[0]], [optimum.node[1]], _star(colour)))
    if selected is not None:
        figure.add_trace(_markers([selected[0]], [selected[1]], _RING))
    rows, columns = np.nonzero(~np.isnan(values))
    hover = f"λ = %{{x:g}}, μ = %{{y:g}}<br>{metric.title} %{{customdata:.3f}}<extra></extra>"
    figure.add_trace(_clickable(lam[columns], mu[rows], values[rows, columns], hover))
    step_lam, step_mu = (np.diff(axis).min() / 2 if len(axis) > 1 else 0.05 for axis in (lam, mu))
    figure.update_xaxes(title="λ, resistance to volume change", range=[lam[0] - step_lam, lam[-1] + step_lam])
    figure.update_yaxes(title="μ, shear stiffness", range=[mu[0] - step_mu, mu[-1] + step_mu], scaleanchor="x")
    figure.update_xaxes(constrain="domain", zeroline=False, showgrid=False)
    return figure.update_yaxes(constrain="domain", zeroline=False, showgrid=False)


def _curve(sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None) -> go.Figure:
    metric = METRICS[optimum.criterion]
    curve = sweep.curve(optimum.tissue, optimum.criterion).dropna()
    figure = go.Figure(
        go.Scatter(x=curve.index, y=curve, mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip")
    )
    if optimum.node is not None:
        plateau = curve[[node[0] for node in optimum.plateau]]
        figure.add_trace(_markers(plateau.index, plateau, _PLATEAU))
        figure.add_trace(_markers([optimum.node[0]], [optimum.value], _star(colour)))
    if selected is not None and selected[0] in curve.index:
        figure.add_trace(_markers([selected[0]], [curve[selected[0]]], _RING))
    hover = f"λ = %{{x:g}}<br>{metric.title} %{{y:.3f}}<extra></extra>"
    figure.add_trace(_clickable(curve.index, curve, curve, hover))
    figure.update_xaxes(title="λ, smoothness", range=[-0.03, 1.03], zeroline=False)
    return figure.update_yaxes(title=metric.label, zeroline=False)


def _markers(x: Any, y: Any, marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="skip")


def _star(colour: str) -> dict[str, Any]:
    return {"symbol": "star", "size": 16, "color": colour, "line": {"color": "black", "width": 1.2}}


def _clickable(x: Any, y: Any, values: Any, hover: str) -> go.Scatter:
    invisible = {"size": 22, "opacity": 0}
    return go.Scatter(x=x, y=y, mode="markers", marker=invisible, customdata=values, hovertemplate=hover)

"""A sweep's surface over (λ, μ): the values, the plateau, the optimum, and nodes one can click."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from elasreg_core.identification.grid import Node
from elasreg_core.identification.selection import Optimum
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS


def criterion_heatmap(
    sweep: SubjectSweep, optimum: Optimum, colour: str, selected: Node | None = None, height: int = 310
) -> go.Figure:
    """The criterion of one tissue over the grid.

    The nodes of the plateau carry a dot and the optimum a star. An invisible marker at every scored node (λ, μ) gets
    the clicks: heatmaps themselves report none to Streamlit.

    Args:
        sweep: complete or not; unvisited nodes stay blank.
        optimum: of the tissue to show.
        colour: the tissue's.
        selected: a node to ring.
        height: in pixels.
    """
    metric = METRICS[optimum.criterion]
    surface = sweep.surface(optimum.tissue, optimum.criterion)
    lam, mu = surface.columns.to_numpy(), surface.index.to_numpy()
    values = surface.to_numpy()
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
    rows, columns = np.nonzero(~np.isnan(values))
    if optimum.node is not None:
        figure.add_trace(
            go.Scatter(
                x=[node[0] for node in optimum.plateau],
                y=[node[1] for node in optimum.plateau],
                mode="markers",
                marker={"color": "white", "size": 5, "line": {"color": "black", "width": 1}},
                hoverinfo="skip",
                showlegend=False,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=[optimum.node[0]],
                y=[optimum.node[1]],
                mode="markers",
                marker={"symbol": "star", "size": 16, "color": colour, "line": {"color": "black", "width": 1.2}},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    if selected is not None:
        ring = {"symbol": "circle-open", "size": 24, "color": "#D500F9", "line": {"width": 3}}
        figure.add_trace(
            go.Scatter(
                x=[selected[0]], y=[selected[1]], mode="markers", marker=ring, hoverinfo="skip", showlegend=False
            )
        )
    figure.add_trace(
        go.Scatter(
            x=lam[columns],
            y=mu[rows],
            mode="markers",
            marker={"size": 22, "opacity": 0},
            customdata=values[rows, columns],
            hovertemplate=f"λ = %{{x:g}}, μ = %{{y:g}}<br>{metric.title} %{{customdata:.3f}}<extra></extra>",
            showlegend=False,
        )
    )
    step_lam, step_mu = (np.diff(axis).min() / 2 if len(axis) > 1 else 0.05 for axis in (lam, mu))
    figure.update_xaxes(title="λ, resistance to volume change", range=[lam[0] - step_lam, lam[-1] + step_lam])
    figure.update_yaxes(title="μ, shear stiffness", range=[mu[0] - step_mu, mu[-1] + step_mu], scaleanchor="x")
    figure.update_xaxes(constrain="domain", zeroline=False, showgrid=False)
    figure.update_yaxes(constrain="domain", zeroline=False, showgrid=False)
    figure.update_layout(
        title={"text": optimum.tissue, "x": 0.5, "xanchor": "center", "font": {"size": 15, "color": colour}},
        height=height,
        margin={"l": 50, "r": 10, "t": 36, "b": 45},
        clickmode="event+select",
        dragmode=False,
    )
    return figure

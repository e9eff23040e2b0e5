"""Step 5: where the best node lies when the same surface is drawn again and again."""

from __future__ import annotations

import plotly.graph_objects as go

from elasreg_core.identification.bootstrap import ChosenAgain
from elasreg_core.identification.grid import ParameterGrid


def choices_figure(again: ChosenAgain, grid: ParameterGrid, colour: str) -> go.Figure:
    """A disc at every node that was ever best, its area the share of the draws; a star at the first choice.

    Args:
        again: of a grid of (λ, μ).
        grid: its nodes.
        colour: the tissue's.
    """
    lams, mus = zip(*grid.nodes, strict=True)
    figure = go.Figure(
        go.Scatter(
            x=lams, y=mus, mode="markers", marker={"size": 3, "color": "rgba(128, 128, 128, 0.6)"}, hoverinfo="skip"
        )
    )
    shares = list(again.shares.values())
    if again.node is not None:
        x, y = zip(*again.shares, strict=True)
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="markers",
                marker={
                    "size": shares,
                    "sizemode": "area",
                    "sizeref": max(shares) / 22**2,
                    "sizemin": 3,
                    "color": colour,
                    "opacity": 0.75,
                },
                customdata=shares,
                hovertemplate="λ = %{x:g}, μ = %{y:g}<br>best in %{customdata:.1%} of the draws<extra></extra>",
            )
        )
        star = {"symbol": "star", "size": 16, "color": colour, "line": {"color": "black", "width": 1.2}}
        figure.add_trace(go.Scatter(x=again.node[:1], y=again.node[1:], mode="markers", marker=star))
    figure.update_xaxes(title="λ, resistance to volume change", range=[-0.06, 1.06], zeroline=False, constrain="domain")
    figure.update_yaxes(
        title="μ, shear stiffness", range=[-0.06, 1.06], zeroline=False, scaleanchor="x", constrain="domain"
    )
    return figure.update_layout(
        title={"text": "The best node, again and again", "x": 0.5, "xanchor": "center", "font": {"size": 15}},
        height=360,
        margin={"l": 55, "r": 10, "t": 36, "b": 45},
        showlegend=False,
        uirevision="keep",
    )

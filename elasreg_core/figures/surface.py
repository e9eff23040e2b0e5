"""A sweep's criterion as a surface in space, to be turned: is the best node a peak, or a spot of a plain?"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from elasreg_core.figures.heatmap import scale_of
from elasreg_core.identification.selection import Optimum
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS

_HEIGHT = 325


def surface_figure(sweep: SubjectSweep, optimum: Optimum, colour: str, other: Optimum | None = None) -> go.Figure:
    """The criterion of one tissue over (λ, μ), with the plane below which a node is no longer on the plateau.

    Args:
        sweep: over two parameters; nodes not visited are holes.
        optimum: of the tissue to show, in its colour.
        colour: the tissue's.
        other: what the other rule would choose, in white; none: not shown.
    """
    metric = METRICS[optimum.criterion]
    surface = sweep.surface(optimum.tissue, optimum.criterion)
    lam, mu, values = surface.columns.to_numpy(), surface.index.to_numpy(), surface.to_numpy()
    hover = f"λ = %{{x:g}}, μ = %{{y:g}}<br>{metric.title} %{{z:.3f}}<extra></extra>"
    figure = go.Figure(
        go.Surface(x=lam, y=mu, z=values, colorscale=scale_of(optimum.criterion), showscale=False, hovertemplate=hover)
    )
    if optimum.node is not None:
        sign = 1 if metric.higher_is_better else -1
        best = np.nanmax(sign * values) * sign
        limit = np.full((2, 2), best - sign * optimum.selection.margin)
        ends = [lam[0], lam[-1]], [mu[0], mu[-1]]
        grey = [[0, "#888888"], [1, "#888888"]]
        figure.add_trace(
            go.Surface(x=ends[0], y=ends[1], z=limit, colorscale=grey, opacity=0.25, showscale=False, hoverinfo="skip")
        )
    for choice, fill in ((other, "white"), (optimum, colour)):
        if choice is not None and choice.node is not None:
            marker = {"size": 5, "color": fill, "symbol": "diamond", "line": {"color": "black", "width": 1}}
            figure.add_trace(
                go.Scatter3d(
                    x=[choice.node[0]],
                    y=[choice.node[1]],
                    z=[choice.value],
                    mode="markers",
                    marker=marker,
                    hovertemplate=hover,
                )
            )
    return figure.update_layout(
        title={"text": optimum.tissue, "x": 0.5, "xanchor": "center", "font": {"size": 15, "color": colour}},
        scene={
            "xaxis": {"title": {"text": "λ"}},
            "yaxis": {"title": {"text": "μ"}},
            "zaxis": {"title": {"text": metric.label}, "autorange": True if metric.higher_is_better else "reversed"},
            "aspectratio": {"x": 1, "y": 1, "z": 0.7},
            "camera": {"eye": {"x": -1.3, "y": -1.5, "z": 1.1}, "center": {"x": 0, "y": 0, "z": -0.15}},
        },
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        showlegend=False,
        uirevision="keep",
    )

"""The curve of a training: the loss and its terms over the steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from elasreg_core.figures.palette import OKABE_ITO

_TERMS = {  # column: title, colour
    "loss": ("loss", OKABE_ITO[6]),
    "similarity": ("−NCC", OKABE_ITO[0]),
    "energy": ("energy", OKABE_ITO[2]),
    "overlap": ("1 − Dice", OKABE_ITO[3]),
    "supervision": ("true motion", OKABE_ITO[1]),
}
_POINTS = 150


def averaged(curve: pd.DataFrame, points: int = _POINTS) -> pd.DataFrame:
    """A history of at most so many rows, each the mean of as many steps in a row."""
    size = max(1, -(-len(curve) // points))
    return curve.groupby(np.arange(len(curve)) // size).mean()


def loss_figure(curve: pd.DataFrame, model: str, steps: int) -> go.Figure:
    """The loss and its terms, as they count in it; terms that are nowhere are left out.

    Args:
        curve: a history, `state.HISTORY_COLUMNS`.
        model: whose.
        steps: until the end.
    """
    means = averaged(curve)
    size = max(1, -(-len(curve) // _POINTS))
    figure = go.Figure()
    for column, (title, colour) in _TERMS.items():
        if means[column].any():
            figure.add_trace(
                go.Scatter(
                    x=means["step"] + 1,
                    y=means[column],
                    mode="lines+markers" if len(means) < 2 else "lines",
                    name=title,
                    line={"color": colour, "width": 3 if column == "loss" else 1.5},
                    hovertemplate=f"step %{{x:.0f}}: {title} %{{y:.4f}}<extra></extra>",
                )
            )
    averages = f", means of {size} steps" if size > 1 else ""
    return figure.update_layout(
        title={"text": f"{model}: {len(curve)} of {steps} steps{averages}", "font": {"size": 14}},
        xaxis={"title": "step", "range": [0, steps]},
        yaxis={"title": "term of the loss", "zeroline": False},
        height=340,
        margin={"l": 60, "r": 10, "t": 40, "b": 80},
        legend={"orientation": "h", "y": -0.25},
        hovermode="x unified",
        uirevision="keep",
    )

"""Step 4: kernels as small heatmaps, and how far each layer's move."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from elasreg_core.figures.palette import DIVERGING, OKABE_ITO


def kernels_figure(kernel: npt.NDArray[Any], title: str, highest: float, unit: str = "weight") -> go.Figure:
    """A layer's kernels as tiles of 3 × 3, the same colour scale to both sides of 0.

    Args:
        kernel: shape `(3, 3, in, out)`; a volume's middle slice.
        title: above it.
        highest: |weight| at the ends of the colour scale.
        unit: what the numbers are.
    """
    n_in, n_out = kernel.shape[2:]
    tiles = np.pad(kernel, [(0, 1), (0, 1), (0, 0), (0, 0)], constant_values=np.nan)  # a gap after every tile
    sheet = tiles.transpose(2, 0, 3, 1).reshape(4 * n_in, 4 * n_out)[:-1, :-1]
    figure = go.Figure(
        go.Heatmap(
            z=sheet.astype(np.float32),
            colorscale=DIVERGING,
            zmin=-highest,
            zmax=highest,
            colorbar={"thickness": 8, "title": {"text": unit, "side": "right"}},
            hovertemplate=f"{unit} %{{z:.4f}}<extra></extra>",
            hoverongaps=False,
        )
    )
    for axis, count, text in (("xaxis", n_out, "output feature"), ("yaxis", n_in, "input")):
        step = max(1, count // 8)
        figure.layout[axis].update(
            title={"text": text, "standoff": 4},
            tickvals=[4 * number + 1 for number in range(0, count, step)],
            ticktext=[str(number) for number in range(0, count, step)],
            showgrid=False,
            zeroline=False,
            constrain="domain",
        )
    figure.update_yaxes(autorange="reversed", scaleanchor="x")
    return figure.update_layout(
        title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 14}},
        height=150 + min(300, max(30, round(470 * n_in / n_out))),
        margin={"l": 54, "r": 10, "t": 34, "b": 46},
        uirevision="keep",
    )


def changes_figure(here: pd.DataFrame, farthest: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """How far the kernels of every layer have moved, in percent of their size.

    Args:
        here: of `HyperKernels.changes` to the setting at hand.
        farthest: to the far end of the trained range.
        names: of both, for the legend.
    """
    figure = go.Figure()
    for table, name, colour in ((farthest, names[1], "rgba(128, 128, 128, 0.45)"), (here, names[0], OKABE_ITO[0])):
        figure.add_trace(
            go.Bar(
                x=table["layer"],
                y=table["change_percent"],
                name=name,
                marker={"color": colour},
                hovertemplate="%{x}: %{y:.2f} %<extra></extra>",
            )
        )
    figure.update_xaxes(tickangle=-30, automargin=True)
    figure.update_yaxes(title="‖change‖ / ‖kernel‖ (%)", rangemode="tozero")
    return figure.update_layout(
        title={"text": "How much every layer changes", "x": 0.5, "xanchor": "center", "font": {"size": 14}},
        barmode="overlay",
        height=320,
        margin={"l": 60, "r": 10, "t": 34, "b": 46},
        legend={"orientation": "h", "y": 1.0, "x": 0.02, "yanchor": "top"},
        uirevision="keep",
    )

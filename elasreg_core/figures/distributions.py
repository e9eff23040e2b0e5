"""How a score is distributed over the subjects: class by class, model beside model."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from elasreg_core.figures.palette import choice_symbol, model_colour


def distribution_figure(rows: pd.DataFrame, metric: str, label: str, tissues: Sequence[str]) -> go.Figure:
    """A box and its subjects for every class and model.

    Args:
        rows: of `evaluation.comparison.score_row`.
        metric: "dice" or "hd95_mm".
        label: of the metric, for the axis.
        tissues: in label order; what is defined for none of the subjects stays empty.
    """
    figure = go.Figure()
    for model, of in rows.groupby("model", sort=False):
        parts = [of[["subject", f"{metric} {tissue}"]].set_axis(["subject", "value"], axis=1) for tissue in tissues]
        values = pd.concat([part.assign(tissue=tissue) for part, tissue in zip(parts, tissues, strict=True)])
        colour = model_colour(str(model))
        figure.add_trace(
            go.Box(
                x=values["tissue"],
                y=values["value"],
                name=str(model),
                boxpoints="all",
                jitter=0.5,
                pointpos=0,
                line={"color": colour, "width": 1.5},
                fillcolor="rgba(128,128,128,0.08)",
                marker={"color": colour, "size": 4, "opacity": 0.6, "symbol": choice_symbol(str(model))},
                customdata=values["subject"],
                hoveron="points",
                hovertemplate=f"%{{customdata}}, {model}<br>%{{x}}: %{{y:.3f}}<extra></extra>",
            )
        )
    return figure.update_layout(
        template="plotly_white",
        height=420,
        margin={"l": 60, "r": 20, "t": 20, "b": 40},
        boxmode="group",
        yaxis={"title": label},
        legend={"orientation": "h", "y": -0.12},
    )

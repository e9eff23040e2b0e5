"""Estimated against true stiffness: the rank correlations of every setting, with their intervals."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from elasreg_core.figures.palette import DIVERGING, OKABE_ITO, tissue_colours
from elasreg_core.physics.parameters import ELASTIC

_ALL = OKABE_ITO[6]


def correlation_figure(correlations: pd.DataFrame) -> go.Figure:
    """Spearman's ρ with its 95 % interval: a panel per parameter, a row per setting, a mark per tissue and for all.

    Args:
        correlations: of `evaluation.stiffness.rank_correlations`.
    """
    tissues = list(correlations["tissue"].unique())
    colours = tissue_colours(tissues[:-1]) | {tissues[-1]: _ALL}
    settings = list(correlations["setting"].unique())
    titles = [f"{symbol}, chosen against true" for symbol in ELASTIC.symbols]
    figure = make_subplots(1, 2, shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.04)
    for column, parameter in enumerate(ELASTIC.parameters, start=1):
        for place, tissue in enumerate(tissues):
            of = correlations[(correlations["parameter"] == parameter) & (correlations["tissue"] == tissue)]
            heights = [settings.index(setting) + 0.16 * (place - (len(tissues) - 1) / 2) for setting in of["setting"]]
            figure.add_trace(
                go.Scatter(
                    x=of["rho"],
                    y=heights,
                    mode="markers",
                    name=tissue,
                    legendgroup=tissue,
                    showlegend=column == 1,
                    marker={"color": colours[tissue], "size": 8},
                    error_x={
                        "type": "data",
                        "symmetric": False,
                        "array": of["high"] - of["rho"],
                        "arrayminus": of["rho"] - of["low"],
                        "thickness": 1,
                        "width": 0,
                    },
                    customdata=of[["setting", "low", "high", "subjects"]],
                    hovertemplate="%{customdata[0]}, " + tissue + "<br>ρ = %{x:.2f} (%{customdata[1]:.2f} to "
                    "%{customdata[2]:.2f}), %{customdata[3]} subjects<extra></extra>",
                ),
                row=1,
                col=column,
            )
        figure.add_vline(x=0, line={"color": "gray", "dash": "dot"}, row=1, col=column)
    figure.update_xaxes(title="Spearman's ρ (95 % interval)", range=[-1.05, 1.05])
    figure.update_yaxes(tickvals=list(range(len(settings))), ticktext=settings, autorange="reversed")
    return figure.update_layout(
        template="plotly_white",
        height=140 + 62 * len(settings),
        width=1100,
        margin={"l": 20, "r": 20, "t": 60, "b": 50},
        legend={"orientation": "h", "y": -0.12},
    ).update_yaxes(automargin=True)


def correlation_map(correlations: pd.DataFrame) -> go.Figure:
    """Spearman's ρ of many ways to train and to choose: a map per tissue and parameter, training over setting.

    Args:
        correlations: of `evaluation.stiffness.rank_correlations`, for several trainings, named in the column
            `training`. Bold numbers: the 95 % interval leaves 0 out.
    """
    tissues, settings, trainings = (list(correlations[name].unique()) for name in ("tissue", "setting", "training"))
    titles = [f"{tissue}: {symbol}" for tissue in tissues for symbol in ELASTIC.symbols]
    figure = make_subplots(
        len(tissues), 2, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, vertical_spacing=0.05
    )
    for row, tissue in enumerate(tissues, start=1):
        for column, parameter in enumerate(ELASTIC.parameters, start=1):
            of = correlations[(correlations["parameter"] == parameter) & (correlations["tissue"] == tissue)]
            of = of.assign(text=[_rho(*found) for found in zip(of["rho"], of["low"], of["high"], strict=True)])
            wide = of.pivot(index="training", columns="setting").reindex(trainings)
            figure.add_trace(
                go.Heatmap(
                    z=wide["rho"][settings],
                    x=settings,
                    y=trainings,
                    text=wide["text"][settings],
                    texttemplate="%{text}",
                    textfont={"size": 10},
                    coloraxis="coloraxis",
                    hovertemplate="%{y}<br>%{x}<br>ρ = %{z:.2f}<extra></extra>",
                ),
                row=row,
                col=column,
            )
    figure.update_yaxes(autorange="reversed", automargin=True)
    short = [setting.replace("most regular within the plateau of", "most regular,") for setting in settings]
    figure.update_xaxes(automargin=True, tickangle=-30, tickvals=settings, ticktext=short)
    return figure.update_layout(
        template="plotly_white",
        height=160 + 200 * len(tissues),
        width=1300,
        margin={"l": 20, "r": 20, "t": 60, "b": 50},
        coloraxis={"colorscale": DIVERGING, "cmin": -1, "cmax": 1, "colorbar": {"title": "ρ"}, "reversescale": True},
    )


def _rho(rho: float, low: float, high: float) -> str:
    """The number as the map shows it; empty where it is not defined."""
    if pd.isna(rho):
        return ""
    return f"<b>{rho:.2f}</b>" if low > 0 or high < 0 else f"{rho:.2f}"

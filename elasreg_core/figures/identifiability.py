"""How well the data tell a parameter: the share of the nodes that are as good, subject by subject."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go


def identifiability_figure(
    choices: pd.DataFrame, colour_by: str, colours: Mapping[str, str], title: str = ""
) -> go.Figure:
    """The plateau's share of the nodes, a dot per subject over a box, tissue by tissue; near 100 %, chance chooses.

    Args:
        choices: of `identification.choices.choices_table`, of one choice.
        colour_by: the column that colours stand for, "tissue" or "group".
        colours: by that column's values.
        title: of the figure.
    """
    known = choices[choices["plateau"].notna()]
    figure = go.Figure()
    for name, colour in colours.items():
        of = known[known[colour_by] == name]
        if of.empty:
            continue
        figure.add_trace(
            go.Box(
                x=of["tissue"],
                y=100 * of["plateau"],
                name=name,
                boxpoints="all",
                jitter=0.6,
                pointpos=0,
                line={"color": colour, "width": 1.5},
                fillcolor="rgba(128,128,128,0.08)",
                marker={
                    "color": colour,
                    "size": 7,
                    "opacity": 0.75,
                    "line": {"color": "rgba(90,90,90,0.9)", "width": 1},
                },
                customdata=of[["subject", "nodes"]],
                hoveron="points",
                hovertemplate="%{customdata[0]}, %{x}: %{y:.0f} % of %{customdata[1]:.0f} nodes<extra></extra>",
            )
        )
    figure.update_yaxes(title="plateau (% of the nodes)", range=[-3, 103], zeroline=False)
    return figure.update_layout(
        title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 15}},
        height=350,
        margin={"l": 55, "r": 8, "t": 36, "b": 30},
        boxmode="overlay" if colour_by == "tissue" else "group",
        showlegend=False,
    )

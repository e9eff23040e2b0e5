"""What was chosen for every subject: λ against μ, or λ alone, with how many chose each value at the sides.

As the paper's Figs. 2 and 4, where a node that many subjects share does not show how many they are; here it does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from elasreg_core.figures.coinciding import SPREADS, Mark, stack
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import regularizer_of

_RING = {"symbol": "circle-open", "color": "#D500F9", "line": {"width": 3}}
_FADED, _FULL = 0.18, 0.85
_RANGE = (-0.08, 1.08)
_AXES = {
    "lambda": {"title": "λ, resistance to volume change", "range": _RANGE, "zeroline": False},
    "mu": {"title": "μ, shear stiffness", "range": _RANGE, "zeroline": False},
}
_MARGIN = {"showgrid": False, "zeroline": False, "showticklabels": False}


def chosen_figure(
    choices: pd.DataFrame,
    colour_by: str,
    colours: Mapping[str, str],
    spread: str = "bubbles",
    ringed: str | None = None,
    picked: Collection[str] = (),
    title: str = "",
) -> go.Figure:
    """The chosen nodes of one tissue under one choice. Every mark's `customdata` are its subjects.

    Args:
        choices: of `identification.choices.choices_table`, one choice and one tissue.
        colour_by: the column that colours stand for, "tissue" or "group".
        colours: by that column's values.
        spread: how subjects with one node are told apart, one of `coinciding.SPREADS`. Diffusion's λ is always a
            stack of dots.
        ringed: the subject at hand.
        picked: these stand out; none: all do.
        title: of the figure.
    """
    known = choices[choices["lambda"].notna()]
    if len(known) and known["mu"].isna().all():
        figure = go.Figure(_scatter(stack(known, colour_by, colours), known, ringed, picked))
        figure.update_xaxes(title="λ, smoothness", range=_RANGE, zeroline=False)
        figure.update_yaxes(title="subjects", range=[0, max(8, 1.15 * max(figure.data[0].y))], zeroline=False)
    else:
        marks = SPREADS[spread](known, colour_by, colours)
        figure = _with_margins(_scatter(marks, known, ringed, picked), known, colour_by, colours)
    return figure.update_layout(
        title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 15}},
        height=370,
        margin={"l": 55, "r": 8, "t": 36, "b": 45},
        barmode="stack",
        bargap=0.15,
        showlegend=False,
        clickmode="event+select",
        dragmode="pan",  # beside a box tool: where a drag draws a box, Streamlit hears no clicks
    )


def _scatter(
    marks: Sequence[Mark], known: pd.DataFrame, ringed: str | None, picked: Collection[str]
) -> list[go.Scatter]:
    """All marks in one trace, and a ring around that of the subject at hand."""
    stands_out = [not picked or not set(picked).isdisjoint(mark.subjects) for mark in marks]
    trace = go.Scatter(
        x=[mark.x for mark in marks],
        y=[mark.y for mark in marks],
        mode="markers+text",
        text=[str(len(mark.subjects)) if len(mark.subjects) > 1 else "" for mark in marks],
        textfont={"size": 11, "color": "black"},
        marker={
            "color": [mark.colour for mark in marks],
            "size": [mark.size for mark in marks],
            "line": {"color": "rgba(90,90,90,0.9)", "width": 1},
            "opacity": [_FULL if full else _FADED for full in stands_out],
        },
        customdata=[list(mark.subjects) for mark in marks],
        hovertext=[_hover(known[known["subject"].isin(mark.subjects)]) for mark in marks],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    own = [mark for mark in marks if ringed in mark.subjects]
    rings = [
        go.Scatter(x=[m.x], y=[m.y], mode="markers", marker={**_RING, "size": m.size + 8}, hoverinfo="skip")
        for m in own
    ]
    return [trace, *rings]


def _with_margins(
    traces: Sequence[go.Scatter], known: pd.DataFrame, colour_by: str, colours: Mapping[str, str]
) -> go.Figure:
    figure = make_subplots(
        *(2, 2),
        column_widths=[0.84, 0.16],
        row_heights=[0.16, 0.84],
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.02,
        vertical_spacing=0.02,
    )
    figure.add_traces(list(traces), rows=2, cols=1)
    for name, colour in colours.items():
        of = known[known[colour_by] == name]
        figure.add_trace(_counts(of["lambda"], "λ", colour), row=1, col=1)
        figure.add_trace(_counts(of["mu"], "μ", colour), row=2, col=2)
    figure.update_xaxes(**_AXES["lambda"], row=2, col=1)
    figure.update_yaxes(**_AXES["mu"], row=2, col=1)
    for row, column in ((1, 1), (2, 2)):
        figure.update_xaxes(**_MARGIN, row=row, col=column)
        figure.update_yaxes(**_MARGIN, row=row, col=column)
    return figure


def _counts(values: pd.Series, symbol: str, colour: str) -> go.Bar:
    """How many subjects of one colour took each value: bars upwards for λ, to the right for μ."""
    counts = values.value_counts().sort_index()
    upwards = symbol == "λ"
    value, count = ("x", "y") if upwards else ("y", "x")
    return go.Bar(
        x=counts.index if upwards else counts,
        y=counts if upwards else counts.index,
        orientation="v" if upwards else "h",
        marker={"color": colour, "line": {"width": 0}},
        width=0.07,
        hovertemplate=f"{symbol} = %{{{value}:g}}: %{{{count}}} subjects<extra></extra>",
    )


def _hover(rows: pd.DataFrame) -> str:
    """Who is here, at which node, how sure."""
    row, subjects = rows.iloc[0], list(rows["subject"])
    node = (row["lambda"],) if pd.isna(row["mu"]) else (row["lambda"], row["mu"])
    names = ", ".join(subjects[:6]) + (f" and {len(subjects) - 6} more" if len(subjects) > 6 else "")
    text = f"<b>{names}</b><br>{regularizer_of(node).shown(node)}"
    text += f"<br>{METRICS['dice'].title} {rows['dice'].mean():.3f}, plateau {rows['plateau'].mean():.0%} of the nodes"
    return text + "<br>on the edge of the grid" * bool(row["on_edge"])

"""Step 2: a motion as a deformed grid, and its energies over the amount."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from elasreg_core.figures.lesson.axes import POINT, REST, ends_mm, lay_out, lines_mm
from elasreg_core.figures.palette import OKABE_ITO
from elasreg_core.physics.fields import identity_grid
from elasreg_core.physics.simple_motions import Motion

REACH = 0.5  # of the amount, to either side
COLOURS = {"μ part": OKABE_ITO[0], "λ part": OKABE_ITO[1], "diffusion": OKABE_ITO[3]}
_SHAPE, _SPACING_MM, _EVERY = (41, 41), (2.0, 2.0), 4


def moved_square(motion: Motion, amount: float) -> go.Figure:
    """A grid of squares, before in grey and after the motion; one square is filled to be followed."""
    rest = identity_grid(_SHAPE)
    moved = rest + motion.displacement(_SHAPE, amount)
    figure = go.Figure()
    for points, colour, width in ((rest, REST, 1.0), (moved, POINT, 1.6)):
        x, y = lines_mm(points, _SPACING_MM, _EVERY)
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip"))
    low, high = _EVERY * 3, _EVERY * 5
    corners = np.array([moved[low, low], moved[high, low], moved[high, high], moved[low, high], moved[low, low]]) * 2.0
    figure.add_trace(
        go.Scatter(
            x=corners[:, 0],
            y=corners[:, 1],
            mode="lines",
            line={"color": POINT, "width": 2},
            fill="toself",
            fillcolor="rgba(213, 94, 0, 0.35)",
            hoverinfo="skip",
        )
    )
    return lay_out(figure, ends_mm(_SHAPE, _SPACING_MM, room=(0.3, 0.3)), "p + u(p)", height=380)


def energy_figure(motion: Motion, amount: float, lam: float, mu: float) -> go.Figure:
    """Elastic energy, its μ part below its λ part, and diffusion's, over the amount; the amount itself is marked.

    Args:
        motion: whose energies.
        amount: the one to mark.
        lam: λ.
        mu: μ; diffusion's own parameter is set to the same, so that the two compare.
    """
    amounts = np.linspace(-REACH, REACH, 61)
    parts = [motion.known(float(value)) for value in amounts]
    bands = {"μ part": [mu * of.per_mu for of in parts], "λ part": [lam * of.per_lam for of in parts]}
    figure = go.Figure()
    for name, values in bands.items():
        figure.add_trace(
            go.Scatter(
                x=amounts,
                y=values,
                name=f"elastic, {name}",
                stackgroup="elastic",
                line={"color": COLOURS[name], "width": 1.5},
                hovertemplate=f"{name} %{{y:.4f}}<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=amounts,
            y=[mu * of.per_weight for of in parts],
            name="diffusion",
            mode="lines",
            line={"color": COLOURS["diffusion"], "width": 3, "dash": "dash"},
            hovertemplate="diffusion %{y:.4f}<extra></extra>",
        )
    )
    here, highest = motion.known(amount), motion.known(REACH)
    figure.add_vline(x=amount, line={"color": "gray", "width": 1, "dash": "dot"})
    figure.add_trace(
        go.Scatter(
            x=[amount, amount],
            y=[here.elastic(lam, mu), mu * here.per_weight],
            mode="markers",
            showlegend=False,
            marker={
                "size": 11,
                "color": [COLOURS["λ part"], COLOURS["diffusion"]],
                "line": {"color": "black", "width": 1.2},
            },
            hoverinfo="skip",
        )
    )
    top = max(highest.elastic(1, 1), highest.per_weight, 0.1)  # at λ = μ = 1: the sliders are seen to act
    figure.update_xaxes(title=motion.meaning, range=[-REACH - 0.02, REACH + 0.02], zeroline=False)
    figure.update_yaxes(title="energy per voxel", range=[-0.02 * top, 1.05 * top], zeroline=False)
    return figure.update_layout(
        title={"text": "What it costs", "x": 0.5, "xanchor": "center", "font": {"size": 14}},
        height=380,
        margin={"l": 60, "r": 10, "t": 34, "b": 46},
        legend={"orientation": "h", "y": 1.0, "x": 0.5, "xanchor": "center", "yanchor": "top"},
        hovermode="x",
        uirevision="keep",
    )

"""Views that more than one page shows: a figure, the panels of a registration, its scores."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores
from elasreg_core.figures import (
    PLOT_CONFIG,
    Plane,
    difference_figure,
    grid_figure,
    image_figure,
    jacobian_figure,
    tissue_colours,
)
from elasreg_core.metrics import METRICS, shown

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registration

PANEL_WIDTH = 300


def panel(figure: go.Figure, key: str, alt: str) -> None:
    """One figure of a row that wraps; put it inside `st.container(horizontal=True)`. The row has the legend."""
    figure.update_layout(showlegend=False)
    st.plotly_chart(figure, width=PANEL_WIDTH, key=key, config=PLOT_CONFIG, alt=alt)


def tissue_legend(tissues: Sequence[str]) -> None:
    """Which colour is which tissue, once for all figures below."""
    marks = (
        f'<span style="color:{colour};font-size:1.2em">●</span>&nbsp;{html.escape(name)}'
        for name, colour in tissue_colours(tissues).items()
    )
    st.html('<div style="opacity:0.85">' + "&emsp;".join(marks) + "</div>")


def pair_panels(pair: RegistrationPair, key: str) -> None:
    """The two images as they came, with their labels."""
    plane, names = Plane.of(pair), pair.tissues.names
    panel(
        image_figure(pair.fixed, plane, "Fixed", pair.fixed_labels, names),
        f"{key}-fixed",
        f"The fixed image of {pair.id} with its tissues outlined",
    )
    panel(
        image_figure(pair.moving, plane, "Moving", pair.moving_labels, names),
        f"{key}-moving",
        f"The moving image of {pair.id} with its tissues outlined",
    )


def registration_panels(pair: RegistrationPair, registration: Registration, key: str, with_pair: bool = True) -> None:
    """What the registration made of the pair: warped image, difference, deformation grid, Jacobian."""
    plane, names = Plane.of(pair), pair.tissues.names
    tissue_legend(names)
    with st.container(horizontal=True):
        if with_pair:
            pair_panels(pair, key)
        panel(
            image_figure(
                registration.warped,
                plane,
                "Moving, warped (dotted: fixed)",
                registration.warped_labels,
                names,
                pair.fixed_labels,
            ),
            f"{key}-warped",
            "The moving image warped onto the fixed one, warped labels solid, fixed labels dotted",
        )
        panel(
            difference_figure(pair.fixed, registration.warped, plane, "Warped − fixed"),
            f"{key}-difference",
            "The difference that the registration leaves",
        )
        panel(
            grid_figure(
                registration.displacement,
                plane,
                "Where fixed voxels lie in moving",
                moving=pair.moving,
                moving_labels=pair.moving_labels,
                tissues=names,
            ),
            f"{key}-grid",
            "The fixed image's grid carried into the moving image",
        )
        panel(
            jacobian_figure(registration.displacement, plane, "Volume change, fixed → moving"),
            f"{key}-jacobian",
            "Jacobian determinant: blue expands from fixed to moving, red contracts, white keeps its volume",
        )


def score_cards(initial: Scores, registered: Scores, seconds: float | None = None) -> None:
    """Dice per tissue before → after, folding, and how long it took."""
    with st.container(horizontal=True):
        for name, before, after in [
            ("Mean Dice", initial.mean_dice, registered.mean_dice),
            *((f"Dice {tissue}", value, registered.dice[tissue]) for tissue, value in initial.dice.items()),
        ]:
            st.metric(
                name,
                shown(after),
                None if math.isnan(after - before) else f"{after - before:+.3f}",
                help=f"Unregistered: {shown(before)}. {METRICS['dice'].definition}",
                width=130,
            )
        st.metric(
            "Folding",
            f"{registered.neg_jacobian_percent:.3f} %",
            help=METRICS["neg_jacobian_percent"].definition,
            width=130,
        )
        if seconds is not None:
            st.metric("Took", f"{1000 * seconds:.0f} ms", help="One forward pass and the warping", width=130)

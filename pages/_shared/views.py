"""Views that more than one page shows: a figure, the panels of a registration, its scores."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

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
from pages._shared.loaders import CACHE_KEYS

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registration

PANEL_WIDTH = 300


class Panel(NamedTuple):
    """One figure of a row, which has the legend: its name within the row, and what it shows in words."""

    name: str
    alt: str
    figure: go.Figure


def show_panels(panels: Sequence[Panel], key: str) -> None:
    """Figures side by side, in a row that wraps; put it inside `st.container(horizontal=True)`."""
    for name, alt, figure in panels:
        st.plotly_chart(figure, width=PANEL_WIDTH, key=f"{key}-{name}", config=PLOT_CONFIG, alt=alt)


def tissue_legend(tissues: Sequence[str]) -> None:
    """Which colour is which tissue, once for all figures below."""
    marks = (
        f'<span style="color:{colour};font-size:1.2em">●</span>&nbsp;{html.escape(name)}'
        for name, colour in tissue_colours(tissues).items()
    )
    st.html('<div style="opacity:0.85">' + "&emsp;".join(marks) + "</div>")


def registration_panels(pair: RegistrationPair, registration: Registration, key: str, with_pair: bool = True) -> None:
    """What the registration made of the pair: warped image, difference, deformation grid, Jacobian."""
    tissue_legend(pair.tissues.names)
    with st.container(horizontal=True):
        if with_pair:
            show_panels(pair_figures(pair), key)
        show_panels(registration_figures(pair, registration), key)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=CACHE_KEYS)
def pair_figures(pair: RegistrationPair) -> list[Panel]:
    """The two images as they came, with their labels."""
    plane, names = Plane.of(pair), pair.tissues.names
    return [
        _panel(
            role.lower(),
            f"The {role.lower()} image of {pair.id} with its tissues outlined",
            image_figure(image, plane, role, labels, names),
        )
        for role, image, labels in (
            ("Fixed", pair.fixed, pair.fixed_labels),
            ("Moving", pair.moving, pair.moving_labels),
        )
    ]


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs=CACHE_KEYS)
def registration_figures(pair: RegistrationPair, registration: Registration) -> list[Panel]:
    """Warped image, difference, deformation grid and Jacobian."""
    plane, names = Plane.of(pair), pair.tissues.names
    return [
        _panel(
            "warped",
            "The moving image warped onto the fixed one, warped labels solid, fixed labels dotted",
            image_figure(
                registration.warped,
                plane,
                "Moving, warped (dotted: fixed)",
                registration.warped_labels,
                names,
                pair.fixed_labels,
            ),
        ),
        _panel(
            "difference",
            "The difference that the registration leaves",
            difference_figure(pair.fixed, registration.warped, plane, "Warped − fixed"),
        ),
        _panel(
            "grid",
            "The fixed image's grid carried into the moving image",
            grid_figure(
                registration.displacement,
                plane,
                "Where fixed voxels lie in moving",
                moving=pair.moving,
                moving_labels=pair.moving_labels,
                tissues=names,
            ),
        ),
        _panel(
            "jacobian",
            "Jacobian determinant: blue expands from fixed to moving, red contracts, white keeps its volume",
            jacobian_figure(registration.displacement, plane, "Volume change, fixed → moving"),
        ),
    ]


def _panel(name: str, alt: str, figure: go.Figure) -> Panel:
    return Panel(name, alt, figure.update_layout(showlegend=False))


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

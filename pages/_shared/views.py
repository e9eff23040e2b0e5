"""Views that more than one page shows: a figure, the panels of a registration, its scores."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores
from elasreg_core.figures import (
    PLOT_CONFIG,
    Panel,
    View,
    middle_of,
    pair_panels,
    registration_panels,
    tissue_colours,
    views_of,
)
from elasreg_core.metrics import METRICS, shown
from elasreg_core.registration.registered import Registration
from pages._shared.loaders import CACHE_KEYS

PANEL_WIDTH = 300
#: A figure in which marks can be boxed as well as clicked.
SELECTABLE_CONFIG = {**PLOT_CONFIG, "modeBarButtonsToRemove": ["lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"]}


def show_panels(panels: Sequence[Panel], key: str) -> None:
    """Figures side by side, in a row that wraps; put it inside `st.container(horizontal=True)`."""
    for name, alt, figure in panels:
        st.plotly_chart(figure, width=PANEL_WIDTH, key=f"{key}-{name}", config=PLOT_CONFIG, alt=alt)


def tissue_legend(tissues: Sequence[str]) -> None:
    """Which colour is which tissue, once for all figures below."""
    colour_legend(tissue_colours(tissues))


def colour_legend(colours: Mapping[str, str]) -> None:
    """Which colour is what, once for all figures below."""
    marks = (
        f'<span style="color:{colour};font-size:1.2em">●</span>&nbsp;{html.escape(name)}'
        for name, colour in colours.items()
    )
    st.html('<div style="opacity:0.85">' + "&emsp;".join(marks) + "</div>")


def show_pair(pair: RegistrationPair, key: str) -> None:
    """The two images as they came, in every plane."""
    tissue_legend(pair.tissues.names)
    for view in views_of(pair):
        with st.container(horizontal=True):
            show_panels(_pair_panels(pair, view), key)


def show_registration(pair: RegistrationPair, registration: Registration, key: str, with_pair: bool = True) -> None:
    """What the registration made of the pair: warped image, difference, deformation grid, Jacobian."""
    tissue_legend(pair.tissues.names)
    at = choose_planes(pair, key) if len(pair.grid_shape) == 3 else None
    for view in views_of(pair, at):
        with st.container(horizontal=True):
            if with_pair:
                show_panels(_pair_panels(pair, view), key)
            show_panels(_registration_panels(pair, registration, view), key)


def choose_planes(pair: RegistrationPair, key: str) -> tuple[int, ...]:
    """Sliders for the voxel in which the three planes of a volume cross."""
    at = list(middle_of(pair))
    with st.container(horizontal=True):
        for view in views_of(pair):
            side = pair.grid_shape[view.across_axis]
            at[view.across_axis] = st.slider(
                *(f"{view.name.capitalize()} plane", 0, side - 1, view.at),
                key=f"{key}-{view.name}",
                width=PANEL_WIDTH,
                bind="query-params",
            )
    return tuple(at)


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def _pair_panels(pair: RegistrationPair, view: View) -> list[Panel]:
    return pair_panels(pair, view)


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def _registration_panels(pair: RegistrationPair, registration: Registration, view: View) -> list[Panel]:
    return registration_panels(pair, registration, view)


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

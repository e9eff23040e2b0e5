"""Several registrations of one pair: their pictures side by side, their scores, and what there is to download."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.side_by_side import for_reading, score_row, with_parameters
from elasreg_core.figures import PICTURES, PLOT_CONFIG, View, pair_side_by_side, side_by_side, views_of
from elasreg_core.metrics import METRICS
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.registration.archive import registrations_zip
from elasreg_core.registration.registered import Registration
from pages._shared import loaders
from pages._shared.loaders import CACHE_KEYS
from pages._shared.views import choose_planes

_PAIR = "pair"
_TITLES = {_PAIR: "The pair", "warped": "Warped image", "grid": "Deformation grid", "difference": "What is left"} | {
    "jacobian": "Volume change"
}
_UNREGISTERED = "Unregistered"
Rows = dict[str, dict[str, float]]


def score_rows(pair: RegistrationPair, registrations: Mapping[str, Registration]) -> Rows:
    """The scores of the pair as it came and of each registration."""
    rows = {_UNREGISTERED: score_row(loaders.scores(pair), loaders.similarity(pair))}
    for name, of in registrations.items():
        rows[name] = score_row(loaders.scores(pair, of), loaders.similarity(pair, of), of.seconds)
    return rows


def show_scores(pair: RegistrationPair, rows: Rows, differences: Sequence[tuple[str, str, str]]) -> None:
    """The table of scores, and what has none and why."""
    st.table(for_reading(rows, differences), alt="Scores of the pair as it came and of each registration")
    if pair.moving_labels is None or pair.fixed_labels is None:
        st.caption(
            "Dice and HD95 need labels of both images, which this pair has not. Local NCC of the image, "
            f"folding and SDlogJ need none: {METRICS['ncc_image'].definition}"
        )


def show_pictures(pair: RegistrationPair, registrations: Mapping[str, Registration]) -> None:
    """A figure for each kind of picture, in each plane; within a figure, all registrations pan and zoom together."""
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.pills(
            "Pictures",
            list(_TITLES),
            selection_mode="multi",
            default=[_PAIR, "warped", "grid", "jacobian"],
            format_func=_TITLES.get,
            key="pictures",
            bind="query-params",
            label_visibility="collapsed",
            wrap=True,
        )
        close = st.toggle(
            "Close up",
            key="close",
            bind="query-params",
            disabled=pair.fixed_labels is None,
            help="The tissues alone. Zooming and panning in one picture moves the one beside it too.",
        )
    at = choose_planes(pair, "explore") if len(pair.grid_shape) == 3 else None
    for view in views_of(pair, at):
        with st.container(horizontal=True):
            for picture in (picture for picture in _TITLES if picture in chosen):
                figure = _figure(pair, {} if picture == _PAIR else registrations, view, picture, close)
                st.plotly_chart(
                    figure,
                    width=figure.layout.width,
                    key=f"explore-{view.name}-{picture}",
                    config=PLOT_CONFIG,
                    alt=_alt(pair, registrations, view, picture),
                )


def show_downloads(
    pair: RegistrationPair, registrations: Mapping[str, Registration], rows: Rows, checkpoints: Iterable[Checkpoint]
) -> None:
    """What is on the page, as files."""
    folders = {_as_folder(name): registration for name, registration in registrations.items()}
    with st.container(horizontal=True):
        st.download_button(
            "Displacement and images (NIfTI)",
            lambda: registrations_zip(pair, folders, checkpoints),
            f"{pair.id}-registrations.zip",
            "application/zip",
            icon=":material/download:",
            help="A ZIP file: for each registration its displacement in three forms, images, labels and parameters, "
            "and what they were made with.",
            on_click="ignore",
        )
        st.download_button(
            "Scores (CSV)",
            with_parameters(rows, registrations, pair).to_csv(index=False),
            f"{pair.id}-scores.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _as_folder(name: str) -> str:
    return name.replace(": ", "-").replace(" ", "-").lower()


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def _figure(
    pair: RegistrationPair, registrations: Mapping[str, Registration], view: View, picture: str, close: bool
) -> go.Figure:
    if picture == _PAIR:
        return pair_side_by_side(pair, view, close)
    return side_by_side(pair, registrations, view, picture, close)


def _alt(pair: RegistrationPair, registrations: Mapping[str, Registration], view: View, picture: str) -> str:
    where = "" if view.across_axis is None else f"; {view.name} plane {view.at}"
    if picture == _PAIR:
        return f"The fixed and the moving image of {pair.id} with their tissues outlined{where}"
    return f"{PICTURES[picture]}, side by side: {', '.join(registrations)}{where}"

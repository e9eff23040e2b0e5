"""One parameter played from 0 to 1: frames made beforehand, so that the browser follows a finger without the server."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures import MOVING_PICTURES, PLOT_CONFIG, one_parameter_figure, views_of
from elasreg_core.figures.one_parameter import WIDTH
from elasreg_core.identification.one_parameter import VALUES, fields_along
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.settings import Setting
from pages._shared import loaders
from pages._shared.context import readable_errors
from pages._shared.setting import slider_key

#: Title, network, parameter, and the label of the tissue whose it is; None: the image's.
Moving = tuple[str, Checkpoint, str, int | None]


@st.fragment
def play_one_parameter(pair: RegistrationPair, networks: Mapping[str, Checkpoint], setting: Setting) -> None:
    """A figure that plays; the other parameters stay where the sliders are."""
    moving = _moving(pair, networks)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox(
            "Parameter",
            list(moving),
            format_func=lambda key: moving[key][0],
            key="play-parameter",
            bind="query-params",
            width=240,
        )
        picture = st.segmented_control(
            "Picture",
            list(MOVING_PICTURES),
            default="grid",
            required=True,
            format_func=MOVING_PICTURES.get,
            key="play-picture",
            bind="query-params",
        )
        views = {view.name: view for view in views_of(pair)}
        plane = next(iter(views))
        if len(views) > 1:
            plane = st.segmented_control(
                "Plane", list(views), default=plane, required=True, key="play-plane", bind="query-params"
            )
    title, checkpoint, parameter, label = moving[key]
    with readable_errors(), st.spinner(f"Registering at {len(VALUES)} values …", show_time=True):
        field = setting.field(checkpoint.is_adaptive, checkpoint.card.background)
        steps = loaders.steps_along(checkpoint, pair, fields_along(field, parameter, label))
    place = checkpoint.model.regularizer.parameters.index(parameter)
    start = field.nodes[label or 0][place]
    st.plotly_chart(
        one_parameter_figure(pair, steps, views[plane], picture, title, start),
        width=WIDTH,
        key=f"play-{key}-{picture}-{plane}",
        config=PLOT_CONFIG | {"displayModeBar": False},
        alt=f"{MOVING_PICTURES[picture]} and scores while {title} runs from 0 to 1",
    )
    st.caption(
        f"Drag the slider or press ▶: {len(VALUES)} registrations by {checkpoint.name} were made beforehand and play "
        "in the browser. The other parameters stay as set above."
    )


def _moving(pair: RegistrationPair, networks: Mapping[str, Checkpoint]) -> dict[str, Moving]:
    """What can be played: by the slider's key its title, the network, the parameter, and the class it belongs to."""
    found = {}
    for checkpoint in networks.values():
        regularizer = checkpoint.model.regularizer
        classes = [(label, tissue) for label, tissue in pair.tissues] if checkpoint.is_adaptive else [(None, None)]
        for label, tissue in classes:
            for name, symbol in zip(regularizer.parameters, regularizer.symbols, strict=True):
                title = f"{symbol} of {tissue or 'the image'}"
                found[slider_key(name, tissue)] = title, checkpoint, name, label
    return found

"""A training under way or finished: its curves, and a pair registered by the network as it is now."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.figures import PLOT_CONFIG, loss_figure
from elasreg_core.networks.checkpoint import Checkpoint, load_checkpoint
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.paths import data_folder
from elasreg_core.workspace.trainings import Training, tissues_in, trainings
from pages._shared import loaders
from pages._shared.context import readable_errors
from pages._shared.views import score_cards, show_registration

LIVE_S = 2.0
_CURVE_WIDTH = 450


def show_curves(training: Training) -> None:
    """The loss of every model that has begun, with its history to download."""
    with st.container(horizontal=True):
        for model in training.config.models:
            curve = training.curve(model)
            if curve.empty:
                continue
            figure = loss_figure(curve, model, training.plan(model).steps)
            with st.container(width=_CURVE_WIDTH):
                last = curve.iloc[-1]
                alt = f"Loss of {model} over {len(curve)} steps; the last one is {last['loss']:.3f}"
                st.plotly_chart(figure, width="stretch", key=f"curve-{model}", config=PLOT_CONFIG, alt=alt)
                st.download_button(
                    f"History of {model} (CSV)",
                    curve.to_csv(index=False),
                    f"{training.name}-{model}-history.csv",
                    key=f"history-{model}",
                    icon=":material/download:",
                )


@st.fragment(run_every=LIVE_S)
def follow(name: str) -> None:
    """The curves as they grow."""
    with readable_errors():
        training = trainings().get(name)
        if training is None or training.is_finished:
            st.rerun()
        show_curves(training)


def fitting_data(training: Training) -> dict[str, tuple[Path, str]]:
    """The data sets of its tissues by name → (root, layout), those first that it has not learnt from."""
    found = {
        name: (root, layout)
        for name, (root, layout) in loaders.datasets().items()
        if tissues_in(root, layout) == training.tissues
    }
    own = (data_folder() / training.config.data.root).resolve()
    return dict(sorted(found.items(), key=lambda item: (item[1][0].resolve() == own, item[0])))


def choose_sample(training: Training) -> tuple[str, str, str, float] | None:
    """Which pair to register as the network learns, and how stiffly; None: not wanted, or nothing fits."""
    found = fitting_data(training)
    if not found:
        return None
    with st.sidebar:
        st.markdown("**A sample**")
        root, layout = found[st.selectbox("Data set", list(found), key="sample-data", bind="query-params")]
        subjects = loaders.dataset(str(root), layout).subjects
        subject = st.selectbox("Subject", subjects, key="sample", bind="query-params")
        stiffness = st.slider("λ = μ", 0.0, 1.0, 0.1, 0.05, key="sample-parameter", bind="query-params")
    return str(root), layout, subject, stiffness


@st.fragment(run_every=5 * LIVE_S)
def follow_sample(name: str, sample: tuple[str, str, str, float]) -> None:
    """The sample again and again, whenever the training has saved a state."""
    with readable_errors():
        training = trainings().get(name)
        if training is not None:
            show_sample(training, sample)


def show_sample(training: Training, sample: tuple[str, str, str, float]) -> None:
    """The sample as the last model that has a state registers it."""
    root, layout, subject, stiffness = sample
    with readable_errors():
        checkpoint, state = _newest(training)
    if checkpoint is None or training.tissues is None:
        st.caption("As soon as a state is saved, a pair registered by it will be shown here.")
        return
    with readable_errors(), st.spinner(f"Registering {subject} with {checkpoint.card.model} {state} …"):
        pair = _pair(root, layout, subject, checkpoint.card.preprocessing, training.tissues)
        node = (stiffness,) * len(checkpoint.model.regularizer.parameters)
        parameters = ParameterField.uniform(node, training.tissues.n_classes)
        registration = _registered(checkpoint.card.weights_sha256, pair.digest, parameters, checkpoint, pair)
    st.subheader(f"{subject}, registered by {checkpoint.card.model} {state}")
    score_cards(loaders.scores(pair), loaders.scores(pair, registration))
    show_registration(pair, registration, "sample")


def _newest(training: Training) -> tuple[Checkpoint | None, str]:
    """The network of the last model that has one, and in which state that is."""
    for model in reversed(training.config.models):
        if training.is_trained(model):
            return load_checkpoint(training.folder / model), "finished"
        if (now := training.last_state(model)) is not None:
            return now, f"after {now.step} steps"
    return None, ""


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Preprocessing: repr, TissueTable: repr})
def _pair(root: str, layout: str, subject: str, settings: Preprocessing, tissues: TissueTable) -> RegistrationPair:
    return loaders.dataset(root, layout).load(subject, settings, tissues)


@st.cache_resource(max_entries=8, show_spinner=False)
def _registered(
    state: str,  # noqa: ARG001 (part of the cache's key)
    pair_digest: str,  # noqa: ARG001
    parameters: ParameterField,
    _checkpoint: Checkpoint,
    _pair: RegistrationPair,
) -> Registration:
    """Once per saved state, whoever watches; the network of a passing state is not kept."""
    from elasreg_core.registration.registrar import Registrar

    return Registrar(_checkpoint).register(_pair, parameters)

"""What do λ and μ do to the registration of this pair?"""

from __future__ import annotations

import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Regularizer
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.finished import finished_search
from elasreg_core.workspace.settings import Preset, Setting, optimum_preset, presets
from pages._shared import comparing, loaders
from pages._shared import setting as setting_of
from pages._shared.context import Context, choose, choose_regularizer, readable_errors, show_notes
from pages._shared.playing import play_one_parameter

NETWORKS = {"global": "Global", "adaptive": "Adaptive"}


def choose_networks(context: Context, regularizer: Regularizer) -> dict[str, Checkpoint]:
    """The networks to show, by "Global" and "Adaptive"."""
    found = {
        "adaptive" if model.is_adaptive else "global": context.family.members[name]
        for name, model in MODELS.items()
        if name in context.family.members and model.regularizer == regularizer
    }
    chosen = st.segmented_control(
        "Networks",
        [*(["both"] if len(found) > 1 else []), *found],
        default="both" if len(found) > 1 else next(iter(found)),
        required=True,
        format_func=lambda name: NETWORKS.get(name, "Both"),
        key="model",
        help="Global: one setting for the image. Adaptive: one for each tissue.",
        bind="query-params",
    )
    return {NETWORKS[name]: checkpoint for name, checkpoint in found.items() if chosen in (name, "both")}


def named_settings(context: Context, regularizer: Regularizer) -> list[Preset]:
    """The presets; the last is the subject's optimum, if the store has a finished search."""
    member = next(m for m in context.family.members.values() if m.model.regularizer == regularizer)
    found = presets(context.pair.tissues.names, regularizer, member.card.sampling)
    searched = context.family.members.get(member.model.global_name)
    sweep = (
        None if searched is None else finished_search(loaders.store(), searched, context.pair.id, context.pair.digest)
    )
    if sweep is not None:
        try:
            found.append(optimum_preset(sweep, regularizer, member.card.background))
        except InputError as error:  # no tissue has an optimum
            st.caption(f"The finished search of {context.pair.id}: {error}")
    return found


def register_all(
    context: Context, networks: dict[str, Checkpoint], settings: dict[str, Setting]
) -> dict[str, Registration]:
    """Every network at every setting, by a name such as "Global" or "A: Global"."""
    return {
        f"{letter}: {name}" if letter else name: loaders.register(
            checkpoint, context.pair, setting.field(checkpoint.is_adaptive, checkpoint.card.background)
        )
        for name, checkpoint in networks.items()
        for letter, setting in settings.items()
    }


@st.fragment
def explore(context: Context, regularizer: Regularizer, networks: dict[str, Checkpoint], named: list[Preset]) -> None:
    """The sliders and all that follows them, redrawn without the rest of the page."""
    pair, tissues = context.pair, context.pair.tissues
    with readable_errors():
        has_optimum = any(preset.title == "The subject's optimum" for preset in named)
        setting_of.show_presets(named, regularizer, tissues, has_optimum)
        setting = setting_of.choose_setting(regularizer, tissues, "Global" in networks, "Adaptive" in networks)
        setting_of.explain(named, setting, tissues)
        pinned = setting_of.choose_pinned(setting, regularizer, tissues)
        settings = {"": setting} if pinned is None else {"A": pinned, "B": setting}
        registrations = register_all(context, networks, settings)
    above = st.container()
    comparing.show_pictures(pair, registrations)  # before the scores, which take as long as registering
    rows = comparing.score_rows(pair, registrations)
    differences = [] if pinned is None else [(f"B − A, {n.lower()}", f"A: {n}", f"B: {n}") for n in networks]
    with above:
        comparing.show_scores(pair, rows, differences)
    comparing.show_downloads(pair, registrations, rows, list(networks.values()))
    if st.toggle(
        "Play one parameter from 0 to 1",
        key="play",
        bind="query-params",
        help="Registers at eleven values at once; the browser then plays them, or follows a slider as you drag it.",
    ):
        play_one_parameter(pair, networks, setting)


st.title("Explore λ and μ")
context = choose()
with st.sidebar:
    regularizer = choose_regularizer(context.family)
    networks = choose_networks(context, regularizer)
with readable_errors():
    named = named_settings(context, regularizer)
explore(context, regularizer, networks, named)
show_notes(context.pair)
card = next(iter(networks.values())).card
names = ", ".join(checkpoint.name for checkpoint in networks.values())
background = f" The background keeps {regularizer.shown(card.background)}, fixed by the checkpoint."
st.caption(
    f"{names}: trained with the {regularizer.name} energy × {card.regularization_scale:g} "
    f"(1 in the paper, where λ and μ hardly matter).{background * ('Adaptive' in networks)}"
)

"""What do λ and μ do to the registration of this pair?"""

import streamlit as st

from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import Node, ParameterField, Regularizer
from pages._shared import loaders
from pages._shared.context import choose, choose_regularizer, readable_errors, show_notes
from pages._shared.views import score_cards, show_registration

HELP = {
    ("elastic", "lambda"): "Resistance to volume change: high λ keeps areas as they are.",
    ("elastic", "mu"): "Shear stiffness: high μ keeps shapes as they are.",
    ("diffusion", "lambda"): "Smoothness: high λ keeps neighbours together, whatever the direction they move in.",
}


def sliders(regularizer: Regularizer, suffix: str = "") -> Node:
    """A slider for every parameter over the trained range, values in the URL."""
    places = st.columns(len(regularizer.parameters)) if suffix else [st] * len(regularizer.parameters)
    return tuple(
        place.slider(
            symbol,
            *(0.0, 1.0, 0.1, 0.05),
            key=name + suffix,
            help=HELP[regularizer.name, name],
            bind="query-params",
        )
        for place, symbol, name in zip(places, regularizer.symbols, regularizer.parameters, strict=True)
    )


st.title("Explore λ and μ")
context = choose()
pair, family = context.pair, context.family

with st.sidebar:
    regularizer = choose_regularizer(family)
    options = [m for name, m in MODELS.items() if name in family.members and m.regularizer == regularizer]
    model = st.segmented_control(
        "Parameters for",
        [m.name for m in options],
        default=options[0].name,
        required=True,
        format_func=lambda name: "each tissue" if MODELS[name].is_adaptive else "the image",
        key="model",
        bind="query-params",
    )
    checkpoint = family.member(model)
    if checkpoint.is_adaptive:
        nodes = [checkpoint.card.background]
        for _, tissue in pair.tissues:
            st.markdown(f"**{tissue}**")
            nodes.append(sliders(regularizer, f"-{tissue}"))
        st.caption(f"Background: {regularizer.shown(checkpoint.card.background)}, fixed by the checkpoint.")
        parameters = ParameterField(tuple(nodes))
    else:
        parameters = ParameterField.uniform(sliders(regularizer), pair.tissues.n_classes)

with readable_errors():
    registration = loaders.register(checkpoint, pair, parameters)
score_cards(loaders.scores(pair), loaders.scores(pair, registration), registration.seconds)
show_registration(pair, registration, "explore")
show_notes(pair)
st.caption(
    f"Checkpoint {checkpoint.name}, trained with the {regularizer.name} energy × "
    f"{checkpoint.card.regularization_scale:g} (1 in the paper, where λ and μ hardly matter)."
)

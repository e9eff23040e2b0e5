"""What do λ and μ do to the registration of this pair?"""

import streamlit as st

from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.lame import LameField
from pages._shared import loaders
from pages._shared.context import choose, readable_errors, show_notes
from pages._shared.views import registration_panels, score_cards

MODEL_TITLES = {"elas-g": "the image", "elas-sas": "each tissue"}
LAMBDA_HELP = "Resistance to volume change: high λ keeps areas as they are."
MU_HELP = "Shear stiffness: high μ keeps shapes as they are."


def parameter_slider(place, label: str, key: str, explanation: str) -> float:
    """A slider over the trained range, its value in the URL."""
    return place.slider(label, 0.0, 1.0, 0.1, 0.05, key=key, help=explanation, bind="query-params")


st.title("Explore λ and μ")
context = choose()
pair, family = context.pair, context.family

with st.sidebar:
    options = [model for model in MODELS if model in family.members]
    model = st.segmented_control(
        "One (λ, μ) for",
        options,
        default=options[0],
        required=True,
        format_func=MODEL_TITLES.get,
        key="model",
        bind="query-params",
    )
    checkpoint = family.member(model)
    if checkpoint.is_adaptive:
        background = checkpoint.card.background
        lam, mu = [background[0]], [background[1]]
        for _, tissue in pair.tissues:
            st.markdown(f"**{tissue}**")
            left, right = st.columns(2)
            lam.append(parameter_slider(left, "λ", f"lambda-{tissue}", LAMBDA_HELP))
            mu.append(parameter_slider(right, "μ", f"mu-{tissue}", MU_HELP))
        st.caption(f"Background: λ = {background[0]:g}, μ = {background[1]:g}, fixed by the checkpoint.")
        parameters = LameField(tuple(lam), tuple(mu))
    else:
        one_lam = parameter_slider(st, "λ", "lambda", LAMBDA_HELP)
        one_mu = parameter_slider(st, "μ", "mu", MU_HELP)
        parameters = LameField.uniform(one_lam, one_mu, pair.tissues.n_classes)

with readable_errors():
    registration = loaders.register(checkpoint, pair, parameters)
score_cards(loaders.scores(pair), loaders.scores(pair, registration), registration.seconds)
registration_panels(pair, registration, "explore")
show_notes(pair)
st.caption(
    f"Checkpoint {checkpoint.name}, trained with the elastic energy × {checkpoint.card.regularization_scale:g} "
    "(1 in the paper, where λ and μ hardly matter)."
)

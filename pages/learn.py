"""What do λ and μ mean?"""

import streamlit as st

from pages._lesson import energy, field, kernels, stiffness, surface
from pages._lesson.controls import KEPT

STEPS = {
    "Field": ("A displacement field", field.draw),
    "Energy": ("What a motion costs", energy.draw),
    "Stiffness": ("Why stiffness is local", stiffness.draw),
    "Hypernetwork": ("What a hypernetwork does", kernels.draw),
    "Surface": ("What a flat surface means", surface.draw),
}
NAMES = list(STEPS)  # what is shown stands in the URL


def go(to: str) -> None:
    """To another step, as the buttons do."""
    st.session_state["step"] = to


st.title("What do λ and μ mean?")
with st.container(horizontal=True, vertical_alignment="center"):
    step = st.segmented_control(
        "Step", NAMES, default=NAMES[0], required=True, key="step", label_visibility="collapsed", **KEPT
    )
    number = NAMES.index(step)
    before, after = NAMES[max(number - 1, 0)], NAMES[min(number + 1, len(NAMES) - 1)]
    st.button("Previous", icon=":material/arrow_back:", disabled=before == step, on_click=go, args=(before,))
    forward = {"icon": ":material/arrow_forward:", "icon_position": "right", "disabled": after == step}
    st.button("Next", **forward, on_click=go, args=(after,))
title, draw = STEPS[step]
st.subheader(f"{number + 1} · {title}")
draw()

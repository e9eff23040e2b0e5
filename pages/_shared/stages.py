"""The three stages of the method, side by side."""

from __future__ import annotations

import streamlit as st

_STAGES = (
    (
        ":material/model_training:",
        "1 · Training",
        "A hypernetwork learns to register under *every* (λ,\N{NO-BREAK SPACE}μ) at once.",
        "Hours, once per kind of image; shipped for the demo.",
    ),
    (
        ":material/grid_view:",
        "2 · Identification",
        "One subject is registered at every node of a (λ,\N{NO-BREAK SPACE}μ) grid; each tissue takes its best.",
        "Seconds per subject.",
    ),
    (
        ":material/join_inner:",
        "3 · Registration",
        "The adaptive network registers the pair in one pass, each tissue with its own (λ,\N{NO-BREAK SPACE}μ).",
        "Milliseconds.",
    ),
)


def show_stages() -> None:
    """What happens in which order, and what it costs."""
    for column, (icon, title, text, cost) in zip(st.columns(len(_STAGES)), _STAGES, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"{icon} **{title}**")
            st.markdown(text)
            st.caption(cost)

"""What several steps ask for: λ and μ, a motion and its amount. Kept in the URL, and from step to step."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elasreg_core.figures import PLOT_CONFIG
from elasreg_core.physics.parameters import ELASTIC, Node, Regularizer
from elasreg_core.physics.simple_motions import MOTIONS, Motion

#: A widget's value stands in the URL, and stays when another step does not show the widget.
KEPT: dict[str, Any] = {"bind": "query-params", "persist_state": "page"}


def ask_parameters(lowest_mu: float = 0.0) -> tuple[float, float]:
    """Sliders for λ and μ of the elastic regularizer; a μ below `lowest_mu` is raised to it."""
    lam = st.slider("λ, resistance to volume change", 0.0, 1.0, 0.5, 0.05, key="lesson-lambda", **KEPT)
    mu = st.slider("μ, shear stiffness", 0.0, 1.0, 0.5, 0.05, key="lesson-mu", **KEPT)
    return lam, max(mu, lowest_mu)


def ask_node(regularizer: Regularizer) -> Node:
    """Sliders for the parameters of either regularizer."""
    if regularizer.parameters == ELASTIC.parameters:
        return ask_parameters()
    return (st.slider("λ, smoothness", 0.0, 1.0, 0.5, 0.05, key="lesson-lambda", **KEPT),)


def ask_motion() -> tuple[Motion, float]:
    """One of the simple motions, and how much of it."""
    names = list(MOTIONS)  # without a format_func: what is shown stands in the URL
    name = st.selectbox(
        "Motion",
        names,
        index=names.index("Stretch"),
        key="motion",
        **KEPT,
    )
    motion = MOTIONS[name]
    amount = st.slider(f"Amount {motion.symbol}", -0.5, 0.5, 0.2, 0.05, key="amount", help=motion.meaning, **KEPT)
    return motion, amount


def picture(figure: go.Figure, key: str, alt: str, width: int, **interaction: Any) -> None:
    """A figure of fixed width, in a row that wraps; put it inside `st.container(horizontal=True)`."""
    st.plotly_chart(
        figure, width=width, key=key, alt=alt, config={**PLOT_CONFIG, "displayModeBar": False}, **interaction
    )


def notice(text: str) -> None:
    """The one line that a step is for."""
    st.info(f"**What to notice.** {text}", icon=":material/visibility:")


def download(table: pd.DataFrame, name: str, label: str) -> None:
    """A table as CSV."""
    st.download_button(label, table.to_csv(index=False), f"{name}.csv", "text/csv", icon=":material/download:")

"""The choices of a cohort as tables for reading: subject by subject with links, and in a row per choice and tissue."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from elasreg_core.identification.choices import AT_NODE
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import Regularizer

#: A label, an icon, and from a subject's rows under one choice to the query parameters.
Link = tuple[str, str, Callable[[pd.DataFrame], dict[str, str]]]

_SHARES = {
    "plateau": ("plateau %", "Nodes that are as good within the tolerance, on the mean: near 100 %, chance chooses"),
    "on_edge": ("on edge %", "Subjects whose node lies on the edge of the grid: the best may lie beyond"),
    "as_first": ("as the first %", "Subjects that take the same node under the first choice of this table"),
}


def show_summary(summary: pd.DataFrame, regularizer: Regularizer) -> None:
    """The cohort, of `identification.choices.choices_summary`: medians with quartiles, and what they cost."""
    table = summary[["choice", "tissue", "subjects"]].copy()
    columns = {}
    for name, symbol in zip(regularizer.parameters, regularizer.symbols, strict=True):
        numbers = zip(summary[name], summary[f"{name} low"], summary[f"{name} high"], strict=True)
        table[f"{symbol}, median (quartiles)"] = [f"{mid:.2f} ({low:.2f}–{high:.2f})" for mid, low, high in numbers]
    for name, (title, text) in _SHARES.items():
        table[name] = 100 * summary[name]
        columns[name] = st.column_config.NumberColumn(title, format="%.0f", help=text)
    for name in AT_NODE:
        table[name] = summary[name]
        columns[name] = st.column_config.NumberColumn(
            METRICS[name].label, format="%.3f", help=f"At the chosen node. {METRICS[name].definition}"
        )
    st.dataframe(table, hide_index=True, column_config=columns)


def show_subjects(choices: pd.DataFrame, regularizer: Regularizer, links: Mapping[str, Link]) -> None:
    """The subjects of `identification.choices.choices_table`, a row per subject and choice; a row leads to other pages.

    Args:
        choices: of the subjects to show.
        regularizer: whose parameters.
        links: by page, what opens it at some rows.
    """
    found = dict(iter(choices.groupby(["subject", "choice"], sort=False)))
    rows = [
        {"subject": subject, "group": of["group"].iloc[0], "choice": choice}
        | {row["tissue"]: _chosen(row, regularizer) for _, row in of.iterrows()}
        for (subject, choice), of in found.items()
    ]
    event = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="subjects",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        alt="What was chosen for the subjects picked",
    )
    (subject, choice), of = list(found.items())[min([*event.selection.rows, 0][0], len(found) - 1)]
    with st.container(horizontal=True):
        for page, (label, icon, link) in links.items():
            st.page_link(
                f"pages/{page}.py",
                label=f"{label} {subject} ({choice})",
                icon=f":material/{icon}:",
                query_params=link(of),
            )


def _chosen(row: pd.Series, regularizer: Regularizer) -> str:
    if pd.isna(row["lambda"]):
        return "–"
    node = tuple(row[name] for name in regularizer.parameters)
    return f"{regularizer.shown(node)} · plateau {row['plateau']:.0%}"

"""A new comparison of the data set at hand: what is compared, under which name, started as a job."""

from __future__ import annotations

import re

import streamlit as st

from elasreg_core.evaluation.comparison import CHOICES
from elasreg_core.workspace.commands import compare_command
from elasreg_core.workspace.paths import comparisons_folder
from pages._shared import loaders
from pages._shared.context import Cohort
from pages._shared.run_command import offer_command


def offer_comparison(cohort: Cohort) -> None:
    """Pickers of families and choices, and what starts the command."""
    if loaders.is_uploaded():
        st.info(
            "An uploaded pair stays this session's own, and a comparison is kept for all. Choose a data set in the "
            "sidebar, or put your cohort into the data folder.",
            icon=":material/lock:",
        )
        return
    st.markdown(
        f"All models of the families, on the {len(cohort.data.cases)} subjects of {cohort.name}: searched where they "
        "are not yet, registered, scored, tested."
    )
    families = st.multiselect(
        *("Checkpoint families", cohort.fitting),
        default=[cohort.family.name],
        key="families",
        bind="query-params",
        help="Several, such as seeds of one training, are compared each for itself, and their means with each other.",
    )
    choices = st.multiselect(
        *("Parameters chosen by", list(CHOICES)),
        default=["subject"],
        key="choosers",
        bind="query-params",
        help="; ".join(f"**{name}**: {text}" for name, text in CHOICES.items()),
    )
    name = st.text_input(
        "Name", f"{cohort.name.replace('/', '-')}-{'-'.join(families)}", key=f"name-{cohort.name}-{families}"
    )
    if not families or not choices:
        st.info("Pick at least one family and one way to choose.", icon=":material/info:")
        return
    if not re.fullmatch(r"\w[\w.-]*", name):
        st.info("A name has letters, digits, points, hyphens and underscores alone.", icon=":material/info:")
        return
    out = comparisons_folder() / name
    if out.exists():
        st.caption(f"This replaces the comparison {name}.")
    offer_command(compare_command(families, cohort.data, choices, out), f"Compare on {len(cohort.data.cases)} subjects")

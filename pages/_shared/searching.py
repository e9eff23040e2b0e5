"""How much of a cohort is searched, and what searches the rest."""

from __future__ import annotations

import streamlit as st

from elasreg_core.identification.criteria import ON_DEMAND
from elasreg_core.metrics import METRICS
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.cohort_searches import CohortSearches
from elasreg_core.workspace.commands import cohort_search_command
from pages._shared.context import Cohort
from pages._shared.run_command import offer_command
from pages._shared.where import choose_where


def offer_search(cohort: Cohort, checkpoint: Checkpoint, steps: int, searches: CohortSearches) -> None:
    """How many subjects are searched; a button for the others, and for other scores of them all."""
    lacking, total = searches.lacking(()), len(searches.subjects)
    partly = len(set(lacking) & set(searches.nodes))
    st.markdown(
        f"**{total - len(lacking)} of {total} subjects** are searched at all {len(searches.grid.nodes)} nodes with "
        f"{checkpoint.name}" + (f", {partly} more at some." if partly else ".")
    )
    with st.expander("Search the rest, or score by more", expanded=bool(lacking), icon=":material/search:"):
        has_truth = any(case.truth is not None for case in cohort.data.cases)
        also = st.multiselect(
            "Score beside Dice",
            [name for name in ON_DEMAND if has_truth or name != "displacement_error_vox"],
            format_func=lambda name: METRICS[name].title,
            key="beside",
            bind="query-params",
            help="What can then be chosen by, too. HD95 costs more than the registration.",
        )
        left = searches.lacking(also)
        if left:
            label = "Search 1 subject" if len(left) == 1 else f"Search {len(left)} subjects"
            offer_command(cohort_search_command(checkpoint, cohort.data, steps, also, choose_where()), label)
        else:
            st.caption("Nothing is left to do.")

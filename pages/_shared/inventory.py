"""What is here: data sets, checkpoints, searches, as tables to look through and to download."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.workspace.finished import finished_steps
from elasreg_core.workspace.paths import data_folder, family_names, find_family
from pages._shared import loaders, own_data
from pages._shared.context import readable_errors
from pages._shared.job_view import JOB_COLUMNS, job_table

_SEARCHES = 20  # of the newest that are listed
_JOBS = 10


def show_datasets() -> None:
    """The data sets that this session may pick."""
    with readable_errors(ends_page=False):
        rows = [
            {
                "data set": name,
                "layout": layout,
                "subjects": len(loaders.dataset(str(root), layout).cases),
                "left out": len(loaders.dataset(str(root), layout).faults),
                "folder": "this session's alone" if name in loaders.uploads().datasets else str(root),
            }
            for name, (root, layout) in own_data.datasets().items()
        ]
        st.caption(
            "**Data sets.** `elasreg data check` says why a subject is left out. More: put a folder into "
            f"`{data_folder()}`, choose or upload data above, or start with `elasreg app --data DIR`."
        )
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Data sets")


def show_checkpoints() -> None:
    """The families of checkpoints; a damaged one is a warning."""
    rows = []
    for name in family_names():
        try:
            family = find_family(name)
        except InputError as error:
            st.warning(f"Checkpoint {name}: {error}", icon=":material/warning:")
            continue
        card = next(iter(family.members.values())).card
        rows.append(
            {
                "checkpoint": name,
                "models": ", ".join(family.members),
                "tissues": ", ".join(card.tissues),
                "grid": " × ".join(map(str, card.preprocessing.grid_shape)),
                "voxel": f"{card.preprocessing.spacing_mm:g} mm",
                "regularization scale": card.regularization_scale,
            }
        )
    st.caption(
        "**Checkpoints.** elas, the elastic regularizer (λ, μ); diff, diffusion (λ). g takes one setting for the whole "
        "image, sas one for each tissue."
    )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Checkpoints")


def show_searches() -> None:
    """The searches, newest first, and how far each one is."""
    with readable_errors(ends_page=False):
        store = loaders.store()
        searches = store.searches()
        if not searches:
            st.caption("**Searches.** None yet. The page **Identify** makes one in a few seconds.")
            return
        rows = []
        for search in searches[:_SEARCHES]:
            steps = finished_steps(store.nodes(search.source), search.checkpoint)
            state = f"{search.nodes} nodes so far" if steps is None else f"finished, {steps} steps"
            rows.append(
                {
                    "subject": search.subject,
                    "checkpoint": search.checkpoint,
                    "state": state,
                    "nodes": search.nodes,
                    "started (UTC)": search.started,
                }
            )
        more = f" The newest {_SEARCHES} of {len(searches)}." if len(searches) > _SEARCHES else ""
        st.caption(
            f"**Searches**, newest first.{more} One that is not finished is running, or goes on where it stopped."
        )
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Searches")


def show_jobs() -> None:
    """Long work, newest first; nothing where there was none."""
    with readable_errors(ends_page=False):
        jobs = loaders.jobs().all()[:_JOBS]
        if jobs:
            st.caption("**Long work**, newest first. It goes on without the page that started it.")
            st.dataframe(job_table(jobs), column_config=JOB_COLUMNS, hide_index=True, alt="Long work")

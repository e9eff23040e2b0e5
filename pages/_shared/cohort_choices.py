"""What the store knows of a cohort, read once and kept as long as nothing is added."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from elasreg_core.data.datasets import Dataset
from elasreg_core.identification.choices import choices_table
from elasreg_core.identification.selection import Selection
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.cohort_searches import CohortSearches, CohortSources, find_sources, read_searches
from pages._shared import loaders

#: What the scores of a cohort depend on: who, under which keys, how many.
_KEYS = {
    CohortSources: lambda sources: (tuple(sources.by_subject.items()), tuple(sources.sizes.items())),
    Checkpoint: lambda checkpoint: checkpoint.card.weights_sha256,
    Dataset: lambda dataset: (str(dataset.root), dataset.subjects),
}


def sources_of(dataset: Dataset, checkpoint: Checkpoint) -> CohortSources:
    """Under which keys the store has the cohort's scores; says whose images must be read for that."""
    place = st.empty()
    sources = find_sources(
        *(loaders.store(), dataset, checkpoint),
        on_subject=lambda subject: place.caption(f"Reading {subject}, once, to find its search …"),
    )
    place.empty()
    return sources


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=_KEYS)
def searches_of(sources: CohortSources, dataset: Dataset, checkpoint: Checkpoint, steps: int) -> CohortSearches:
    """The cohort's sweeps."""
    return read_searches(loaders.store(), sources, dataset, checkpoint, steps)


@st.cache_data(max_entries=64, show_spinner="Choosing …", hash_funcs=_KEYS)
def choices_of(
    sources: CohortSources, dataset: Dataset, checkpoint: Checkpoint, steps: int, selection: Selection
) -> pd.DataFrame:
    """What one choice chooses for every subject that it can be made for (`choices_table`)."""
    searches = searches_of(sources, dataset, checkpoint, steps)
    groups = {case.id: case.group for case in dataset.cases}
    return choices_table(searches.serving(selection), selection, groups)

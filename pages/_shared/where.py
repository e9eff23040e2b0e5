"""Where a cohort's search runs: one process, several, or the cluster that the app's owner named."""

from __future__ import annotations

import os
from importlib.util import find_spec

import streamlit as st

from elasreg_core.workspace.cluster import SCHEDULER_VARIABLE
from pages._shared import loaders

ONE, SEVERAL, CLUSTER = "one process", "several processes", "the cluster"


def choose_where() -> tuple[str, ...]:
    """What `elasreg search` is told about where; nothing is asked where there is only one place.

    (Uploaded pairs stay with their session's own process.)
    """
    if loaders.is_uploaded() or find_spec("distributed") is None:
        return ()
    address = os.environ.get(SCHEDULER_VARIABLE)
    cores = os.cpu_count() or 1
    with st.container(horizontal=True):
        where = st.segmented_control(
            "Where it runs",
            [ONE, SEVERAL, CLUSTER] if address else [ONE, SEVERAL],
            default=ONE,
            required=True,
            key="where",
            help="One process uses all cores; of several, each takes one."
            + (f" The cluster is {address}." if address else ""),
            bind="query-params",
        )
        if where == SEVERAL:
            number = st.number_input("Processes", 1, cores, cores, key="processes", bind="query-params")
            return ("--workers", str(number))
    return ("--scheduler", address) if where == CLUSTER and address else ()

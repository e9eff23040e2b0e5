"""One subject's search on a page: its cost beforehand, its start as a job, and its surfaces as they grow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.criteria import ON_DEMAND
from elasreg_core.identification.selection import Selection
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.commands import Command
from elasreg_core.workspace.searches import SubjectSearch
from pages._shared import loaders
from pages._shared.context import readable_errors
from pages._shared.job_view import POLL_S, in_words, show_job
from pages._shared.run_command import start_command
from pages._shared.surfaces import show_surfaces


def follow_or_offer(
    look_up: Callable[[], SubjectSearch], command: Command, selection: Selection, also: Sequence[str], adaptive: bool
) -> bool:
    """A running search as it goes on; otherwise what the rest of it costs, and a button that starts it.

    Args:
        look_up: the search as the store has it now.
        command: that runs what is missing of it.
        selection: by which the surfaces are shown.
        also: criteria to show beside.
        adaptive: whether the search visits only what the choice needs.

    Returns:
        Whether it is running.
    """
    job = loaders.jobs().latest(command.arguments)
    if job is not None and job.is_running:
        show_job(job)
        st.caption("The search goes on without this page: reload it, or close it and come back.")
        _grow(look_up, selection, also)
        return True
    search = look_up()
    if search.is_complete:
        return False
    if job is not None and job.state != "done":
        show_job(job)
    nodes = len(search.grid.nodes) - search.n_done
    seconds = nodes * _seconds_a_node(search, {selection.criterion, *also})
    st.markdown(
        f"{'At most ' * adaptive}{nodes} registrations of {search.pair.id} with {search.checkpoint.name}, "
        f"{'less than' if adaptive else 'about'} {in_words(seconds)} here, once a worker has started (some seconds)"
        + (f"; {search.n_done} of {len(search.grid.nodes)} nodes are known already." if search.n_done else ".")
    )
    label = "Continue the search" if search.n_done else "Search this subject"
    if st.button(label, type="primary", icon=":material/search:"):
        with readable_errors():
            start_command(command)
        st.rerun()
    return False


@st.fragment(run_every=1.5 * POLL_S)
def _grow(look_up: Callable[[], SubjectSearch], selection: Selection, also: Sequence[str]) -> None:
    with readable_errors():
        sweep = look_up().result()
        if sweep.n_visited:
            show_surfaces(sweep, selection, also, growing=True)


def _seconds_a_node(search: SubjectSearch, criteria: set[str]) -> float:
    """One registration and what is scored of it, measured here."""
    first = ParameterField.uniform(search.grid.nodes[0], search.pair.tissues.n_classes)
    registration = loaders.register(search.checkpoint, search.pair, first)
    scored = tuple(sorted(criteria & ON_DEMAND.keys()))
    return registration.seconds + _seconds_of_scoring(search.pair, registration, scored)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=loaders.CACHE_KEYS)
def _seconds_of_scoring(pair: RegistrationPair, registration: Registration, metrics: tuple[str, ...]) -> float:
    started = time.perf_counter()
    for metric in metrics:
        ON_DEMAND[metric](pair, registration.displacement)
    return time.perf_counter() - started

"""A job on a page: how far it is, how long it will take, a button to stop it, and how it ended."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from elasreg_core.workspace.jobs import Job, Jobs
from pages._shared import loaders
from pages._shared.context import readable_errors

POLL_S = 1.0
_STARTING = "Starting a worker process: it loads TensorFlow, which takes some seconds …"
_AGAIN = "Start it again: it goes on where it was."
_STATES = {
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "lost": ":material/heart_broken:",
}
_LOG_LINES = 30


def show_job(job: Job, jobs: Jobs | None = None) -> None:
    """A running job as it goes on, the page rerun at its end; of an ended one, what there is to say about it.

    Args:
        job: one of `jobs`.
        jobs: none: those of the store at hand.
    """
    jobs = jobs or loaders.jobs()
    if job.is_running:
        _follow(jobs, job.id)
    elif job.state == "failed":
        st.error(job.message, icon=_STATES["failed"])
        _show_log(jobs.log_of(job.id))
    elif job.state == "lost":
        st.warning(f"{job.message} {_AGAIN}", icon=_STATES["lost"])
        _show_log(jobs.log_of(job.id))
    elif job.state == "stopped":
        st.info(f"Stopped at {_progress(job)}; what was finished is kept. {_AGAIN}", icon=_STATES["stopped"])
    elif job.message:
        st.info(job.message, icon=":material/info:")


@st.fragment(run_every=POLL_S)
def _follow(jobs: Jobs, number: int) -> None:
    with readable_errors():
        job = jobs.get(number)
        if job is None or not job.is_running:
            st.rerun()
    text = _STARTING if job.phase == "starting" else _progress(job)
    if job.seconds_left is not None:
        text += f", about {in_words(job.seconds_left)} left"
    elif job.total:
        text += ", loading what it needs …"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(job.fraction, text, width="stretch")
        st.button(
            "Stopping …" if job.is_stopping else "Stop",
            key=f"stop-{number}",
            icon=":material/stop_circle:",
            help="What is finished is kept. It works on without this page: the tab may be closed."
            + " Press again after ten seconds to end it at once." * job.is_stopping,
            on_click=lambda: jobs.stop(job),
        )
    if job.message:
        st.caption(job.message)


def job_table(jobs: list[Job]) -> pd.DataFrame:
    """Jobs in the order given, one a row, to be shown with `JOB_COLUMNS`."""
    return pd.DataFrame(
        {
            "job": [job.kind for job in jobs],
            "about": [job.about for job in jobs],
            "state": [job.state for job in jobs],
            "progress": [1.0 if job.state == "done" else job.fraction for job in jobs],
            "at": [job.message if job.state == "failed" else _progress(job) for job in jobs],
            "started (UTC)": [job.started for job in jobs],
        }
    )


JOB_COLUMNS = {"progress": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)}


def in_words(seconds: float) -> str:
    """A duration as one says it.

    Example:
        >>> in_words(42), in_words(150), in_words(9000)
        ('42 s', '2.5 min', '2.5 h')
    """
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.2g} {unit}"
    return f"{max(1, round(seconds))} s"


def _progress(job: Job) -> str:
    phase = job.phase[:1].upper() + job.phase[1:]
    return f"{phase}: {job.done} of {job.total}" if job.total else phase


def _show_log(path: Path) -> None:
    if path.is_file():
        with st.expander("The end of its log", icon=":material/article:"):
            st.code("\n".join(path.read_text(errors="replace").splitlines()[-_LOG_LINES:]), language=None)
            st.caption(str(path))

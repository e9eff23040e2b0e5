"""Long work from a page: a button that starts an `elasreg` command as a job, its progress, and the command itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import streamlit as st

from pages._shared import loaders
from pages._shared.job_view import show_job


def offer_command(kind: str, about: str, arguments: Sequence[str], label: str) -> None:
    """A button that starts the command; while it runs, its progress instead. The command stands beside it.

    Args:
        kind: of the job: "search" or "compare".
        about: what it works on; nothing is started twice at once.
        arguments: of `elasreg`.
        label: of the button.
    """
    job = loaders.jobs().latest(kind, about)
    if job is not None:
        show_job(job)
        if job.is_running:
            return
    if st.button(label, type="primary", icon=":material/play_arrow:", key=f"start-{kind}"):
        loaders.jobs().start(kind, about, arguments)
        st.rerun()
    st.caption("It goes on when this page is closed. The same on the command line:")
    st.code(shlex.join(["elasreg", *arguments]), language="bash", wrap_lines=True)

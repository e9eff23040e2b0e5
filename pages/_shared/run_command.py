"""Long work from a page: a button that starts an `elasreg` command as a job, its progress, and the command itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import streamlit as st

from elasreg_core.workspace.commands import Command
from pages._shared import loaders
from pages._shared.context import readable_errors
from pages._shared.job_view import show_job


def offer_command(command: Command, label: str) -> None:
    """A button that starts the command; while it runs, its progress instead. The command stands beside it."""
    with readable_errors():
        job = loaders.jobs().latest(command.arguments)
    if job is not None:
        show_job(job)
        if job.is_running:
            return
    if st.button(label, type="primary", icon=":material/play_arrow:", key=f"start-{command.kind}"):
        with readable_errors():
            start_command(command)
        st.rerun()
    if loaders.is_uploaded():
        st.caption("It stays with this session, and ends with it.")
    else:
        show_command(command.arguments)


def start_command(command: Command) -> None:
    """Starts it, unless it runs already."""
    loaders.jobs().start(command.kind, command.about, command.arguments)


def show_command(arguments: Sequence[str]) -> None:
    """What the button does, for a terminal."""
    st.caption("It goes on when this page is closed. The same on the command line:")
    st.code(shlex.join(["elasreg", *arguments]), language="bash", wrap_lines=True)

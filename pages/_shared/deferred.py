"""Work that a download does only once it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

Made = TypeVar("Made")


def in_this_session(work: Callable[[], Made]) -> Callable[[], Made]:
    """The same work for `st.download_button(data=…)`, which runs it in a thread that belongs to no session.

    The caches of pairs and registrations are a session's own (`loaders`), so the work needs to know whose it is.
    """
    context = get_script_run_ctx()

    def make() -> Made:
        def as_this_session() -> None:
            add_script_run_ctx(threading.current_thread(), context)

        with ThreadPoolExecutor(max_workers=1, initializer=as_this_session) as thread:
            return thread.submit(work).result()

    return make

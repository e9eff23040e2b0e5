"""The data sets that this session may pick: the workspace's, folders chosen further down in it, and its own uploads."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.workspace.folders import open_confined
from elasreg_core.workspace.paths import data_folder
from pages._shared import loaders

_CHOSEN = "chosen-folders"
_ADDED = "just-added"


def datasets() -> dict[str, tuple[Path, str]]:
    """All data sets that this session may pick, by name → (root, layout)."""
    found = dict(loaders.datasets())
    for name in [*st.session_state.get(_CHOSEN, ()), *st.query_params.get_all("data")[:1]]:
        if name not in found and "/" in name:  # a folder further down, chosen before or named by a link
            try:
                found[name] = open_confined(data_folder(), name)
            except InputError:
                continue
            remember(name)
    return found | loaders.uploads().datasets


def remember(name: str) -> None:
    st.session_state[_CHOSEN] = list(dict.fromkeys([*st.session_state.get(_CHOSEN, ()), name]))


def make_current(name: str, subject: str, what: str) -> None:
    """Draws the page anew with a new data set at hand, and says so."""
    st.session_state[_ADDED] = name, subject, what
    st.rerun()


def pick_added() -> None:
    """Before the pickers are drawn: puts them on what was just added."""
    if added := st.session_state.pop(_ADDED, None):
        name, subject, what = added
        st.session_state["data"], st.session_state["subject"] = name, subject
        st.toast(f"{name} is ready: {what}", icon=":material/check:")

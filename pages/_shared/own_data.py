"""Data sets of one's own: those of the workspace, folders chosen below its data folder, and this session's uploads."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.workspace.folders import open_confined
from elasreg_core.workspace.paths import data_folder
from pages._shared import loaders

_CHOSEN = "chosen-folders"


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
    """Keeps a chosen folder among this session's data sets."""
    st.session_state[_CHOSEN] = list(dict.fromkeys([*st.session_state.get(_CHOSEN, ()), name]))

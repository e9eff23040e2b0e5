"""Forms that add data of one's own: a folder below the data folder, or an uploaded pair."""

from __future__ import annotations

import streamlit as st

from elasreg_core.data.foreign import MAX_FILE_BYTES
from elasreg_core.errors import InputError
from elasreg_core.workspace.folders import folders_below, open_confined
from elasreg_core.workspace.paths import data_folder, family_names, find_family
from elasreg_core.workspace.uploads import ROLES, UploadedFile
from pages._shared import loaders, own_data
from pages._shared.context import readable_errors

_TITLES = {"fixed": "Fixed image", "moving": "Moving image", "fixed_labels": "Labels of the fixed image"} | {
    "moving_labels": "Labels of the moving image"
}


def choose_folder() -> None:
    """A folder below the data folder, looked through and added to this session's data sets."""
    folders = folders_below(data_folder())
    with st.form("folder", border=False):
        name = st.selectbox(
            f"A folder below {data_folder()}",
            folders,
            index=None,
            accept_new_options=True,
            placeholder="Choose or type, such as studies/acdc",
            key="own-folder",
        )
        asked = st.form_submit_button("Look into it", icon=":material/folder_open:")
    if asked:
        with readable_errors(ends_page=False):
            root, layout = open_confined(data_folder(), (name or "").strip())
            found = loaders.dataset(str(root), layout)
            key = root.relative_to(data_folder().resolve()).as_posix()
            own_data.remember(key)
            loaders.datasets.clear()
            left_out = f", {len(found.faults)} left out" if found.faults else ""
            own_data.make_current(key, f"{layout}, {len(found.cases)} subjects{left_out}", found.subjects[0])


def upload_pair() -> None:
    """A form for one pair; what is in it is checked before it is used, and stays this session's."""
    uploads = loaders.uploads()
    number = uploads.n_pairs  # after each pair the form is a new one, and empty
    with st.form("upload", border=False):
        files = {}
        for roles in (ROLES[:2], ROLES[2:]):
            for column, role in zip(st.columns(2), roles, strict=True):
                files[role] = column.file_uploader(
                    _TITLES[role] + (" (optional)" if role.endswith("labels") else ""),
                    type=["nii", "gz"],
                    key=f"upload-{number}-{role}",
                    max_upload_size=MAX_FILE_BYTES // 2**20,
                )
        family = st.selectbox("Kind of image", family_names(), format_func=_kind, key="upload-family")
        asked = st.form_submit_button("Check and use this pair", icon=":material/upload:")
    st.caption(
        "Yours alone: kept in a temporary folder of this session, never in a link, removed when the session ends or "
        "the page is loaded anew. Without labels there is no Dice and no search, but all else works."
    )
    if asked:
        given = {role: UploadedFile(file.name, file) for role, file in files.items() if file is not None}
        with readable_errors(ends_page=False), st.spinner("Checking the files …"):
            name, subject = uploads.add(given, find_family(family))
            loaders.dataset.clear()  # the set may have had one pair less a moment ago
            own_data.make_current(name, subject, ", ".join(file.name for file in given.values()))
    if uploads.n_pairs and st.button("Remove my uploads", icon=":material/delete:"):
        uploads.close()
        st.rerun()


def _kind(name: str) -> str:
    try:
        family = find_family(name)
    except InputError:
        return name
    return f"{name}: {', '.join(next(iter(family.members.values())).tissues.names)}"

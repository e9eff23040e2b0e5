"""Folders below the data folder that a user may name: nothing outside of it can be reached."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from elasreg_core.data.datasets import LAYOUTS, detect_layout
from elasreg_core.errors import InputError

_DEPTH, _MOST = 4, 500  # of the folders that are offered


def confined(root: Path, relative: str) -> Path:
    """The folder of that name below a root.

    Args:
        root: what may not be left.
        relative: such as "studies/acdc".

    Raises:
        InputError: it leads outside, by `..`, a link or an absolute path, or there is no such folder.
    """
    path = PurePosixPath(relative.replace("\\", "/"))
    where = f"a folder below {root}, such as studies/acdc"
    if path.is_absolute() or ".." in path.parts or "\0" in relative or not path.parts:
        raise InputError("That is no folder of the data folder.", expected=where, received=relative or "nothing")
    base, found = root.resolve(), (root / path).resolve()
    if not found.is_relative_to(base) or found == base:
        raise InputError("That folder is a link that leads out of the data folder.", expected=where, received=relative)
    if not found.is_dir():
        raise InputError("There is no such folder.", expected=where, received=relative, cure="Check the name")
    return found


def open_confined(root: Path, relative: str) -> tuple[Path, str]:
    """A folder below a root and the layout that it follows.

    Raises:
        InputError: see `confined`; or it follows none.
    """
    folder = confined(root, relative)
    layout = detect_layout(folder)
    if layout is None:
        raise InputError(
            f"{relative} follows no known layout.",
            expected=" or ".join(LAYOUTS),
            received=", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "an empty folder",
            cure="The README says how each is laid out; plain pairs are <subject>/{fixed, moving}.nii.gz",
        )
    return folder, layout


def folders_below(root: Path) -> list[str]:
    """The folders that may be chosen, sorted; hidden ones, links and very deep ones are left out."""
    found: list[str] = []
    for folder, below, _ in os.walk(root):  # follows no links
        parts = Path(folder).relative_to(root).parts
        below[:] = sorted(name for name in below if not name.startswith(".")) if len(parts) < _DEPTH else []
        if parts and below:  # a data set holds folders
            found.append("/".join(parts))
        if len(found) == _MOST:
            break
    return sorted(found)

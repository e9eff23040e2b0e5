"""The workspace folder (`ELASREG_HOME`, default `./workspace`) and what is found in it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from elasreg_core.data.datasets import Dataset, detect_layout, open_dataset
from elasreg_core.data.prepared import PreparedPairs
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Family, load_family

_PACKAGE = Path(__file__).resolve().parents[1]
_CARRIED = _PACKAGE / "_project"
#: Where app.py, pages, checkpoints and .streamlit lie: in the repository, or in a folder that an installed package has.
PROJECT = _CARRIED if _CARRIED.is_dir() else _PACKAGE.parent
STORE = "elasreg.sqlite"


def home() -> Path:
    """The workspace folder; made when something is first written to it."""
    return Path(os.environ.get("ELASREG_HOME") or "workspace").resolve()


def data_folder() -> Path:
    """Where data sets lie that are named without a path."""
    return home() / "data"


def store_path() -> Path:
    """The database of searches."""
    return home() / STORE


def comparisons_folder() -> Path:
    """Where finished comparisons lie, each in a folder of its own."""
    return home() / "comparisons"


def open_data(root: Path | str, layout: str) -> Dataset:
    """A data set whose pairs, where `elasreg data prepare` has kept them, come from the workspace.

    Raises:
        InputError: see `open_dataset`.
    """
    return replace(open_dataset(root, layout), prepared=PreparedPairs(home() / "prepared"))


def checkpoint_folders() -> tuple[Path, ...]:
    """Where checkpoint families are looked for by name; the first one wins."""
    return (home() / "checkpoints", PROJECT / "checkpoints")


def family_names() -> tuple[str, ...]:
    """Names of all families that can be loaded."""
    names: dict[str, None] = {}
    for folder in checkpoint_folders():
        for path in sorted(folder.glob("[!.]*")):
            if any(path.glob("*/model.json")):
                names[path.name] = None
    return tuple(names)


def is_shipped(name: str) -> bool:
    """Whether a family's name means the one that came with the project, and not one of the workspace."""
    return not any((folder / name).is_dir() for folder in checkpoint_folders()[:-1])


def find_family(name: str | Path) -> Family:
    """A checkpoint family by name, by `family/model`, or by folder.

    Raises:
        InputError: there is none, or it is damaged.
    """
    candidates = [Path(name), *(folder / name for folder in checkpoint_folders())]
    for path in candidates:
        if path.is_dir() and (any(path.glob("*/model.json")) or (path / "model.json").is_file()):
            return load_family(path)
    raise InputError(
        f"There is no checkpoint {name}.",
        expected="a folder of checkpoints, or one of " + (", ".join(family_names()) or "the shipped ones (none found)"),
        received=name,
    )


def datasets() -> dict[str, tuple[Path, str]]:
    """Data sets by name → (root, layout): the workspace's, and the one named by `ELASREG_DATA`."""
    found = {}
    chosen = os.environ.get("ELASREG_DATA")
    if chosen:
        root = Path(chosen).resolve()
        layout = os.environ.get("ELASREG_DATA_LAYOUT") or detect_layout(root)
        if layout:
            found[root.name] = (root, layout)
    for root in sorted(data_folder().glob("[!.]*")):
        layout = detect_layout(root) if root.is_dir() else None
        if layout:
            found.setdefault(root.name, (root, layout))
    return found

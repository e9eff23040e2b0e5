"""Data set layouts on disk: one module each, found by its constant `LAYOUT`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from elasreg_core.data.datasets.dataset import Dataset, Layout
from elasreg_core.errors import InputError
from elasreg_core.modules import modules_with

_FOUND: list[Layout] = [module.LAYOUT for module in modules_with(__name__, "LAYOUT")]
LAYOUTS = {layout.name: layout for layout in sorted(_FOUND, key=lambda layout: layout.is_general)}

__all__ = ["LAYOUTS", "Dataset", "Layout", "detect_layout", "open_dataset"]


def open_dataset(root: Path | str, layout: str) -> Dataset:
    """Lists the subjects of a data set without reading any image.

    Raises:
        InputError: unknown layout, missing folder, or no subject of that layout in it.
    """
    if layout not in LAYOUTS:
        raise InputError(f"There is no data set layout {layout!r}.", expected=" or ".join(LAYOUTS), received=layout)
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"There is no folder {root}.", cure="Check the path")
    found = LAYOUTS[layout].open(root)
    truth = root / "truth"  # phantoms have one, in every layout
    if not truth.is_dir():
        return found
    return replace(found, cases=tuple(replace(case, truth=truth / case.id) for case in found.cases))


def detect_layout(root: Path) -> str | None:
    """The layout that a folder follows, or None."""
    for layout in LAYOUTS:
        try:
            open_dataset(root, layout)
        except InputError:
            continue
        return layout
    return None

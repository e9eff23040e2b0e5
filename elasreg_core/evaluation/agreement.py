"""Whether two files of results say the same: tables, JSON and images number by number, times left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pandas as pd

_LEFT_OUT = ("seconds", "provenance", "written")  # what another run cannot repeat
_COMPARED = (".csv", ".json", ".nii.gz", ".md", ".tex")


@dataclass(frozen=True)
class Agreement:
    """How one file compares with the same file made again.

    Attributes:
        file: its name.
        largest: the largest difference of two numbers, relative where they are above 1; infinite where something else
            differs.
        where: what differs most, in words; empty where nothing does.
    """

    file: str
    largest: float
    where: str = ""

    def holds(self, tolerance: float) -> bool:
        """Whether the two are equal within a tolerance."""
        return self.largest <= tolerance

    def __str__(self) -> str:
        if self.largest == 0:
            return "identical"
        return f"differs by {self.largest:.2g} at most, in {self.where}" if np.isfinite(self.largest) else self.where


def is_comparable(name: str) -> bool:
    """Whether a file is data; pictures and reports are drawn from it."""
    return name.endswith(_COMPARED)


def agreement(name: str, old: Path, new: Path) -> Agreement:
    """Compares a file with itself made again.

    Args:
        name: what it is called.
        old: where it lies.
        new: where the new one does.
    """
    if not new.is_file():
        return Agreement(name, np.inf, "it is not made any more")
    if old.read_bytes() == new.read_bytes():
        return Agreement(name, 0.0)
    if name.endswith(".nii.gz"):
        return _of_images(name, old, new)
    if name.endswith(".csv"):
        pairs = _cells(old), _cells(new)
    elif name.endswith(".json"):
        pairs = dict(_leaves(json.loads(old.read_text()))), dict(_leaves(json.loads(new.read_text())))
    else:
        return Agreement(name, np.inf, "its text differs")
    return _of_values(name, *pairs)


def _of_values(name: str, old: dict[str, Any], new: dict[str, Any]) -> Agreement:
    if old.keys() != new.keys():
        odd = sorted(old.keys() ^ new.keys())
        return Agreement(name, np.inf, f"{len(odd)} entries are in one of the two alone, such as {odd[0]}")
    worst = Agreement(name, 0.0)
    for place, value in old.items():
        difference = _difference(value, new[place])
        if difference > worst.largest:
            worst = Agreement(name, difference, place if np.isfinite(difference) else f"{place} is another")
    return worst


def _difference(old: Any, new: Any) -> float:
    """Of two numbers relative to what is above 1; of anything else 0 or infinity. Two that are undefined are equal."""
    if old == new:
        return 0.0
    try:
        a, b = float(old), float(new)
    except (TypeError, ValueError):
        return np.inf
    if np.isnan(a) and np.isnan(b):
        return 0.0
    difference = abs(a - b) / max(1.0, abs(a))
    return difference if np.isfinite(difference) else np.inf


def _cells(path: Path) -> dict[str, Any]:
    """A table's values by row and column."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:
        return {}
    kept = [name for name in table.columns if not any(word in name for word in _LEFT_OUT)]
    return {f"row {row + 1}, {name}": value for name in kept for row, value in enumerate(table[name])}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested JSON by their places."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if children is None:
        yield place, value
        return
    for key, child in children:
        if key not in _LEFT_OUT:
            yield from _leaves(child, f"{place}.{key}" if place else str(key))


def _of_images(name: str, old: Path, new: Path) -> Agreement:
    first, second = (_voxels(path) for path in (old, new))
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            return Agreement(name, np.inf, f"its shape is another, {other.shape} for {one.shape}")
    difference = max(_largest(one, other) for one, other in zip(first, second, strict=True))
    return Agreement(name, difference, "its voxels" if np.isfinite(difference) else "its voxels are not all finite")


def _voxels(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values and affine of an image of our own."""
    image = nib.load(path)
    return np.asarray(image.dataobj, dtype=np.float64), np.asarray(image.affine, dtype=np.float64)


def _largest(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if one.size == 0:
        return 0.0
    largest = float((np.abs(one - other) / np.maximum(1, np.abs(one))).max())
    return largest if np.isfinite(largest) else np.inf

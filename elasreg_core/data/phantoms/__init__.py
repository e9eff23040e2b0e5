"""Phantom cohorts, written in the layouts of the real data sets so that the real loaders read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from elasreg_core.data.phantoms.cardiac import write_cardiac_cohort

PHANTOMS: dict[str, Callable[[Path, int, int], Iterator[str]]] = {"cardiac": write_cardiac_cohort}
PHANTOM_LAYOUT = {"cardiac": "acdc"}

__all__ = ["PHANTOMS", "PHANTOM_LAYOUT", "write_cardiac_cohort"]

"""The demo cohorts: phantoms that the shipped checkpoints have never seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from elasreg_core.atomic import new_folder
from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.workspace.paths import data_folder

COHORTS = {  # the training cohorts' seed is 1
    "cardiac-phantom": Cohort("cardiac", subjects=8, seed=2024),
    "thorax-phantom": Cohort("thorax", subjects=6, seed=2024, plane="mixed"),
}

_MAKING = threading.Lock()


def demo_cohort(name: str = "cardiac-phantom") -> Path:
    """A demo cohort's folder, made on first use (5 s); a second caller waits for the first."""
    with _MAKING:
        return ensure_phantom(COHORTS[name], data_folder() / name)


def make_demo() -> None:
    """Makes all demo cohorts, the one that pages open with first."""
    for name in COHORTS:
        demo_cohort(name)


def ensure_phantom(cohort: Cohort, root: Path, on_subject: Callable[[str], None] = lambda _: None) -> Path:
    """A phantom cohort at `root`, made where it is missing; it appears whole or not at all."""
    if not root.exists():
        with new_folder(root) as partial:
            for name in write_cohort(partial, cohort):
                on_subject(name)
    return root

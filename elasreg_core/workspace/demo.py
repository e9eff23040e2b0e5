"""The demo cohort: phantoms that the shipped checkpoints have never seen."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.workspace.paths import data_folder

NAME = "cardiac-phantom"
COHORT = Cohort("cardiac", subjects=8, seed=2024)  # the training cohorts' seed is 1

_MAKING = threading.Lock()


def demo_cohort() -> Path:
    """The demo's data folder, made on first use (5 s); a second caller waits for the first."""
    with _MAKING:
        return ensure_phantom(COHORT, data_folder() / NAME)


def ensure_phantom(cohort: Cohort, root: Path, on_subject: Callable[[str], None] = lambda _: None) -> Path:
    """A phantom cohort at `root`, made where it is missing; it appears whole or not at all."""
    if not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}.") as folder:
            partial = Path(folder) / root.name
            for name in write_cohort(partial, cohort):
                on_subject(name)
            with contextlib.suppress(OSError):  # another process was faster; its cohort is the same
                partial.rename(root)
    return root

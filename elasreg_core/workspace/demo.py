"""The demo cohort: phantoms that the shipped checkpoints have never seen."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from elasreg_core.data.phantoms import PHANTOMS
from elasreg_core.workspace.paths import data_folder

NAME = "cardiac-phantom"
SUBJECTS = 8
SEED = 2024  # the training cohort's is 1


_MAKING = threading.Lock()


def demo_cohort() -> Path:
    """The demo's data folder, made on first use (2 s); a second caller waits for the first."""
    with _MAKING:
        return ensure_phantom("cardiac", data_folder() / NAME, SUBJECTS, SEED)


def ensure_phantom(
    kind: str, root: Path, subjects: int, seed: int, on_subject: Callable[[str], None] = lambda _: None
) -> Path:
    """A phantom cohort at `root`, made where it is missing; it appears whole or not at all."""
    if not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}.") as folder:
            partial = Path(folder) / root.name
            for name in PHANTOMS[kind](partial, subjects, seed):
                on_subject(name)
            with contextlib.suppress(OSError):  # another process was faster; its cohort is the same
                partial.rename(root)
    return root

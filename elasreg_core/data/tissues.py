"""The tissue table of a data set: which label is which tissue, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError


@dataclass(frozen=True)
class TissueTable:
    """Tissue names in label order: `names[0]` is label 1; label 0 is the background."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names) or not all(self.names) or not 0 < len(self.names) < 256:
            raise InputError(
                "The tissues are not told apart by their names.",
                expected="1 to 255 names, each once",
                received=", ".join(self.names[:8]) or "none",
            )

    @property
    def n_classes(self) -> int:
        """Number of label classes C, the background included."""
        return len(self.names) + 1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Pairs of (label, name), background left out."""
        return iter(enumerate(self.names, start=1))

    def require_known(self, labels: npt.NDArray[np.integer], where: str) -> None:
        """Raises InputError if `labels` holds a value that is not in the table."""
        unknown = np.setdiff1d(labels, np.arange(self.n_classes))
        if unknown.size:
            table = ", ".join(f"{label} {name}" for label, name in self)
            raise InputError(
                f"{where} holds labels that the tissue table does not know.",
                expected=f"0 background, {table}",
                received=", ".join(str(value) for value in unknown[:8]),
                cure="Merge or renumber the labels, or use a checkpoint for these tissues",
            )


CARDIAC = TissueTable(("RV", "LV-Myo", "LV-BP"))
THORAX = TissueTable(("lung", "bone", "liver"))

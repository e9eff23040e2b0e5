"""What every layout becomes: named subjects that load on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.datasets.splits import split_of
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.prepared import PreparedPairs
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError


@dataclass(frozen=True)
class Dataset:
    """The subjects found in a folder.

    Attributes:
        layout: the layout's name.
        root: the folder.
        cases: one per subject, sorted by id.
        tissues: the label table; None where the layout does not fix it (plain pairs without `tissues.json`).
        faults: subjects that are incomplete, one sentence each.
        prepared: where preprocessed pairs are kept, if anywhere.
    """

    layout: str
    root: Path
    cases: tuple[Case, ...]
    tissues: TissueTable | None
    faults: tuple[str, ...] = ()
    prepared: PreparedPairs | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subject ids, sorted."""
        return tuple(case.id for case in self.cases)

    def case(self, subject: str) -> Case:
        """The files of one subject.

        Raises:
            InputError: no such subject.
        """
        for case in self.cases:
            if case.id == subject:
                return case
        raise InputError(
            f"There is no subject {subject!r} in {self.root}.",
            expected="one of " + ", ".join(self.subjects[:8]) + (", …" if len(self.subjects) > 8 else ""),
            received=subject,
        )

    def part(self, split: str | None) -> Dataset:
        """The subjects of one split ("train", "validation" or "test"); None: all.

        Raises:
            InputError: this layout has no splits, or none of the split's subjects is here.
        """
        if split is None:
            return self
        cases = tuple(case for case in self.cases if case.id in split_of(self.layout)[split])
        if not cases:
            raise InputError(
                f"{self.root} holds no subject of the {split} split.",
                expected=f"those listed in data/datasets/splits/{self.layout}.json",
                received=", ".join(self.subjects[:8]) + (", …" if len(self.subjects) > 8 else ""),
                cure="Leave out the split, or point at the whole data set",
            )
        return replace(self, cases=cases)

    def unplaced(self, sentence: str) -> str:
        """A sentence for others to read: files by their names within the data set, not by where that lies."""
        for root in {str(self.root.resolve()), str(self.root)} - {"."}:
            sentence = sentence.replace(f"{root}/", "")
        return sentence

    def without_truth(self) -> Dataset:
        """The same subjects without the truth that phantoms have, which training does not use and which takes time."""
        return replace(self, cases=tuple(replace(case, truth=None) for case in self.cases))

    def load(self, subject: str, settings: Preprocessing, tissues: TissueTable | None = None) -> RegistrationPair:
        """Loads one subject; `tissues` stands in where the layout does not say which label is what.

        Raises:
            InputError: see `load_case`; or nobody knows the tissues.
        """
        load = load_case if self.prepared is None else self.prepared.load
        known = self._tissues(tissues)
        pair = load(self.case(subject), settings, known)
        if self.tissues is not None:
            return pair
        names = ", ".join(f"{label} {name}" for label, name in known)
        note = f"Nothing here says which label is which tissue; taken from the checkpoint: {names}. Write tissues.json."
        return replace(pair, notes=(*pair.notes, note))

    def prepare(self, subject: str, settings: Preprocessing, tissues: TissueTable | None = None) -> bool:
        """Keeps one subject's pair for later loads; returns whether that was still to be done.

        Raises:
            InputError: as `load`.
        """
        if self.prepared is None:
            raise ValueError(f"{self.root} was opened without a place to keep pairs.")
        return self.prepared.prepare(self.case(subject), settings, self._tissues(tissues))

    def _tissues(self, otherwise: TissueTable | None) -> TissueTable:
        known = self.tissues or otherwise
        if known is None:
            raise InputError(
                f"Nobody knows the tissues of {self.root}.",
                expected='a file tissues.json such as ["lung", "bone", "liver"], in label order',
                cure="Write it beside the subjects",
            )
        return known


@dataclass(frozen=True)
class Layout:
    """How one data set lies on disk: the constant `LAYOUT` of every module in this folder that reads one.

    Attributes:
        name: as `--dataset` takes it.
        open: lists the subjects under a folder without reading any image; raises InputError where there are none.
        tissues: the label table that all data of this layout share; None where each data set says its own.
        is_general: fits many folders, and is therefore tried last where a layout is to be recognised.
    """

    name: str
    open: Callable[[Path], Dataset]
    tissues: TissueTable | None = None
    is_general: bool = False

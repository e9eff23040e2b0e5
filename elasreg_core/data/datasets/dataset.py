"""What every layout becomes: named subjects that load on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.pair import RegistrationPair
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
    """

    layout: str
    root: Path
    cases: tuple[Case, ...]
    tissues: TissueTable | None
    faults: tuple[str, ...] = ()

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

    def without_truth(self) -> Dataset:
        """The same subjects without the truth that phantoms have, which training does not use and which takes time."""
        return replace(self, cases=tuple(replace(case, truth=None) for case in self.cases))

    def load(self, subject: str, settings: Preprocessing, tissues: TissueTable | None = None) -> RegistrationPair:
        """Loads one subject; `tissues` stands in where the layout does not say which label is what.

        Raises:
            InputError: see `load_case`; or nobody knows the tissues.
        """
        if self.tissues is not None:
            return load_case(self.case(subject), settings, self.tissues)
        if tissues is None:
            raise InputError(
                f"Nobody knows the tissues of {self.root}.",
                expected='a file tissues.json such as ["lung", "bone", "liver"], in label order',
                cure="Write it beside the subjects",
            )
        pair = load_case(self.case(subject), settings, tissues)
        names = ", ".join(f"{label} {name}" for label, name in tissues)
        note = f"Nothing here says which label is which tissue; taken from the checkpoint: {names}. Write tissues.json."
        return replace(pair, notes=(*pair.notes, note))

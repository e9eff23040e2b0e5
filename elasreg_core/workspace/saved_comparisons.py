"""Finished comparisons, read from the files that `elasreg compare` wrote; nothing is computed again.

comparisons/<name>/              of one family
comparisons/<name>/<family>/     of several, and families.csv beside them
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from elasreg_core import provenance
from elasreg_core.atomic import write_atomic
from elasreg_core.errors import InputError
from elasreg_core.evaluation.table_one import TableOne
from elasreg_core.tables import from_table, read_json

ABOUT = "comparison.json"
FORMAT = 1


@dataclass(frozen=True)
class About:
    """The content of `comparison.json`, which is written last: a folder without it is no finished comparison.

    Attributes:
        family: of checkpoints.
        data, layout: name of the data set's folder, and its layout.
        tissues: in label order.
        subjects: how many.
        models: titles of the table's rows but the first.
        caption: what the numbers are.
        faults: why some subject or choice is missing, one sentence each.
        written: when, UTC.
        format: version of this file format.
    """

    family: str
    data: str
    layout: str
    tissues: tuple[str, ...]
    subjects: int
    models: tuple[str, ...]
    caption: str
    faults: tuple[str, ...]
    written: str
    format: int = FORMAT


@dataclass(frozen=True)
class SavedComparison:
    """One family's comparison; its tables are read when they are asked for.

    Attributes:
        folder: with the files.
        about: what it is.
    """

    folder: Path
    about: About

    @cached_property
    def table(self) -> TableOne:
        """Table 1."""
        return TableOne.from_numbers(self._table("table.csv"))

    @cached_property
    def rows(self) -> pd.DataFrame:
        """A row per subject and model (`comparison.score_row`)."""
        return self._table("per_subject.csv")

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Paired tests of every column (`statistics.all_comparisons`)."""
        return self._table("tests.csv")

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Alignment against regularity, the cohort's means (`alignment_regularity.curves`)."""
        return self._table("curves.csv")

    @cached_property
    def subject_curves(self) -> pd.DataFrame:
        """The same, subject by subject (`alignment_regularity.curve_rows`)."""
        return self._table("curves_per_subject.csv")

    @cached_property
    def equal(self) -> pd.DataFrame:
        """Models at equal regularity (`alignment_regularity.at_equal_regularity`)."""
        return self._table("equal_regularity.csv")

    @cached_property
    def certain(self) -> pd.DataFrame:
        """How sure the choices are (`table_one.certainty_table`), text."""
        return self._table("certainty_table.csv", text=True)

    @cached_property
    def published(self) -> pd.DataFrame:
        """The paper's own rows for the same data, text; empty for other data."""
        return self._table("paper.csv", text=True) if (self.folder / "paper.csv").is_file() else pd.DataFrame()

    def read(self, name: str) -> bytes:
        """One of its files, as it is.

        Raises:
            InputError: it is not there.
        """
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise self._damaged(name, str(error.strerror)) from error

    def _table(self, name: str, text: bool = False) -> pd.DataFrame:
        path = self.folder / name
        kinds = str if text else {"subject": str}
        try:
            return pd.read_csv(path, dtype=kinds, keep_default_na=not text)
        except pd.errors.EmptyDataError:
            return pd.DataFrame()  # a table without rows
        except (OSError, ValueError) as error:
            raise self._damaged(name, str(error)) from error

    def _damaged(self, name: str, why: str) -> InputError:
        return InputError(
            f"The comparison {self.folder.name} cannot be shown.",
            expected=f"a file {name} as `elasreg compare` writes it",
            received=why,
            cure="Compare again into the same folder; the searches are kept",
        )


def write_about(folder: Path, about: About) -> None:
    """Completes a comparison's folder."""
    write_atomic(folder / ABOUT, json.dumps(asdict(about), indent=2, ensure_ascii=False) + "\n")


def saved_comparisons(root: Path) -> list[str]:
    """The names of all finished comparisons under a folder, newest first: "name", or "name/family"."""
    found = [path for pattern in (f"*/{ABOUT}", f"*/*/{ABOUT}") for path in root.glob(pattern)]
    newest_first = sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path))
    return [path.parent.relative_to(root).as_posix() for path in newest_first]


def open_comparison(root: Path, name: str) -> SavedComparison:
    """A finished comparison by its name.

    Raises:
        InputError: there is none, or its `comparison.json` is damaged.
    """
    path = root / name / ABOUT
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path} is no comparison.", expected="what `elasreg compare` wrote", received=content)
    about = from_table(About, content, str(path))
    if about.format != FORMAT:
        raise InputError(
            f"{path} has another format.",
            expected=f"format {FORMAT}",
            received=f"format {about.format}",
            cure="Compare again into the same folder",
        )
    return SavedComparison(path.parent, about)


def forget_comparison(root: Path) -> None:
    """Before a folder is written anew: nothing in it counts any more, and what only some comparisons have goes."""
    for folder in (root, *(path.parent for path in root.glob(f"*/{ABOUT}"))):
        (folder / ABOUT).unlink(missing_ok=True)
        for name in ("paper.csv", "certainty.csv"):
            (folder / name).unlink(missing_ok=True)
        for path in folder.glob("parameters-*.json"):
            path.unlink()
    for name in ("families.csv", provenance.NAME):
        (root / name).unlink(missing_ok=True)


def between_families(root: Path, name: str) -> pd.DataFrame:
    """What a comparison of several families found about the same models (`statistics.between_families`), or nothing."""
    path = root / name.split("/")[0] / "families.csv"
    return pd.read_csv(path) if "/" in name and path.is_file() else pd.DataFrame()

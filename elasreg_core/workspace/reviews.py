"""Verdicts in SQLite: every one is kept with its time; a reader's last on a registration counts."""

from __future__ import annotations

from dataclasses import astuple, fields
from pathlib import Path

from elasreg_core.evaluation.review import Review
from elasreg_core.workspace.database import Database

PATIENCE_S = 5  # somebody is waiting for the answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reviews (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reviewer TEXT NOT NULL, dataset TEXT NOT NULL, subject TEXT NOT NULL, registration TEXT NOT NULL,
    verdict TEXT NOT NULL, note TEXT NOT NULL, checkpoint TEXT NOT NULL, parameters TEXT NOT NULL,
    blinded INTEGER NOT NULL, given TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS reviews_of_dataset ON reviews (dataset, subject);
"""
_COLUMNS = ", ".join(field.name for field in fields(Review))
_GIVEN = ", ".join(field.name for field in fields(Review) if field.name != "given")


class Reviews:
    """The verdicts in one workspace's database. Opening is cheap; every call is its own transaction."""

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        self._database = Database(path, _SCHEMA, patience_s)

    def add(self, review: Review) -> None:
        """Keeps a verdict, under the time of the database; earlier ones stay.

        Raises:
            InputError: the database cannot be written to.
        """
        *values, _ = astuple(review)
        marks = ", ".join("?" * len(values))
        with self._database.connection() as connection:
            connection.execute(f"INSERT INTO reviews ({_GIVEN}) VALUES ({marks})", values)  # noqa: S608 (own names)

    def of(self, dataset: str) -> tuple[Review, ...]:
        """All verdicts on a data set, oldest first.

        Raises:
            InputError: the database cannot be read.
        """
        query = f"SELECT {_COLUMNS} FROM reviews WHERE dataset = ? ORDER BY number"  # noqa: S608
        with self._database.connection() as connection:
            rows = connection.execute(query, (dataset,)).fetchall()
        names = [field.name for field in fields(Review)]
        return tuple(
            Review(**dict(zip(names, row, strict=True)) | {"blinded": bool(row[names.index("blinded")])})
            for row in rows
        )

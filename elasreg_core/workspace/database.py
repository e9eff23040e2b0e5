"""The workspace's SQLite file: many readers, one writer at a time, safe against kill -9.

Whoever keeps something there brings its own tables (`store`: node scores; `reviews`: verdicts).
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elasreg_core.errors import InputError, unwritable

_CANNOT = "The workspace's database {path} cannot be used."
_SPACE_BYTES = 2**16  # what SQLite needs beside the database, at least


class Database:
    """One file, one set of tables. Opening is cheap; every connection is its own transaction."""

    def __init__(self, path: Path, schema: str, patience_s: float = 30) -> None:
        """Makes the file and the tables where they are missing.

        Args:
            path: of the file.
            schema: statements that change nothing the second time.
            patience_s: how long another writer is waited for.

        Raises:
            InputError: it is damaged, locked for longer, or no database; the disk is full or read-only.
        """
        self.path, self._patience_s = Path(path), patience_s
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                _CANNOT.format(path=self.path), expected="a folder that can be written to", received=error.strerror
            ) from error
        with self.connection() as connection:
            connection.executescript(schema)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection; what is done with it is kept wholly or not at all.

        Raises:
            InputError: the file is damaged or locked, or the disk is full or read-only.
        """
        try:
            connection = sqlite3.connect(self.path, timeout=self._patience_s)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error
        finally:
            connection.close()

    def _unusable(self, error: sqlite3.DatabaseError) -> InputError:
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without what extends it
        is_full = primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and self._is_disk_full())
        if is_full:
            return unwritable(self.path, OSError(errno.ENOSPC, str(error)))
        if primary == sqlite3.SQLITE_READONLY or not os.access(self.path.parent, os.W_OK):
            return unwritable(self.path, OSError(errno.EROFS, str(error)))
        locked = primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        return InputError(
            _CANNOT.format(path=self.path),
            expected="a database that elasreg wrote, not locked for long",
            received=str(error),
            cure="Try again when the other program has finished writing"
            if locked
            else "Move the file away, but keep it (searches can be computed again, reviews cannot), "
            "or choose another ELASREG_HOME",
        )

    def _is_disk_full(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < _SPACE_BYTES

"""The workspace's SQLite file: many readers beside a writer, safe against kill -9; every block is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elasreg_core.errors import InputError


@contextmanager
def connected(path: Path, content: str) -> Iterator[sqlite3.Connection]:
    """A connection to the database, committed at the end of the block, or rolled back if it raises.

    Args:
        path: of the file; made where it is missing.
        content: what the caller keeps in it, for the message: "searches".

    Raises:
        InputError: the file cannot be used.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"The store of {content} {path} cannot be used.",
            expected="a database that elasreg wrote, on a disk with space, not locked for long",
            received=str(error),
            cure="Move the file away (searches can be computed again), or choose another ELASREG_HOME",
        ) from error
    finally:
        connection.close()

"""The workspace's file: whole transactions, and readable sentences where it cannot be used."""

from __future__ import annotations

import sqlite3

import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT NOT NULL);"


def names(database: Database) -> list[str]:
    with database.connection() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM things ORDER BY rowid")]


def test_what_fails_halfway_leaves_nothing(tmp_path):
    database = Database(tmp_path / "deep" / "w.sqlite", SCHEMA)
    with database.connection() as connection:
        connection.execute("INSERT INTO things VALUES ('a')")

    def fail() -> None:
        with database.connection() as connection:
            connection.execute("INSERT INTO things VALUES ('b')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(Database(database.path, SCHEMA)) == ["a"]


def test_a_locked_file_says_to_try_again_and_can_be_read_meanwhile(tmp_path):
    database = Database(tmp_path / "w.sqlite", SCHEMA, patience_s=0.05)
    writer = sqlite3.connect(database.path, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(InputError, match=r"w.sqlite cannot be used.*database is locked.*Cure: Try again when"),
            database.connection() as connection,
        ):
            connection.execute("INSERT INTO things VALUES ('a')")
        assert names(Database(database.path, SCHEMA, patience_s=0.05)) == []  # opening and reading wait for nobody
    finally:
        writer.close()
    with database.connection() as connection:
        connection.execute("INSERT INTO things VALUES ('b')")
    assert names(database) == ["b"]


def test_a_damaged_file_is_to_be_moved_but_kept(tmp_path):
    path = tmp_path / "w.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(InputError, match=r"not a database.*Cure: Move the file away, but keep it .*reviews cannot"):
        Database(path, SCHEMA)


def test_a_folder_in_its_place_and_a_file_in_its_folders_place(tmp_path):
    (tmp_path / "w.sqlite").mkdir()
    with pytest.raises(InputError, match="unable to open database file"):
        Database(tmp_path / "w.sqlite", SCHEMA)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a folder that can be written to"):
        Database(tmp_path / "file" / "w.sqlite", SCHEMA)

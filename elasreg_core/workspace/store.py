"""Node scores in SQLite, as they come: many readers, safe against kill -9, resumable.

A node's scores depend on the weights, the preprocessed pair and the scoring code, and are stored under just that. So
two searches that share nodes share their results, whatever the grid, the folder or the name of the subject.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import Node
from elasreg_core.identification.sweep import NodeScores
from elasreg_core.networks.checkpoint import Checkpoint

SCORING_VERSION = 3  # raise when a change of code changes scores

_SCHEMA = """
CREATE TABLE IF NOT EXISTS searches (
    source TEXT PRIMARY KEY, subject TEXT NOT NULL, checkpoint TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS node_scores (
    source TEXT NOT NULL, lambda REAL NOT NULL, mu REAL NOT NULL, label INTEGER NOT NULL,
    dice REAL, hd95_mm REAL, neg_jacobian_percent REAL, sd_log_jacobian REAL, has_hd95 INTEGER NOT NULL, tre_mm REAL,
    PRIMARY KEY (source, lambda, mu, label)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class SearchSummary:
    """One row of the list of searches."""

    subject: str
    checkpoint: str
    started: str
    nodes: int


def source_key(checkpoint: Checkpoint, pair: RegistrationPair) -> str:
    """What node scores depend on beside the node: weights, pair, scoring code."""
    return hashlib.sha256(f"{SCORING_VERSION}:{checkpoint.card.weights_sha256}:{pair.digest}".encode()).hexdigest()


class Store:
    """The database of one workspace. Opening is cheap; every call is its own transaction."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            connection.executescript(_SCHEMA)
            columns = {row[1] for row in connection.execute("PRAGMA table_info(node_scores)")}
            if "tre_mm" not in columns:  # a store from before landmarks were scored
                connection.execute("ALTER TABLE node_scores ADD COLUMN tre_mm REAL")

    def begin(self, source: str, subject: str, checkpoint: str) -> None:
        """Notes that a search exists; a second time changes nothing."""
        with self._connection() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO searches (source, subject, checkpoint) VALUES (?, ?, ?)",
                (source, subject, checkpoint),
            )

    def add(self, source: str, scores: NodeScores, with_hd95: bool) -> None:
        """Keeps one node's scores, all tissues in one transaction."""
        whole = (scores.neg_jacobian_percent, scores.sd_log_jacobian, int(with_hd95), scores.tre_mm)
        rows = [
            (source, scores.lam, scores.mu, label, dice, hd95, *whole)  # SQLite stores NaN as NULL
            for label, (dice, hd95) in enumerate(zip(scores.dice, scores.hd95_mm, strict=True), start=1)
        ]
        with self._connection() as connection:
            connection.executemany("INSERT OR REPLACE INTO node_scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def nodes(self, source: str, with_hd95: bool = False) -> dict[Node, NodeScores]:
        """All nodes known for a source; with `with_hd95`, only those scored with it."""
        query = """
            SELECT lambda, mu, dice, hd95_mm, neg_jacobian_percent, sd_log_jacobian, tre_mm FROM node_scores
            WHERE source = ? AND has_hd95 >= ? ORDER BY lambda, mu, label
        """
        found: dict[Node, list[tuple[float, ...]]] = {}
        with self._connection() as connection:
            for lam, mu, *values in connection.execute(query, (source, int(with_hd95))):
                found.setdefault((lam, mu), []).append(tuple(float("nan") if v is None else v for v in values))
        return {
            (lam, mu): NodeScores(lam, mu, tuple(row[0] for row in rows), tuple(row[1] for row in rows), *rows[0][2:])
            for (lam, mu), rows in found.items()
        }

    def searches(self) -> list[SearchSummary]:
        """All searches, newest first."""
        query = """
            SELECT subject, checkpoint, started,
                (SELECT COUNT(*) FROM node_scores n WHERE n.source = s.source AND label = 1)
            FROM searches s ORDER BY started DESC, subject
        """
        with self._connection() as connection:
            return [SearchSummary(*row) for row in connection.execute(query)]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"The store of searches {self.path} cannot be used.",
                expected="a database that elasreg wrote, on a disk with space, not locked for long",
                received=str(error),
                cure="Move the file away (searches can be computed again), or choose another ELASREG_HOME",
            ) from error
        finally:
            connection.close()

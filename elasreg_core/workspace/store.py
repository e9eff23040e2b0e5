"""Node scores in SQLite, as they come: many readers, safe against kill -9, resumable.

A node's scores depend on the weights, the preprocessed pair and the scoring code, and are stored under just that. So
two searches that share nodes share their results, whatever the grid, the folder or the name of the subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.sweep import NodeScores
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import Node
from elasreg_core.workspace.database import Database

SCORING_VERSION = 4  # raise when a change of code changes scores

_SCHEMA = """
CREATE TABLE IF NOT EXISTS searches (
    source TEXT PRIMARY KEY, subject TEXT NOT NULL, checkpoint TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
DROP TABLE IF EXISTS node_scores; -- of scoring versions before 4, which nothing asks for any more
CREATE TABLE IF NOT EXISTS scores (
    source TEXT NOT NULL, node TEXT NOT NULL, metric TEXT NOT NULL, label INTEGER NOT NULL, value REAL,
    PRIMARY KEY (source, node, metric, label)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pairs (fingerprint TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
"""
_WHOLE = 0  # the label of what concerns the whole deformation


@dataclass(frozen=True)
class SearchSummary:
    """One row of the list of searches."""

    subject: str
    checkpoint: str
    started: str
    nodes: int
    source: str = ""


def source_key(checkpoint: Checkpoint, pair: RegistrationPair) -> str:
    """What node scores depend on beside the node: weights, pair, scoring code."""
    return source_of(checkpoint, pair.digest)


def source_of(checkpoint: Checkpoint, pair_digest: str) -> str:
    """`source_key`, of a pair that is not loaded."""
    return hashlib.sha256(f"{SCORING_VERSION}:{checkpoint.card.weights_sha256}:{pair_digest}".encode()).hexdigest()


class Store:
    """Node scores in one workspace's database. Opening is cheap; every call is its own transaction."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA)
        self.path = self._database.path

    def begin(self, source: str, subject: str, checkpoint: str) -> None:
        """Notes that a search exists; a second time changes nothing."""
        with self._database.connection() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO searches (source, subject, checkpoint) VALUES (?, ?, ?)",
                (source, subject, checkpoint),
            )

    def add(self, source: str, *scored: NodeScores) -> None:
        """Keeps the scores of nodes, all in one transaction; other metrics of the nodes stay."""
        rows = [row for scores in scored for row in _rows(source, scores)]
        with self._database.connection() as connection:
            connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?)", rows)

    def nodes(self, source: str, metrics: Collection[str] = ()) -> dict[Node, NodeScores]:
        """All nodes known for a source, of which Dice and all of `metrics` have been scored."""
        query = "SELECT node, metric, label, value FROM scores WHERE source = ? ORDER BY node, metric, label"
        per_tissue: dict[Node, dict[str, tuple[float, ...]]] = {}
        whole: dict[Node, dict[str, float]] = {}
        with self._database.connection() as connection:
            for text, metric, label, stored in connection.execute(query, (source,)):
                node = tuple(map(float, text.split()))
                value = float("nan") if stored is None else stored
                if label == _WHOLE:
                    whole.setdefault(node, {})[metric] = value
                else:
                    of_node = per_tissue.setdefault(node, {})
                    of_node[metric] = (*of_node.get(metric, ()), value)
        wanted = {"dice", *metrics}
        return {
            node: NodeScores(node, scores, whole[node])
            for node, scores in per_tissue.items()
            if wanted <= scores.keys()
        }

    def searches(self) -> list[SearchSummary]:
        """All searches that have scored a node, newest first."""
        query = """
            SELECT subject, checkpoint, started, COUNT(*), source FROM searches JOIN scores USING (source)
            WHERE metric = 'dice' AND label = 1 GROUP BY source ORDER BY started DESC, subject
        """
        with self._database.connection() as connection:
            return [SearchSummary(*row) for row in connection.execute(query)]

    def sizes(self) -> dict[str, int]:
        """How many scores every source has: what was read from a source holds as long as its number stays."""
        with self._database.connection() as connection:
            return dict(connection.execute("SELECT source, COUNT(*) FROM scores GROUP BY source"))

    def digests(self) -> dict[str, str]:
        """The digests of pairs by the fingerprint of their files (`data.prepared`), as far as they are remembered."""
        with self._database.connection() as connection:
            return dict(connection.execute("SELECT fingerprint, digest FROM pairs"))

    def remember(self, fingerprint: str, digest: str) -> None:
        """Keeps a pair's digest, so that its scores are found without reading its images."""
        with self._database.connection() as connection:
            connection.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?)", (fingerprint, digest))


def _rows(source: str, scores: NodeScores) -> list[tuple[object, ...]]:
    """One per value; SQLite stores NaN as NULL."""
    node = " ".join(map(repr, scores.node))
    values = [(metric, _WHOLE, value) for metric, value in scores.whole.items()]
    for metric, of_tissues in scores.per_tissue.items():
        values += [(metric, label, value) for label, value in enumerate(of_tissues, start=1)]
    return [(source, node, *value) for value in values]

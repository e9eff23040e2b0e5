"""The database of node scores."""

from __future__ import annotations

import math
import sqlite3

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace.store import Store, source_key, source_of
from tests.builders import make_checkpoint, make_pair, node_scores

NAN = float("nan")


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "deep" / "elasreg.sqlite")


@pytest.mark.parametrize("node", [(0.1, 0.7), (0.1,)])
def test_scores_come_back_as_they_went_in(store, node):
    scores = node_scores(node, (0.8123456789012345, 0.25), (3.5, 4.5), 0.125, 0.3, 1.75, ncc=(0.1, 0.2))
    store.add("k", scores)
    assert Store(store.path).nodes("k") == {node: scores}


def test_undefined_values_stay_undefined(store):
    store.add("k", node_scores((0.1, 0.7), (0.5, NAN), (NAN, NAN), 100.0, NAN))
    (node,) = store.nodes("k").values()
    assert node.by_tissue("dice")[0] == 0.5
    undefined = [node.by_tissue("dice")[1], *node.by_tissue("hd95_mm")]
    undefined += [node.whole["sd_log_jacobian"], node.whole["tre_mm"]]
    assert all(map(math.isnan, undefined))


def test_tissues_keep_their_order(store):
    dice = tuple(map(float, np.linspace(0, 1, 12)))  # labels 10, 11, 12 sort behind 9
    store.add("k", node_scores((0.1, 0.7), dice))
    assert store.nodes("k")[0.1, 0.7].by_tissue("dice") == dice


def test_sources_do_not_mix(store):
    store.add("a", node_scores((0.1, 0.7), (0.5,)))
    assert store.nodes("b") == {}


def test_a_node_without_a_metric_does_not_answer_for_one_with(store):
    store.add("k", node_scores((0.1, 0.7), (0.5,)))
    store.add("k", node_scores((0.2, 0.7), (0.5,), (3.0,)))
    store.add("k", node_scores((0.3, 0.7), (NAN,), (NAN,)))  # undefined, but computed
    store.add("k", node_scores((0.4, 0.7), (0.5,), (3.0,), ncc=(0.9,)))
    assert set(store.nodes("k", ("hd95_mm",))) == {(0.2, 0.7), (0.3, 0.7), (0.4, 0.7)}
    assert set(store.nodes("k", ("ncc", "hd95_mm"))) == {(0.4, 0.7)}
    assert set(store.nodes("k")) == {(0.1, 0.7), (0.2, 0.7), (0.3, 0.7), (0.4, 0.7)}


def test_a_node_scored_again_is_replaced_and_what_was_not_scored_again_stays(store):
    store.add("k", node_scores((0.1, 0.7), (0.5,), ncc=(0.9,)))
    store.add("k", node_scores((0.1, 0.7), (0.6,), (3.0,)))
    found = store.nodes("k")[0.1, 0.7]
    assert found.per_tissue == {"dice": (0.6,), "hd95_mm": (3.0,), "ncc": (0.9,)}


def test_searches_are_listed_with_their_progress_as_soon_as_they_have_any(store):
    store.begin("a", "patient001", "cardiac/elas-g")
    store.begin("b", "patient002", "cardiac/elas-g")
    store.begin("c", "patient001", "cardiac/diff-g")
    store.begin("a", "patient001", "cardiac/elas-g")  # resumed
    for lam in (0.1, 0.2):
        store.add("a", node_scores((lam, 0.7), (0.5, NAN), (3.0, NAN)))
    store.add("c", node_scores((0.3,), (NAN, NAN)))
    found = sorted((s.subject, s.checkpoint, s.nodes) for s in store.searches())
    assert found == [("patient001", "cardiac/diff-g", 1), ("patient001", "cardiac/elas-g", 2)]


def test_a_sources_size_grows_with_every_score(store):
    assert store.sizes() == {}
    store.add("k", node_scores((0.1, 0.7), (0.5, 0.6)))
    assert store.sizes() == {"k": 5}  # Dice of two tissues; TRE, folding and SDlogJ
    store.add("k", node_scores((0.1, 0.7), (0.5, 0.6), ncc=(0.1, 0.2)))
    store.add("l", node_scores((0.1, 0.7), (0.5,)))
    assert store.sizes() == {"k": 7, "l": 4}


def test_digests_are_remembered_by_fingerprint(store):
    store.remember("f", "d")
    store.remember("g", "e")
    store.remember("f", "d2")
    assert Store(store.path).digests() == {"f": "d2", "g": "e"}


def test_one_writes_while_another_reads(store):
    store.add("k", node_scores((0.1, 0.7), (0.5,)))
    reader = sqlite3.connect(store.path, isolation_level=None)
    try:
        reader.execute("BEGIN")
        count = "SELECT COUNT(DISTINCT node) FROM scores"
        assert reader.execute(count).fetchone() == (1,)
        store.add("k", node_scores((0.2, 0.7), (0.5,)))  # without the log: locked
        assert reader.execute(count).fetchone() == (1,)  # the reader's transaction sees what it saw
        assert len(Store(store.path).nodes("k")) == 2  # and opening the store waits for nobody
    finally:
        reader.close()
    assert len(store.nodes("k")) == 2


def test_the_key_is_what_scores_depend_on(tmp_path):
    checkpoint = make_checkpoint(tmp_path / "fam" / "elas-g")
    key = source_key(checkpoint, make_pair())
    assert source_key(checkpoint, make_pair(id="renamed", group="DCM")) == key
    same = make_checkpoint(tmp_path / "elsewhere" / "elas-g", training={"steps": 9})
    assert source_key(same, make_pair()) == key
    assert source_of(checkpoint, make_pair().digest) == key

    retrained = make_checkpoint(tmp_path / "other" / "elas-g", {"w": np.zeros(2, np.float32)})
    labels = make_pair().fixed_labels.copy()
    labels[0, 0] = 1
    moving = make_pair().moving.copy()
    moving[3, 4] += 0.01
    keys = {
        key,
        source_key(retrained, make_pair()),
        source_key(checkpoint, make_pair(fixed_labels=labels)),
        source_key(checkpoint, make_pair(moving=moving)),
        source_key(checkpoint, make_pair(moving=make_pair().fixed, fixed=make_pair().moving)),
        source_key(checkpoint, make_pair(affine=np.diag([3.0, 2.5, 7.0, 1.0]))),
        source_key(checkpoint, make_pair(moving_labels=None, fixed_labels=labels)),
        source_key(checkpoint, make_pair(moving_labels=labels, fixed_labels=None)),
    }
    assert len(keys) == 8


OLD_SCHEMA = """
CREATE TABLE searches (
    source TEXT PRIMARY KEY, subject TEXT NOT NULL, checkpoint TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE node_scores (
    source TEXT NOT NULL, lambda REAL NOT NULL, mu REAL NOT NULL, label INTEGER NOT NULL,
    dice REAL, hd95_mm REAL, neg_jacobian_percent REAL, sd_log_jacobian REAL, has_hd95 INTEGER NOT NULL,
    PRIMARY KEY (source, lambda, mu, label)
) WITHOUT ROWID;
INSERT INTO searches (source, subject, checkpoint) VALUES ('k', 'patient001', 'cardiac/elas-g');
INSERT INTO node_scores VALUES ('k', 0.1, 0.7, 1, 0.5, 3.5, 0.125, 0.3, 1);
INSERT INTO node_scores VALUES ('k', 0.1, 0.7, 2, 0.25, NULL, 0.125, 0.3, 1);
"""


def test_a_store_of_earlier_scorings_goes_on_without_them(tmp_path):
    path = tmp_path / "elasreg.sqlite"
    old = sqlite3.connect(path)
    old.executescript(OLD_SCHEMA)
    old.close()
    store = Store(path)
    assert store.nodes("k") == {}
    assert store.searches() == []  # of what it has scored, nothing is asked for any more
    scored = node_scores((0.2, 0.7), (0.5, 0.5), (3.0, 3.0), 0.0, 0.1, 2.5)
    store.add("k", scored)
    assert Store(path).nodes("k", ("hd95_mm",)) == {(0.2, 0.7): scored}  # opened again: nothing is lost
    assert [(search.subject, search.nodes) for search in Store(path).searches()] == [("patient001", 1)]


def test_a_damaged_store_is_named_with_its_cure(tmp_path):
    path = tmp_path / "elasreg.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(InputError, match=r"elasreg.sqlite cannot be used.*file is not a database.*Cure: Move the file"):
        Store(path)

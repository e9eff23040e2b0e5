"""A cohort's sweeps are found in the store by the files alone, and read as far as they serve a choice."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data import cases
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection
from elasreg_core.workspace.cohort_searches import find_sources, read_searches
from elasreg_core.workspace.store import Store, source_key
from tests.builders import TISSUES, make_checkpoint, make_volumes, node_scores, write_pair_folder

SETTINGS = Preprocessing(grid_shape=(20, 24), spacing_mm=2.0)
NAN = float("nan")
REGULAR = Selection(rule="most_regular")


@pytest.fixture
def checkpoint(tmp_path):
    return make_checkpoint(tmp_path / "fam" / "elas-g", preprocessing=SETTINGS)


@pytest.fixture
def cohort(tmp_path):
    for number in (1, 2, 3):
        write_pair_folder(tmp_path / "pairs", f"s{number}", **make_volumes(seed=number))
    return open_dataset(tmp_path / "pairs", "pairs")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "elasreg.sqlite")


def searched(store, cohort, checkpoint, subject, nodes, name=None, **scores) -> None:
    """Puts made-up scores of a subject into the store."""
    source = source_key(checkpoint, cohort.load(subject, SETTINGS, checkpoint.tissues))
    store.begin(source, name or subject, checkpoint.name)
    for place, node in enumerate(nodes):
        store.add(source, node_scores(node, (0.5 + place / 100, 0.5), **scores))


def read(store, cohort, checkpoint, steps=3):
    return read_searches(store, find_sources(store, cohort, checkpoint), cohort, checkpoint, steps)


GRID = ParameterGrid.regular(3)


def test_searched_subjects_are_found_and_the_others_listed(store, cohort, checkpoint):
    searched(store, cohort, checkpoint, "s1", GRID.nodes)
    searched(store, cohort, checkpoint, "s3", GRID.nodes[:5])
    found = read(store, cohort, checkpoint)
    assert found.tissues == TISSUES
    assert {subject: len(nodes) for subject, nodes in found.nodes.items()} == {"s1": 8, "s3": 5}
    assert found.lacking(()) == ("s2", "s3")
    assert set(found.serving(Selection())) == {"s1"}
    sweep = found.sweep("s1")
    assert sweep.is_complete
    assert sweep.table["lambda"].tolist()[::2] == [node[0] for node in GRID.nodes]  # in grid order


def test_images_are_read_once_and_only_where_a_search_bears_the_name(store, cohort, checkpoint, monkeypatch):
    searched(store, cohort, checkpoint, "s1", GRID.nodes)
    reads: list[str] = []
    first = find_sources(store, cohort, checkpoint, reads.append)
    assert reads == ["s1"]
    monkeypatch.setattr(cases, "read_image", None)  # to read one now would raise
    assert find_sources(store, cohort, checkpoint, reads.append) == first
    assert reads == ["s1"]
    assert first.sizes == {"s1": 8 * (2 + 3)}  # Dice of two tissues, three scores of the whole


def test_a_changed_file_is_another_pair(store, cohort, checkpoint, tmp_path):
    searched(store, cohort, checkpoint, "s1", GRID.nodes)
    assert set(find_sources(store, cohort, checkpoint).by_subject) == {"s1"}
    write_pair_folder(tmp_path / "pairs", "s1", **make_volumes(seed=9))
    assert find_sources(store, cohort, checkpoint).by_subject == {}


def test_another_networks_search_does_not_count(store, cohort, checkpoint, tmp_path):
    other = make_checkpoint(tmp_path / "other" / "elas-g", {"w": np.ones(2, np.float32)}, preprocessing=SETTINGS)
    searched(store, cohort, other, "s1", GRID.nodes)
    assert find_sources(store, cohort, checkpoint).by_subject == {}


def test_a_damaged_subject_is_told_and_costs_nobody_else(store, cohort, checkpoint, tmp_path):
    for subject in ("s1", "s2"):
        searched(store, cohort, checkpoint, subject, GRID.nodes)
    (tmp_path / "pairs" / "s1" / "moving.nii.gz").write_bytes(b"no image")
    found = find_sources(store, cohort, checkpoint)
    assert set(found.by_subject) == {"s2"}
    assert len(found.faults) == 1
    assert "moving.nii.gz" in found.faults[0]


def test_the_criteria_are_those_of_the_scores(store, cohort, checkpoint):
    searched(store, cohort, checkpoint, "s1", GRID.nodes, ncc=(0.1, 0.2))
    searched(store, cohort, checkpoint, "s2", GRID.nodes, hd95=(NAN, NAN))  # undefined, but scored
    found = read(store, cohort, checkpoint)
    assert found.criteria == ("dice", "hd95_mm", "ncc")  # no landmarks: no TRE
    assert set(found.serving(Selection("ncc"))) == {"s1"}
    assert set(found.serving(Selection())) == {"s1", "s2"}
    assert found.lacking(("ncc",)) == ("s2", "s3")
    searched(store, cohort, checkpoint, "s3", GRID.nodes, tre=1.5)
    assert "tre_mm" in read(store, cohort, checkpoint).criteria


def test_an_adaptive_search_serves_the_best_node_alone(store, cohort, checkpoint):
    grid = ParameterGrid.regular(11)
    source = source_key(checkpoint, cohort.load("s1", SETTINGS, checkpoint.tissues))
    store.begin(source, "s1", checkpoint.name)
    while wanted := undecided(store.nodes(source), grid):
        for node in wanted:
            store.add(source, node_scores(node, (0.9 - 0.3 * sum(node), 0.9 - 0.3 * sum(node))))
    found = read(store, cohort, checkpoint, steps=11)
    assert found.lacking(()) == ("s1", "s2", "s3")
    assert set(found.serving(Selection())) == {"s1"}
    assert found.serving(REGULAR) == {}

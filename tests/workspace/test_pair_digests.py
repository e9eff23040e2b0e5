"""A pair's digest is read from its images once; after that its files' names, sizes and times are enough."""

from __future__ import annotations

import os

import pytest

from elasreg_core.data.datasets import Dataset, open_dataset
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.workspace.pair_digests import PairDigests
from elasreg_core.workspace.store import Store
from tests.builders import make_family, write_acdc_patient


@pytest.fixture
def checkpoint(tmp_path):
    return load_family(make_family(tmp_path / "small")).member("elas-g")


def test_images_are_read_once(tmp_path, checkpoint, monkeypatch):
    write_acdc_patient(tmp_path / "hearts")
    data, store = open_dataset(tmp_path / "hearts", "acdc"), Store(tmp_path / "store.sqlite")
    (case,) = data.cases
    read = []
    load = Dataset.load
    monkeypatch.setattr(Dataset, "load", lambda self, *how: read.append(how[0]) or load(self, *how))
    digests = PairDigests(store, data, checkpoint)
    assert digests.known(case) is None
    found = digests.read(case)
    assert found == load(data, case.id, checkpoint.card.preprocessing, checkpoint.tissues).digest
    assert digests.read(case) == digests.known(case) == found
    assert PairDigests(store, data, checkpoint).read(case) == found  # the next session's
    assert read == [case.id]
    os.utime(case.fixed, (0, 0))  # as if it had been written again
    assert PairDigests(store, data, checkpoint).known(case) is None

"""Reporters, and checkpoints and pairs that are quickly made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.networks.checkpoint import Checkpoint, load_family
from tests.builders import make_checkpoint


class Reporter:
    """Keeps what it hears; `at(count)` is called with every number that is told."""

    def __init__(self, at=lambda count: None):
        self.phases, self.done, self._at = [], [], at

    def phase(self, title, total):
        self.phases.append((title, total))

        def done(count):
            self.done.append(count)
            self._at(count)

        return done


@pytest.fixture
def reporter() -> Reporter:
    return Reporter()


@pytest.fixture
def made_up(tmp_path) -> Checkpoint:
    """Fits `make_pair(spacing_mm=(1.5, 1.5))`; without a network."""
    return make_checkpoint(tmp_path / "fam" / "elas-g", preprocessing=Preprocessing((12, 9), 1.5, 2))


@pytest.fixture(scope="session")
def small(small_family) -> Checkpoint:
    """A small network with random weights."""
    return load_family(small_family).member("elas-g")


@pytest.fixture(scope="session")
def small_pairs(small_pair):
    """Four pairs for it, by subject."""
    rng = np.random.default_rng(0)
    return {
        f"s{number}": replace(small_pair, id=f"s{number}", moving=rng.random((16, 20), dtype=np.float32))
        for number in range(4)
    }

"""kill -9 of a training and of a search, once and twice: `make faults` does it fifty times, and to the app."""

from __future__ import annotations

import numpy as np
import pytest

from tests.faults.killing import kill_again_and_again
from tests.faults.victims import SearchVictim, TrainingVictim

pytestmark = pytest.mark.slow


def test_training(hearts, tmp_path):
    victim = TrainingVictim(tmp_path / "training", hearts)
    tally = kill_again_and_again(victim, 1, victim.seconds, np.random.default_rng(7), only_at_writes=True)
    print(f"\ntraining: {tally}")
    assert tally.kills["in the middle"] == 1
    assert (tally.resumed, tally.chains) == (1, 1)


def test_search(hearts, tmp_path):
    victim = SearchVictim(tmp_path / "search", hearts, steps=21)
    tally = kill_again_and_again(victim, 2, victim.seconds, np.random.default_rng(7), only_at_writes=True)
    print(f"\nsearch: {tally}")
    assert tally.kills["in the middle"] == 2
    assert (tally.resumed, tally.chains) == (2, 1)

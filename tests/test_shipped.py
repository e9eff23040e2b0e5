"""What the shipped checkpoints promise, on phantoms that they have not seen."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.response import responses
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.phantoms import Cohort
from elasreg_core.networks.architecture import MODELS
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import find_family

COHORTS = {"cardiac": Cohort("cardiac", 3, seed=99), "thorax": Cohort("thorax", 3, seed=99)}


@pytest.mark.parametrize("name", COHORTS)
def test_all_four_models_are_shipped(name):
    assert set(find_family(name).members) == set(MODELS)


@pytest.mark.parametrize("model", ["elas-sas", "diff-sas"])
@pytest.mark.parametrize("name", COHORTS)
def test_an_adaptive_network_stiffens_the_class_that_is_raised(name, model, tmp_path):
    checkpoint = find_family(name).member(model)
    dataset = open_dataset(ensure_phantom(COHORTS[name], tmp_path / "data"), COHORTS[name].layout)
    pairs = [dataset.load(subject, checkpoint.card.preprocessing) for subject in dataset.subjects]
    shares = responses(checkpoint, pairs).set_index("raised")
    own = np.diag(shares)
    others = (shares.sum() - own) / (len(own) - 1)
    assert (own < 0.95).all(), shares
    assert (own < others - 0.02).all(), shares  # the wall of a cavity yields to what fills it, but to itself more

"""Random pairs, and a run on them that takes seconds."""

from __future__ import annotations

import numpy as np

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.networks.architecture import Architecture
from elasreg_core.training.batches import TrainingSet


def small_pairs() -> TrainingSet:
    """Six of 16 × 20 voxels; the last tissue is absent from some, so that replicas see different numbers of them."""
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, 6, 16, 20)).astype("f4")
    labels = rng.integers(0, 3, (6, 16, 20)).astype("u1")
    labels[::2][labels[::2] == 2] = 0
    return TrainingSet(moving, fixed, labels, ("a", "b"), moving_labels=labels.copy())


def config_of(batch_size: int, **training: object) -> RunConfig:
    """All terms of the loss but the supervision, views, a warm start of the adaptive network."""
    settings = {
        "steps": 6,
        "batch_size": batch_size,
        "learning_rate": 1e-3,
        "augment": True,
        "window": (8, 12),
        "label_weight": 0.5,
        "warm_start_steps": 6,
        "save_every": 2,
        "seed": 3,
    }
    return RunConfig(
        models=("elas-g", "elas-sas"),
        data=DataConfig("acdc", "nowhere"),
        training=TrainingConfig(**settings | training),
        preprocessing=Preprocessing(grid_shape=(16, 20), spacing_mm=2.0),
        network=Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=4, integration_steps=3),
    )

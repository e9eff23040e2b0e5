"""What a training amounts to, before there is a network: held against networks that were trained."""

from __future__ import annotations

import dataclasses

import pytest

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig, read_config
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.layers import multiplications
from elasreg_core.training.plan import Plan
from elasreg_core.workspace.paths import find_family

SMALL = RunConfig(
    models=("elas-g", "elas-sas"),
    data=DataConfig("acdc", "nowhere"),
    training=TrainingConfig(steps=6, batch_size=2, augment=True, window=(8, 12)),
    preprocessing=Preprocessing(grid_shape=(16, 20), spacing_mm=2.0),
    network=Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=4),
)


@pytest.mark.parametrize("model", ["elas-g", "elas-sas"])
def test_the_shipped_networks_are_what_their_preset_plans(model):
    plan = Plan(read_config("cardiac")[0], model, 4)
    shipped = find_family("cardiac").member(model)
    assert plan.architecture == shipped.card.network  # of the adaptive one with a line for each of its 8 parameters
    assert plan.n_weights == sum(array.size for array in shipped.read_weights().values())
    assert plan.steps == shipped.card.training["steps"]


def test_a_step_costs_what_its_convolutions_multiply():
    # two levels on 8 × 12: 2→4 features on 96 voxels, 4→4 on 24, then on 6; up to 24 and 96 (4+4→4); 4→2 at last
    products = 9 * (2 * 4 * 96 + 4 * 4 * 24 + 4 * 4 * 6 + 8 * 4 * 24 + 8 * 4 * 96 + 4 * 2 * 96)
    assert multiplications(SMALL.network, (8, 12)) == products
    plan = Plan(SMALL, "elas-g", 3)
    assert plan.work == 3 * 2 * 1.5 * products  # forwards and twice back, two pairs, each with its own draw
    shared = dataclasses.replace(SMALL, training=dataclasses.replace(SMALL.training, shared_parameters=True))
    assert Plan(shared, "elas-g", 3).work == 3 * 2 * products
    assert plan.disk_bytes == 14 * plan.n_weights + 6 * 120


def test_an_adaptive_network_has_its_own_steps_where_it_starts_warm():
    warm = dataclasses.replace(SMALL, training=dataclasses.replace(SMALL.training, warm_start_steps=4))
    assert [(Plan(warm, m, 3).is_warm, Plan(warm, m, 3).steps) for m in SMALL.models] == [(False, 6), (True, 4)]
    assert Plan(warm, "elas-sas", 3).architecture.hyper_units == 4 + 6
    assert Plan(SMALL, "elas-sas", 3).architecture == SMALL.network
    assert Plan(SMALL, "elas-sas", 3).window == (8, 12)

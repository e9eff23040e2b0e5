"""The plain network is VoxelMorph's: the same displacement for random weights, nodes, sizes and dimensions."""

from __future__ import annotations

import re

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.hyper_registration import build_hyper_vxm_dense
from elasreg_core.networks.integration import integrate
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.networks.voxelmorph_tf import keras, tf, vxm
from elasreg_core.networks.weights import by_name

ARCHITECTURES = [
    Architecture(encoder=(4, 5), decoder=(5, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5),
    Architecture(encoder=(3, 4, 5), decoder=(6, 5, 4, 3, 2), hyper_layers=1, hyper_units=3, integration_steps=7),
    Architecture(encoder=(6,), decoder=(5,), hyper_layers=3, hyper_units=4, integration_steps=1),
]


def values(network):
    return {name: variable.numpy() for name, variable in by_name(network.weights).items()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("grid", [(16, 24), (8, 24, 16)])
def test_velocity_and_displacement_equal_stock_voxelmorph(architecture, grid):
    rng = np.random.default_rng(2)
    stock = build_hyper_vxm_dense(architecture, grid, 6)
    for variable in stock.weights:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    moving, fixed = (tf.constant(rng.random((1, *grid, 1)).astype("f4")) for _ in range(2))
    nodes = rng.random((3, 6)).astype("f4")
    stock_velocity = keras.Model(stock.inputs, stock.references.svf)
    largest = max(np.abs(stock_velocity([moving, fixed, node[np.newaxis]])).max() for node in nodes)
    for variable in stock.get_layer("elasreg_flow").weights:
        variable.assign(variable * 4 / largest)  # voxels
    network = PlainNetwork(architecture, 6, len(grid), values(stock))
    velocities = network.velocities(moving, fixed, network.kernels(nodes))
    displacements = integrate(velocities, architecture.integration_steps)
    for node, velocity, displacement in zip(nodes, velocities, displacements, strict=True):
        inputs = [moving, fixed, node[np.newaxis]]
        np.testing.assert_allclose(velocity, stock_velocity(inputs)[0], atol=1e-5)
        np.testing.assert_allclose(displacement, stock(inputs)[1][0], atol=1e-5)


@pytest.mark.parametrize("sides", [(5, 9), (4, 7, 6)])
@pytest.mark.parametrize("compiled", [False, True])
def test_integration_equals_voxelmorph_also_beyond_the_rim(sides, compiled):
    rng = np.random.default_rng(5)
    velocity = tf.constant(rng.normal(0, 4, (2, *sides, len(sides))).astype("f4"))
    ours = tf.function(integrate, jit_compile=compiled)(velocity, 6)
    stock = vxm.layers.VecInt(method="ss", int_steps=6)(velocity)
    np.testing.assert_allclose(ours, stock, atol=2e-5)


def test_weights_of_another_network_are_refused():
    stock = build_hyper_vxm_dense(ARCHITECTURES[0], (16, 24), 6)
    with pytest.raises(InputError, match=re.escape("The weight elasreg_hyp_dense_1/kernel has another shape")):
        PlainNetwork(ARCHITECTURES[0], 2, 2, values(stock))
    with pytest.raises(InputError, match="The weights are those of another network"):
        PlainNetwork(ARCHITECTURES[1], 6, 2, values(stock))

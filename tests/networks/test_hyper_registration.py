"""Our network is VoxelMorph's: same weights, same displacement, for random weights, sizes and batches."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork, build_hyper_vxm_dense
from elasreg_core.networks.voxelmorph_tf import keras, tf

SMALL = Architecture(encoder=(4, 5), decoder=(5, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5)


def randomised(network, seed=0):
    """Weights large enough for displacements of about a voxel."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, 0.25, w.shape).astype("f4") for name, w in network.weights().items()}
    network.set_weights(weights)
    return weights


def stock_with(weights, sides, parameters):
    stock = build_hyper_vxm_dense(SMALL, sides, parameters)
    for variable in stock.weights:
        variable.assign(weights[variable.name.removesuffix(":0")])
    return stock


def inputs(grid, batch, parameters, seed=1):
    rng = np.random.default_rng(seed)
    moving, fixed = rng.random((2, batch, *grid, 1)).astype("f4")
    return tf.constant(moving), tf.constant(fixed), tf.constant(rng.random((batch, parameters)).astype("f4"))


@pytest.mark.parametrize("grid", [(16, 20), (8, 12, 16)])
def test_displacement_and_warp_equal_stock_voxelmorph(grid):
    network = HyperRegistrationNetwork(SMALL, grid, 6)
    stock = stock_with(randomised(network), grid, 6)
    moving, fixed, parameters = inputs(grid, 3, 6)
    warped, displacement = stock([moving, fixed, parameters])
    ours = network.displacement(moving, fixed, parameters)
    assert float(tf.reduce_max(tf.abs(displacement))) > 0.3  # a displacement worth comparing
    np.testing.assert_allclose(ours, displacement, atol=1e-5)
    np.testing.assert_allclose(network.warp(moving, ours), warped, atol=1e-5)


def test_every_sample_of_a_batch_has_its_own_kernels():
    # trap 9 of the reference code: weights that broadcast across the batch
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    randomised(network)
    moving, fixed, parameters = inputs((16, 20), 3, 2)
    together = network.displacement(moving, fixed, parameters)
    one_by_one = [network.displacement(moving[i : i + 1], fixed[i : i + 1], parameters[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(together, tf.concat(one_by_one, 0), atol=1e-5)
    assert float(tf.reduce_max(tf.abs(together[0] - together[1]))) > 1e-2


def test_one_setting_may_be_shared_by_the_whole_batch():
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    randomised(network)
    moving, fixed, parameters = inputs((16, 20), 3, 2)
    shared = network.displacement(moving, fixed, parameters[:1])
    repeated = network.displacement(moving, fixed, tf.repeat(parameters[:1], 3, axis=0))
    np.testing.assert_allclose(shared, repeated, atol=1e-5)


def test_the_features_of_the_hypernetwork_are_those_that_become_kernels():
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    stock = stock_with(randomised(network), (16, 20), 2)
    parameters = np.random.default_rng(4).random((3, 2)).astype("f4")
    last = keras.Model(stock.inputs[2], stock.get_layer("elasreg_hyp_dense_2").output)
    features = network.hyper_features(parameters)
    assert features.shape == (3, 6)
    assert features.any()
    np.testing.assert_allclose(features, last(tf.constant(parameters)), atol=1e-6)


def test_odd_sides_are_padded_for_the_unet_and_cropped_again():
    grid = (15, 22)  # padded to (16, 24): multiples of 2² for two encoder levels
    network = HyperRegistrationNetwork(SMALL, grid, 2)
    stock = stock_with(randomised(network), (16, 24), 2)
    moving, fixed, parameters = inputs(grid, 2, 2)
    padded = [tf.pad(image, [(0, 0), (0, 1), (0, 2), (0, 0)]) for image in (moving, fixed)]
    _, displacement = stock([*padded, parameters])
    ours = network.displacement(moving, fixed, parameters)
    assert ours.shape == (2, 15, 22, 2)
    np.testing.assert_allclose(ours, displacement[:, :15, :22], atol=1e-5)


def test_the_output_is_the_displacement_and_not_the_velocity():
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    stock = stock_with(randomised(network), (16, 20), 2)
    moving, fixed, parameters = inputs((16, 20), 1, 2)
    velocity_model = tf.keras.Model(stock.inputs, stock.references.svf)
    velocity = velocity_model([moving, fixed, parameters])
    displacement = network.displacement(moving, fixed, parameters)
    assert float(tf.reduce_max(tf.abs(velocity - displacement))) > 1e-2


def test_the_network_warps_as_the_convention_says():
    # warped(p) = moving(p + u(p)): with u = 2 along axis 0, voxel p shows what lies two voxels further
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    moving = tf.constant(np.random.default_rng(0).random((1, 16, 20, 1)).astype("f4"))
    u = tf.concat([tf.fill((1, 16, 20, 1), 2.0), tf.zeros((1, 16, 20, 1))], axis=-1)
    np.testing.assert_allclose(network.warp(moving, u)[:, :14], moving[:, 2:], atol=1e-6)


def test_weights_of_another_network_are_refused_before_anything_is_loaded():
    network = HyperRegistrationNetwork(SMALL, (16, 20), 2)
    before = network.weights()
    other = HyperRegistrationNetwork(SMALL, (16, 20), 6).weights()
    with pytest.raises(InputError, match=r"hyp_dense_1/kernel has another shape .*Expected: \(2, 6\)"):
        network.set_weights(other)
    missing = dict(list(before.items())[1:])
    with pytest.raises(InputError, match="weights are those of another network"):
        network.set_weights(missing)
    for name, array in network.weights().items():
        np.testing.assert_array_equal(array, before[name])

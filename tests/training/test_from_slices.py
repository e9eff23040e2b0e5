"""A network of volumes begins with the kernels of the network of slices that it starts from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.training.from_slices import spread
from elasreg_core.training.trainer import Trainer
from tests.training.test_warm_start import CONFIG

ARCHITECTURE = Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5)


@pytest.fixture(scope="module")
def slices(small_family):
    return load_family(small_family).member("elas-g")


@pytest.mark.parametrize("across", [0, 1, 2])
def test_where_all_slices_are_alike_each_moves_as_it_did_and_nothing_moves_across(slices, across):
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, 1, 16, 20, 1)).astype("f4")
    flat = HyperRegistrationNetwork(ARCHITECTURE, (16, 20), 2)
    flat.set_weights(slices.read_weights())
    sides = tuple(np.insert((16, 20), across, 8))
    volume = HyperRegistrationNetwork(ARCHITECTURE, sides, 2)
    volume.set_weights(spread(slices.read_weights(), across))
    parameters = tf.constant([[0.2, 0.7]])
    expected = flat.displacement(moving, fixed, parameters).numpy()
    stacks = (np.repeat(np.expand_dims(image, 1 + across), 8, axis=1 + across) for image in (moving, fixed))
    found = volume.displacement(*stacks, parameters).numpy()
    assert np.abs(expected).max() > 0.5
    assert (found[..., across] == 0).all()
    in_plane = np.delete(found, across, axis=-1)
    for slice_ in np.moveaxis(in_plane, 1 + across, 0):
        np.testing.assert_allclose(slice_, expected, atol=1e-4)


def test_a_training_on_volumes_may_start_from_slices(slices):
    config = dataclasses.replace(
        CONFIG, preprocessing=Preprocessing(grid_shape=(16, 12, 20), spacing_mm=2.0, slice_axis=None)
    )
    trainer = Trainer(config, "elas-g", 3)
    trainer.warm_start(slices)
    expected = spread(slices.read_weights(), 2)
    for name, array in trainer.network.weights().items():
        np.testing.assert_array_equal(array, expected[name])

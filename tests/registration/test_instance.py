"""Instance-specific optimization: it begins at the network's motion, minimises the training loss, never gets worse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.networks.loss import parameter_maps, registration_loss
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.fields import warp_image
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration import instance
from elasreg_core.registration.registrar import Registrar

FIELDS = {
    "elas-g": ParameterField.uniform((0.2, 0.1), 3),
    "elas-sas": ParameterField(((0.0, 0.3), (0.2, 0.4), (0.9, 0.5))),
    "diff-sas": ParameterField(((0.1,), (0.4,), (0.7,))),
}


@pytest.fixture(scope="module")
def registrars(small_family):
    return {name: Registrar(checkpoint) for name, checkpoint in load_family(small_family).members.items()}


def by_hand(registrar, pair, field, displacement) -> float:
    """The training loss of a displacement, warped in NumPy."""
    checkpoint = registrar.checkpoint
    vector = field.adaptive_vector() if checkpoint.is_adaptive else field.global_vector()
    maps = parameter_maps(
        tf.constant(vector[np.newaxis]), tf.constant(pair.fixed_labels[np.newaxis], tf.int32), checkpoint.model
    )
    fixed, warped = (
        tf.constant(image[np.newaxis, ..., np.newaxis], tf.float32)
        for image in (pair.fixed, warp_image(pair.moving, displacement))
    )
    of = tf.constant(displacement[np.newaxis], tf.float32)
    scale = checkpoint.card.regularization_scale
    return float(registration_loss(fixed, warped, of, maps, checkpoint.model.regularizer, scale).total)


@pytest.mark.parametrize("model", FIELDS)
def test_it_goes_from_the_networks_motion_to_a_smaller_loss(registrars, small_pair, model):
    registrar, field, told = registrars[model], FIELDS[model], []
    registration, found = registrar.optimized(small_pair, field, 12, told.append)
    own = registrar.displacement(small_pair, field)
    assert found.before == pytest.approx(by_hand(registrar, small_pair, field, own), abs=1e-3)
    assert found.after == pytest.approx(by_hand(registrar, small_pair, field, registration.displacement), abs=1e-3)
    assert found.after < found.before - 0.01
    assert told == list(range(1, 13))
    np.testing.assert_array_equal(registration.warped, warp_image(small_pair.moving, registration.displacement))
    assert registration.displacement.shape == (*small_pair.grid_shape, 2)


def test_it_is_the_same_every_time(registrars, small_pair):
    first, second = (registrars["elas-g"].optimized(small_pair, FIELDS["elas-g"], 5)[0] for _ in range(2))
    np.testing.assert_array_equal(first.displacement, second.displacement)


def test_steps_that_lead_astray_are_not_kept(registrars, small_pair, monkeypatch):
    monkeypatch.setattr(instance, "STEP_VOX", 50.0)
    registration, found = registrars["elas-g"].optimized(small_pair, FIELDS["elas-g"], 3)
    assert found.after == found.before
    own = registrars["elas-g"].displacement(small_pair, FIELDS["elas-g"])
    np.testing.assert_allclose(registration.displacement, own, atol=1e-4)


def test_stiff_tissue_moves_less_than_soft_tissue(registrars, small_pair):
    soft, stiff = (
        registrars["elas-g"].optimized(small_pair, ParameterField.uniform(node, 3), 30)[0]
        for node in ((0.0, 0.02), (0.0, 1.0))
    )
    strain = [float(np.square(np.gradient(of.displacement, axis=(0, 1))).mean()) for of in (soft, stiff)]
    assert strain[1] < 0.5 * strain[0]


def test_a_global_model_needs_no_labels_and_an_adaptive_one_does(registrars, small_pair):
    bare = dataclasses.replace(small_pair, fixed_labels=None, moving_labels=None)
    assert registrars["elas-g"].optimized(bare, FIELDS["elas-g"], 1)[0].warped_labels is None
    with pytest.raises(InputError, match="has no fixed labels.*Cure: Give them, or take a global model"):
        registrars["elas-sas"].optimized(bare, FIELDS["elas-sas"], 1)
    with pytest.raises(InputError, match="needs steps.*Received: 0"):
        registrars["elas-g"].optimized(small_pair, FIELDS["elas-g"], 0)

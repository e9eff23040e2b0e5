"""The loss: its similarity equals VoxelMorph's, its weight is 2 − Λ − Γ or 1 − Λ per voxel and per sample."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core import metrics
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.loss import local_ncc, parameter_maps, registration_loss, similarity_weight
from elasreg_core.networks.voxelmorph_tf import tf, vxm
from elasreg_core.physics.diffusion import diffusion_energy_density
from elasreg_core.physics.elasticity import elastic_energy_density
from elasreg_core.physics.parameters import DIFFUSION, ELASTIC


def images(shape, seed=0):
    rng = np.random.default_rng(seed)
    return (tf.constant(rng.random((*shape, 1)), tf.float32) for _ in range(2))


@pytest.mark.parametrize("shape", [(2, 20, 27), (1, 12, 14, 17)])
def test_local_ncc_equals_voxelmorph(shape):
    fixed, warped = images(shape)
    stock = vxm.losses.NCC(win=9).ncc(fixed, warped)[..., 0]
    np.testing.assert_allclose(local_ncc(fixed, warped), stock, atol=5e-5)


@pytest.mark.parametrize("shape", [(20, 27), (12, 14, 17)])
def test_local_ncc_equals_the_metric_that_searches_choose_by(shape):
    fixed, warped = images((1, *shape))
    expected = metrics.local_ncc(fixed.numpy()[0, ..., 0], warped.numpy()[0, ..., 0])
    np.testing.assert_allclose(local_ncc(fixed, warped)[0], expected, atol=1e-4)


def test_local_ncc_of_an_image_with_itself_is_one_and_ignores_brightness():
    fixed, _ = images((1, 16, 19))
    inside = local_ncc(fixed, 3 * fixed + 2)[:, 5:-5, 5:-5]  # the zero padding outside is not scaled with it
    np.testing.assert_allclose(inside, 1, atol=1e-3)


def test_similarity_is_weighted_by_two_minus_both_parameters_per_voxel_and_sample():
    fixed, warped = images((2, 16, 19))
    rng = np.random.default_rng(1)
    lam, mu = (tf.constant(rng.random((2, 16, 19)), tf.float32) for _ in range(2))
    u = tf.zeros((2, 16, 19, 2))
    terms = registration_loss(fixed, warped, u, (lam, mu), ELASTIC, 1.0)
    expected = -np.mean((2 - lam.numpy() - mu.numpy()) * local_ncc(fixed, warped).numpy())
    assert float(terms.similarity) == pytest.approx(expected, rel=1e-5)
    assert float(terms.energy) == 0
    assert float(terms.total) == pytest.approx(expected, rel=1e-5)


def test_of_diffusion_the_similarity_is_weighted_by_one_minus_its_parameter():
    fixed, warped = images((2, 16, 19))
    lam = tf.constant(np.random.default_rng(1).random((2, 16, 19)), tf.float32)
    u = tf.zeros((2, 16, 19, 2))
    terms = registration_loss(fixed, warped, u, (lam,), DIFFUSION, 1.0)
    expected = -np.mean((1 - lam.numpy()) * local_ncc(fixed, warped).numpy())
    assert float(terms.similarity) == pytest.approx(expected, rel=1e-5)
    assert float(terms.energy) == 0
    assert float(terms.total) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("regularizer", "n_maps"), [(ELASTIC, 2), (DIFFUSION, 1)])
def test_the_weight_is_never_negative(regularizer, n_maps):
    # λ = μ = 1 is the stiffest corner of the square: the image counts for nothing there, and never against itself
    fixed, warped = images((1, 16, 19))
    ones = (tf.ones((1, 1, 1)),) * n_maps
    assert float(registration_loss(fixed, warped, tf.zeros((1, 16, 19, 2)), ones, regularizer, 1.0).total) == 0


def test_the_weight_of_known_maps():
    lam, mu = tf.constant([[[0.0, 0.25]]]), tf.constant([[[1.0, 0.5]]])
    assert similarity_weight((lam, mu)).numpy().tolist() == [[[1.0, 1.25]]]
    assert similarity_weight((lam,)).numpy().tolist() == [[[1.0, 0.75]]]


@pytest.mark.parametrize(
    ("regularizer", "values", "density"),
    [(ELASTIC, (0.4, 0.2), elastic_energy_density), (DIFFUSION, (0.4,), diffusion_energy_density)],
)
def test_scale_multiplies_the_energy_alone(regularizer, values, density):
    fixed, warped = images((1, 16, 19))
    u = tf.constant(np.random.default_rng(2).normal(size=(1, 16, 19, 2)), tf.float32)
    maps = [tf.fill((1, 1, 1), value) for value in values]
    one, ten = (registration_loss(fixed, warped, u, maps, regularizer, scale) for scale in (1.0, 10.0))
    mean_energy = float(tf.reduce_mean(density(u, *maps)))
    assert mean_energy > 0.1
    assert float(one.energy) == pytest.approx(mean_energy, rel=1e-5)
    assert float(ten.energy) == pytest.approx(10 * mean_energy, rel=1e-5)
    assert float(ten.similarity) == float(one.similarity)


def test_adaptive_maps_take_each_voxels_class_from_the_fixed_labels():
    parameters = tf.constant([[0.0, 0.1, 0.2, 0.5, 0.6, 0.7], [0.9, 0.8, 0.7, 0.4, 0.3, 0.2]])  # λ0 λ1 λ2 μ0 μ1 μ2
    labels = tf.constant([[[0, 1], [2, 2]], [[2, 0], [1, 0]]])
    lam, mu = parameter_maps(parameters, labels, MODELS["elas-sas"])
    np.testing.assert_allclose(lam, [[[0.0, 0.1], [0.2, 0.2]], [[0.7, 0.9], [0.8, 0.9]]])
    np.testing.assert_allclose(mu, [[[0.5, 0.6], [0.7, 0.7]], [[0.2, 0.4], [0.3, 0.4]]])
    (smooth,) = parameter_maps(parameters[:, :3], labels, MODELS["diff-sas"])
    np.testing.assert_array_equal(smooth, lam)


def test_global_maps_are_one_value_per_sample():
    parameters = tf.constant([[0.1, 0.2], [0.3, 0.4]])
    labels = tf.zeros((2, 5, 6, 7), tf.int32)
    lam, mu = parameter_maps(parameters, labels, MODELS["elas-g"])
    assert lam.shape == mu.shape == (2, 1, 1, 1)
    np.testing.assert_allclose(tf.reshape(lam, -1), [0.1, 0.3])
    np.testing.assert_allclose(tf.reshape(mu, -1), [0.2, 0.4])
    (smooth,) = parameter_maps(parameters[:, :1], labels, MODELS["diff-g"])
    np.testing.assert_array_equal(smooth, lam)


def test_one_row_of_parameters_counts_for_the_whole_batch():
    labels = tf.constant(np.arange(2 * 3 * 4).reshape(2, 3, 4) % 3)
    row = tf.constant([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
    for model, of_model in (("elas-sas", row), ("diff-sas", row[:, :3])):
        both = of_model, tf.repeat(of_model, 2, axis=0)
        shared, own = (parameter_maps(rows, labels, MODELS[model]) for rows in both)
        for one, other in zip(shared, own, strict=True):
            np.testing.assert_array_equal(one, other)

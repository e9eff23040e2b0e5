"""Batches are a pure function of (seed, step), and parameters are uniform and independent."""

from __future__ import annotations

import numpy as np

from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.sampling import uniform


def training_set(n=5, side=(6, 6)):
    images = np.arange(n * np.prod(side), dtype="f4").reshape(n, *side)
    return TrainingSet(images, images + 0.5, (images.astype("i8") % 3).astype("u1"), ("a", "b"))


def test_a_batch_depends_on_seed_and_step_alone():
    pairs = training_set()
    first, again = (pairs.batch(7, 3, 4, 6, "uniform", augment=True) for _ in range(2))
    other = pairs.batch(7, 4, 4, 6, "uniform", augment=True)
    for name in ("moving", "fixed", "labels", "parameters"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.parameters, other.parameters)


def test_augmentation_turns_images_and_labels_alike():
    pairs = training_set()
    turned = 0
    for step in range(20):
        batch = pairs.batch(0, step, 3, 2, "uniform", augment=True)
        # labels are the moving image modulo 3, and fixed is moving + ½, wherever the voxels went
        np.testing.assert_array_equal(batch.labels, batch.moving[..., 0].astype(int) % 3)
        np.testing.assert_array_equal(batch.fixed, batch.moving + 0.5)
        turned += not (np.diff(batch.moving[0, :, 0, 0]) > 0).all()
    assert turned > 5


def test_unequal_sides_are_flipped_but_never_transposed():
    pairs = training_set(side=(4, 7))
    shapes = {pairs.batch(0, step, 2, 2, "uniform", augment=True).moving.shape for step in range(20)}
    assert shapes == {(2, 4, 7, 1)}


def test_parameters_are_uniform_on_the_unit_interval_without_mass_at_its_ends():
    draws = uniform(np.random.default_rng(0), 20000, 4)
    assert draws.shape == (20000, 4)
    assert draws.min() >= 0
    assert draws.max() < 1
    # the standard error of each decile's share is √(.1·.9/80000) = .0011
    shares = np.histogram(draws, bins=10, range=(0, 1))[0] / draws.size
    np.testing.assert_allclose(shares, 0.1, atol=0.005)
    assert (draws == 0).mean() < 1e-3
    # independent: correlations within a few standard errors (1/√20000 = .007) of zero
    np.testing.assert_allclose(np.corrcoef(draws.T), np.eye(4), atol=0.03)

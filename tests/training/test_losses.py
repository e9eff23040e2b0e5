"""What training on phantoms adds to the loss: overlap of labels, distance to the true motion."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.networks.loss import registration_loss
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.parameters import ELASTIC
from elasreg_core.training.losses import with_overlap, with_supervision


def images(shape, seed=0):
    rng = np.random.default_rng(seed)
    return (tf.constant(rng.random((*shape, 1)), tf.float32) for _ in range(2))


def test_supervision_adds_the_mean_distance_to_the_true_displacement():
    fixed, warped = images((1, 16, 19))
    ones = tf.ones((1, 1, 1))
    u = tf.constant(np.random.default_rng(2).normal(size=(1, 16, 19, 2)), tf.float32)
    unsupervised = registration_loss(fixed, warped, u, (ones, ones), ELASTIC, 1.0)
    assert float(unsupervised.supervision) == 0
    # everywhere 3 voxels off along one axis and 4 along the other: √(25 + .01) = 5.001, at a weight of .4: 2.0004
    supervised = with_supervision(unsupervised, u, u + tf.constant([3.0, -4.0]), tf.constant(0.4))
    assert float(supervised.supervision) == pytest.approx(2.0004, rel=1e-5)
    assert float(supervised.total - unsupervised.total) == pytest.approx(2.0004, rel=1e-4)
    assert (supervised.similarity, supervised.energy) == (unsupervised.similarity, unsupervised.energy)


def test_overlap_adds_each_tissues_missing_dice_by_its_own_parameters():
    fixed, warped = images((1, 4, 4))
    u = tf.zeros((1, 4, 4, 2))
    fixed_masks, warped_masks = np.zeros((2, 1, 4, 4, 3), "f4")
    fixed_masks[0, :2, :, 0] = 1  # tissue 1: 8 voxels, of which 4 overlap with 4: Dice 8/12 = 2/3
    warped_masks[0, 0, :, 0] = 1
    fixed_masks[0, 2, :, 1] = 1  # tissue 2: 4 voxels, all half there: Dice 2·2/(4 + 2) = 2/3 too
    warped_masks[0, 2, :, 1] = 0.5
    warped_masks[0, 3, :, 2] = 1  # tissue 3 is absent from the fixed image and has no say
    lam, mu = np.zeros((2, 1, 4, 4), "f4")
    lam[0, :2], mu[0, :2] = 0.5, 0.5  # tissue 1 counts 2 − 1 = 1, tissue 2 counts 2 − 0.4 = 1.6
    lam[0, 2] = 0.4
    maps, masks = (tf.constant(lam), tf.constant(mu)), (tf.constant(fixed_masks), tf.constant(warped_masks))
    terms = registration_loss(fixed, warped, u, maps, ELASTIC, 1.0)
    found = with_overlap(terms, *masks, maps, weight=3.0)
    # 3 · mean(1 · 1/3, 1.6 · 1/3) = 1.3
    assert float(found.overlap) == pytest.approx(1.3, rel=1e-5)
    assert float(found.total - terms.total) == pytest.approx(1.3, rel=1e-5)
    assert float(with_overlap(terms, 0 * masks[0], masks[1], maps, 3.0).overlap) == 0
    # one λ and one μ for all: shapes (B, 1, 1)
    whole = with_overlap(terms, *masks, (tf.fill((1, 1, 1), 0.5),) * 2, 3.0)
    assert float(whole.overlap) == pytest.approx(3 * 1 / 3, rel=1e-5)
    # of diffusion tissue 1 counts 1 − 0.5 and tissue 2 counts 1 − 0.4: 3 · mean(0.5 · 1/3, 0.6 · 1/3) = 0.55
    assert float(with_overlap(terms, *masks, maps[:1], 3.0).overlap) == pytest.approx(0.55, rel=1e-5)

"""Batches are a pure function of (seed, step)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.data.truth import Truth
from elasreg_core.errors import InputError
from elasreg_core.physics.parameters import ELASTIC, ParameterField
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.sampling import LAWS
from tests.builders import make_pair, shift


def training_set(n=5, sides=(9, 6)):
    """In pair k, images and labels are a ramp along axis 0 from k on: a value tells where it was read."""
    ramp = np.broadcast_to(np.arange(sides[0])[:, np.newaxis], sides)
    images = np.stack([(ramp + k) / 20 for k in range(n)]).astype("f4")
    return TrainingSet(images, images.copy(), np.stack([ramp + k for k in range(n)]).astype("u1"), ("a", "b"))


@pytest.mark.parametrize("window", [None, (5, 4)])
def test_a_batch_depends_on_seed_and_step_alone(window):
    pairs = training_set()
    first, again = (pairs.batch(7, 3, 4, (2, 3), "uniform", window) for _ in range(2))
    for name in ("moving", "fixed", "labels", "parameters"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    for other in (pairs.batch(7, 4, 4, (2, 3), "uniform", window), pairs.batch(8, 3, 4, (2, 3), "uniform", window)):
        assert not np.array_equal(first.parameters, other.parameters)
        assert not np.array_equal(first.moving, other.moving)


def test_without_a_window_the_pairs_are_taken_as_they_are():
    pairs = training_set()
    batch = pairs.batch(0, 3, 4, (2, 1), "uniform")
    assert (batch.moving.shape, batch.labels.shape, batch.parameters.shape) == ((4, 9, 6, 1), (4, 9, 6), (4, 2))
    assert (batch.moving.dtype, batch.labels.dtype) == (np.float32, np.int32)
    chosen = batch.labels[:, 0, 0]  # the first label of pair k is k
    assert len(set(chosen)) == 4  # no pair twice while there are enough
    np.testing.assert_array_equal(batch.moving[..., 0], pairs.moving[chosen])
    np.testing.assert_array_equal(batch.fixed[..., 0], pairs.fixed[chosen])
    np.testing.assert_array_equal(batch.labels, pairs.labels[chosen])


def test_a_batch_larger_than_the_cohort_repeats_pairs():
    batch = training_set(n=2).batch(0, 0, 6, (2, 1), "uniform")
    assert set(batch.labels[:, 0, 0]) == {0, 1}


@pytest.mark.parametrize("window", [(5, 4), (9, 6), (12, 7)])
def test_a_view_shows_both_images_and_the_labels_at_the_same_points(window):
    pairs = training_set()
    seen = set()
    for step in range(10):
        batch = pairs.batch(0, step, 3, (2, 1), "uniform", window)
        assert batch.moving.shape == batch.fixed.shape == (3, *window, 1)
        assert batch.labels.shape == (3, *window)
        for moving, fixed, labels in zip(batch.moving[..., 0], batch.fixed[..., 0], batch.labels, strict=True):
            # images are (ramp / 20)^γ + shade, with one γ for both: they differ by the difference of their shades
            assert np.ptp(moving - fixed) < 1e-5
            assert 0 < abs(np.mean(moving - fixed)) < 0.12
            # and they grow with the label, which is the ramp, wherever the view turned
            order = np.argsort(labels, axis=None, kind="stable")
            levels = [moving.ravel()[order][np.sort(labels, axis=None) == label].mean() for label in np.unique(labels)]
            assert (np.diff(levels) > 0).all()
            seen.add(round(float(moving[0, 0] - moving[-1, 0]), 3))
    assert len(seen) > 25  # hardly a view twice


def test_views_of_one_batch_differ():
    pairs = training_set(n=1)
    batch = pairs.batch(0, 0, 4, (2, 1), "uniform", (6, 5))
    assert len({image.tobytes() for image in batch.moving}) == 4


def test_the_true_displacement_comes_along():
    pairs = training_set(n=3)
    assert pairs.batch(0, 0, 2, (2, 1), "uniform").truth is None
    truth = np.stack([np.full((9, 6, 2), k, np.float32) for k in range(3)])
    known = dataclasses.replace(pairs, truth=truth)
    batch = known.batch(0, 0, 2, (2, 1), "uniform")
    np.testing.assert_array_equal(batch.truth[:, 0, 0, 0], batch.labels[:, 0, 0])  # both are the pair's number
    assert known.batch(0, 0, 2, (2, 1), "uniform", (5, 4)).truth.shape == (2, 5, 4, 2)
    assert known.digest != pairs.digest


def test_a_training_set_has_the_truth_if_all_its_pairs_have_it():
    known = make_pair(truth=Truth(shift(make_pair(), 2, 0), np.ones((12, 9), bool)))
    pairs = TrainingSet.from_pairs([known, known])
    assert pairs.truth.shape == (2, 12, 9, 2)
    assert (pairs.truth[..., 0] == 2).all()
    assert TrainingSet.from_pairs([known, make_pair()]).truth is None


def test_moving_labels_are_stacked_where_all_pairs_have_them_and_seen_as_the_images_are():
    pairs = TrainingSet.from_pairs([make_pair(), make_pair()])
    np.testing.assert_array_equal(pairs.moving_labels[0], make_pair().moving_labels)
    without = TrainingSet.from_pairs([make_pair(), make_pair(moving_labels=None)])
    assert without.moving_labels is None
    assert without.digest != pairs.digest
    whole = pairs.batch(0, 0, 2, (2, 1), "uniform")
    np.testing.assert_array_equal(whole.moving_labels, pairs.moving_labels)
    same = dataclasses.replace(pairs, moving_labels=pairs.labels)
    view = same.batch(0, 0, 2, (2, 1), "uniform", (8, 6))
    np.testing.assert_array_equal(view.moving_labels, view.labels)
    assert without.batch(0, 0, 2, (2, 1), "uniform").moving_labels is None


def test_a_pair_without_fixed_labels_is_not_trained_on():
    with pytest.raises(InputError, match="subject has no fixed labels. Cure: Training needs a segmentation"):
        TrainingSet.from_pairs([make_pair(fixed_labels=None)])


def test_a_volume_is_viewed_too():
    rng = np.random.default_rng(0)
    images = rng.random((2, 10, 8, 9)).astype("f4")
    pairs = TrainingSet(images, images, (images > 0.5).astype("u1"), ("a",))
    batch = pairs.batch(0, 0, 2, (2, 1), "uniform", (6, 7, 5))
    assert (batch.moving.shape, batch.labels.shape) == ((2, 6, 7, 5, 1), (2, 6, 7, 5))


def test_a_shared_draw_is_one_row_and_leaves_the_pairs_as_they_were():
    pairs = training_set()
    own, shared = (pairs.batch(7, 3, 2, (2, 2), "uniform", shared_parameters=share) for share in (False, True))
    assert (own.parameters.shape, shared.parameters.shape) == ((2, 4), (1, 4))
    np.testing.assert_array_equal(own.moving, shared.moving)


@pytest.mark.parametrize("law", list(LAWS))
def test_a_row_of_parameters_is_that_of_a_parameter_field(law):
    # what the law draws, (P, K) for each pair, becomes P·K numbers: λ of all classes, then μ
    pairs = training_set()
    batch = pairs.batch(0, 0, 2, (2, 3), law)
    rng = np.random.default_rng([0, 0])
    rng.choice(5, 2, replace=False)  # the pairs come first
    drawn = LAWS[law](rng, (2, 2, 3))
    field = ParameterField.from_adaptive_vector(batch.parameters[1], ELASTIC)
    np.testing.assert_array_equal(np.array(field.nodes).T, drawn[1])
    assert pairs.batch(0, 0, 2, (1, 3), law).parameters.shape == (2, 3)

"""What the scanner makes of a phantom."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.phantoms.appearance import blobs, block_mean, smooth_noise


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("sides", "sigma"), [((120, 90), 4.0), ((60, 44, 36), 3.0), ((120, 90), (4.0, 9.0))])
def test_a_random_field_is_as_large_and_as_smooth_as_asked_for(sides, sigma):
    field = smooth_noise(generator(), sides, np.array(sigma), amplitude=3.0)
    assert field.shape == sides
    assert field.std() == pytest.approx(3, rel=0.25)
    # white noise under a Gaussian of σ is correlated by exp(−d²/4σ²): e⁻¹ at d = 2σ, and by .94 at d = σ/2
    for axis, s in enumerate(np.broadcast_to(sigma, len(sides))):
        near, far = (correlation(field, round(d * s), axis) for d in (0.5, 6))
        assert near > 0.85
        assert abs(far) < 0.35


def correlation(field, distance, axis):
    a, b = (
        np.take(field, range(*cut), axis) for cut in ((distance, field.shape[axis]), (0, field.shape[axis] - distance))
    )
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_a_random_field_is_a_function_of_its_generator():
    one, again, other = (smooth_noise(generator(seed), (20, 31), 2.5) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_blobs_are_a_partition_into_regions():
    regions = blobs(generator(), (50, 37), (2.0, 6.0), 5)
    assert regions.shape == (50, 37)
    assert set(np.unique(regions)) == set(range(5))
    same = (regions[1:] == regions[:-1]).mean()
    assert 0.7 < same < 1  # blobs, not noise: there neighbours agree by a fifth


def test_a_larger_voxel_holds_the_mean_of_the_smaller_ones():
    image = np.arange(24, dtype=float).reshape(4, 6)
    # the first block of 2 × 3 holds 0 1 2 and 6 7 8: with factor 2, 0 1 6 7 have the mean 3.5
    assert block_mean(image, 2).tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]
    assert block_mean(image, 1) is image
    assert block_mean(np.ones((6, 3, 9)), 3).shape == (2, 1, 3)

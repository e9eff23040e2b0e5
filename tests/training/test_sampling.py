"""The laws of the parameters: ranges, shapes, and what is known of their distributions."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.config import SAMPLING_LAWS
from elasreg_core.training.sampling import LAWS, LOG_UNIFORM_FROM, log_uniform, simplex, uniform

SHAPE = (20000, 2, 3)


def drawn(law, shape=SHAPE, seed=0):
    return law(np.random.default_rng(seed), shape)


def test_the_configuration_knows_every_law():
    assert tuple(LAWS) == SAMPLING_LAWS


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
@pytest.mark.parametrize("shape", [(4, 2, 3), (1, 2, 1), (5, 1, 4), (3, 1, 1)])
def test_a_law_draws_what_is_asked_for_within_the_unit_interval(law, shape):
    draws = drawn(law, shape)
    assert (draws.shape, draws.dtype) == (shape, np.float32)
    assert draws.min() >= 0
    assert draws.max() <= 1


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_a_law_is_a_function_of_the_generator(law):
    np.testing.assert_array_equal(drawn(law, (4, 2, 3)), drawn(law, (4, 2, 3)))
    assert not np.array_equal(drawn(law, (4, 2, 3)), drawn(law, (4, 2, 3), seed=1))


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_pairs_and_classes_are_drawn_independently(law):
    lam = drawn(law)[:, 0]  # (20000, 3)
    # correlations of independent draws are within a few standard errors (1/√20000 = .007) of zero
    np.testing.assert_allclose(np.corrcoef(lam.T), np.eye(3), atol=0.03)
    assert abs(np.corrcoef(lam[:-1, 0], lam[1:, 0])[0, 1]) < 0.03


def test_uniform_parameters_cover_the_unit_interval_without_mass_at_its_ends():
    draws = drawn(uniform, (20000, 2, 2))
    assert draws.max() < 1
    # the standard error of each decile's share is √(.1·.9/80000) = .0011
    shares = np.histogram(draws, bins=10, range=(0, 1))[0] / draws.size
    np.testing.assert_allclose(shares, 0.1, atol=0.005)
    assert (draws == 0).mean() < 1e-3
    # λ and μ of all classes are independent
    np.testing.assert_allclose(np.corrcoef(draws.reshape(20000, 4).T), np.eye(4), atol=0.03)


def test_log_uniform_parameters_have_a_uniform_logarithm():
    draws = drawn(log_uniform)
    assert LOG_UNIFORM_FROM == 1e-3
    assert draws.min() >= np.float32(1e-3)
    # the middle of the exponents −3 and 0 is −1.5: half of the draws lie below 10^−1.5 = .0316
    assert np.median(draws) == pytest.approx(10**-1.5, rel=0.05)
    # a third of them in each of .001 … .01 … .1 … 1; the standard error is √(2/9/120000) = .0014
    shares = np.histogram(np.log10(draws), bins=3, range=(-3, 0))[0] / draws.size
    np.testing.assert_allclose(shares, 1 / 3, atol=0.007)
    # λ and μ are independent here too
    assert abs(np.corrcoef(draws[:, 0, 0], draws[:, 1, 0])[0, 1]) < 0.03


def test_the_simplex_is_filled_evenly():
    draws = drawn(simplex)
    sums = draws.sum(axis=1)
    assert sums.max() <= 1 + 1e-6
    lam, mu = draws[:, 0].ravel(), draws[:, 1].ravel()
    # uniform over the triangle λ + μ ≤ 1, which has area ½: E λ = 2 ∫ λ (1 − λ) dλ = 1/3, E λ² = 2 (1/3 − 1/4) = 1/6,
    # variance 1/6 − 1/9 = 1/18; E λμ = ∫ λ (1 − λ)² dλ = 1/12, covariance 1/12 − 1/9 = −1/36
    for values in (lam, mu):
        assert values.mean() == pytest.approx(1 / 3, abs=0.005)
        assert values.var() == pytest.approx(1 / 18, abs=0.001)
    assert np.cov(lam, mu)[0, 1] == pytest.approx(-1 / 36, abs=0.001)
    # λ + μ has the density 2s: half of the mass lies below s = √½
    assert (sums < np.sqrt(0.5)).mean() == pytest.approx(0.5, abs=0.01)


def test_on_the_simplex_a_single_parameter_is_uniform():
    shares = np.histogram(drawn(simplex, (60000, 1, 1)), bins=10, range=(0, 1))[0] / 60000
    np.testing.assert_allclose(shares, 0.1, atol=0.006)  # standard error √(.1·.9/60000) = .0012

"""Gradient refinement on made-up surfaces: uphill, within bounds, all tissues at once, never worse."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.refinement import refine
from elasreg_core.physics.parameters import DIFFUSION, ParameterField

START = ParameterField(((0.0, 0.0), (0.2, 0.2), (0.8, 0.5)))


def hill(peak):
    """1 − |v − peak|²: of the vector λ0 λ1 λ2 μ0 μ1 μ2."""
    peak = np.array(peak)
    return lambda vector: (float(1 - np.sum((vector - peak) ** 2)), (-2 * (vector - peak)).astype("f4"))


def test_it_climbs_to_the_top_in_all_tissues_jointly_and_leaves_the_background():
    found = refine(hill([0.9, 0.6, 0.4, 0.9, 0.1, 0.7]), START)
    assert found.parameters.nodes[0] == (0.0, 0.0)
    np.testing.assert_allclose(found.parameters.nodes[1:], [(0.6, 0.1), (0.4, 0.7)], atol=1e-4)
    assert found.after > found.before
    # what is left of the height is the background's: 1 − .81 − .81
    assert found.after == pytest.approx(-0.62, abs=1e-4)
    assert found.before == pytest.approx(-0.62 - (0.16 + 0.01 + 0.16 + 0.04), abs=1e-4)


def test_it_stays_within_the_trained_range():
    found = refine(hill([0.0, 1.7, -0.5, 0.0, 0.5, 0.5]), START)
    np.testing.assert_allclose(found.parameters.nodes[1:], [(1.0, 0.5), (0.0, 0.5)], atol=1e-4)


def test_where_nothing_is_gained_the_start_is_kept():
    flat = lambda vector: (0.8, np.zeros_like(vector))  # noqa: E731
    found = refine(flat, START)
    assert found.parameters == START
    assert found.before == found.after == 0.8


def test_a_gradient_that_misleads_does_no_harm():
    value, _ = hill([0.0, 0.2, 0.8, 0.0, 0.2, 0.5])(START.adaptive_vector())
    surface = hill([0.0, 0.2, 0.8, 0.0, 0.2, 0.5])
    found = refine(lambda vector: (surface(vector)[0], np.ones_like(vector)), START)
    assert found.after >= found.before == pytest.approx(value)


def test_diffusion_has_one_parameter_per_tissue():
    found = refine(hill([0.5, 0.3, 0.9]), ParameterField(((0.1,), (0.2,), (0.2,))))
    assert found.parameters.regularizer == DIFFUSION
    np.testing.assert_allclose(np.ravel(found.parameters.nodes), [0.1, 0.3, 0.9], atol=1e-4)


def test_the_passes_are_counted_and_bounded():
    asked = []

    def surface(vector):
        asked.append(vector)
        return hill([0.9, 0.6, 0.4, 0.9, 0.1, 0.7])(vector)

    found = refine(surface, START, max_iterations=1)
    assert found.passes == len(asked) <= 10

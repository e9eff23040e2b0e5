"""Inverse displacements, and how much of one does not fold."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.phantoms.motion import inverse_displacement, scale_to_unfold
from elasreg_core.physics.fields import identity_grid, jacobian_determinant, warp_image


def bumps(sides):
    """A displacement that vanishes at the rim; its slope, at most π · .12, stays well below 1."""
    grid = identity_grid(sides) / (np.array(sides) - 1)
    envelope = 0.12 * min(sides) * np.prod(np.sin(np.pi * grid), axis=-1)
    return np.stack([envelope * np.cos(k + 2 * grid[..., 0]) for k in range(len(sides))], axis=-1)


def compose(u, v):
    """u(q + v(q)) + v(q)."""
    return np.stack([warp_image(component, v) for component in np.moveaxis(u, -1, 0)], axis=-1) + v


@pytest.mark.parametrize("sides", [(40, 27), (22, 18, 15)])
def test_a_displacement_and_its_inverse_lead_nowhere(sides):
    u = bumps(sides)
    v = inverse_displacement(u)
    np.testing.assert_allclose(compose(u, v), 0, atol=3e-3)
    np.testing.assert_allclose(compose(v, u), 0, atol=0.08)  # u between voxels is not v between voxels
    assert np.abs(compose(u, -u)).max() > 0.1  # −u would not have done


def test_the_inverse_of_a_shift_is_the_shift_back():
    u = np.broadcast_to([1.5, -0.25], (9, 7, 2))
    np.testing.assert_allclose(inverse_displacement(u), -u, atol=1e-6)


def test_the_inverse_of_a_stretch_by_half_is_a_shrinking_to_two_thirds():
    # φ(p) = 1.5 p, so φ⁻¹(q) = q / 1.5 and v = −q / 3
    grid = identity_grid((30, 13))
    np.testing.assert_allclose(inverse_displacement(0.5 * grid), -grid / 3, atol=5e-3)


def test_a_displacement_that_does_not_fold_stays_whole():
    assert scale_to_unfold(bumps((40, 27)), 0.08) == 1


def test_a_folding_displacement_is_scaled_in_steps_of_a_twentieth():
    # u = (−1.2 x, 0): det J = 1 − 1.2 f ≥ .1 from f = .75 on; .95⁵ = .774 is too much, .95⁶ = .735 is not
    u = np.stack([-1.2 * identity_grid((8, 5))[..., 0], np.zeros((8, 5))], axis=-1)
    factor = scale_to_unfold(u, 0.1)
    assert factor == pytest.approx(0.95**6)
    assert jacobian_determinant(factor * u).min() == pytest.approx(1 - 1.2 * 0.95**6, abs=1e-5)

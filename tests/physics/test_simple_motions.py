"""Simple motions: what they do to points, and that their energies are the known ones."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.physics.energy_parts import energy_parts
from elasreg_core.physics.fields import displacement_gradient, jacobian_determinant
from elasreg_core.physics.simple_motions import MOTIONS

SHAPE = (9, 5)  # the middle is voxel (4, 2)

# Elastic energy and Σ (∂_i u_j)² as METHOD and the page state them, for λ, μ and an amount
BY_HAND = {
    "Translation": lambda lam, mu, t: (0, 0),
    "Rotation": lambda lam, mu, w: (0, 2 * w**2),
    "Turn": lambda lam, mu, a: ((2 * lam + 2 * mu) * (1 - np.cos(a)) ** 2, 4 * (1 - np.cos(a))),
    "Stretch": lambda lam, mu, a: ((lam / 2 + mu) * a**2, a**2),
    "Shear": lambda lam, mu, g: (mu * g**2 / 2, g**2),
    "Dilation": lambda lam, mu, a: ((2 * lam + 2 * mu) * a**2, 2 * a**2),
}


@pytest.mark.parametrize("name", MOTIONS)
@pytest.mark.parametrize("amount", [-0.5, 0.0, 0.3])
def test_energies_measured_known_and_by_hand_agree(name, amount):
    lam, mu = 0.7, 0.3
    elastic, diffusion = BY_HAND[name](lam, mu, amount)
    measured = energy_parts(MOTIONS[name].displacement(SHAPE, amount))
    for parts in (measured, MOTIONS[name].known(amount)):
        assert parts.elastic(lam, mu) == pytest.approx(elastic, abs=1e-12)
        assert parts.per_weight == pytest.approx(diffusion, abs=1e-12)
    assert measured == pytest.approx(MOTIONS[name].known(amount), abs=1e-12)  # λ's and μ's parts, each by itself


@pytest.mark.parametrize("motion", MOTIONS.values(), ids=list(MOTIONS))
def test_the_gradient_is_that_of_the_field(motion):
    found = displacement_gradient(motion.displacement(SHAPE, 0.3))
    np.testing.assert_allclose(found, np.broadcast_to(motion.gradient(0.3), found.shape), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "u"),
    [
        # at voxel (8, 3), which is (4, 1) from the middle, for an amount of 0.5
        ("Translation", (4.5, 0)),  # half of 9 voxels
        ("Rotation", (-0.5, 2)),  # ω (−p_1, p_0): counter-clockwise with axis 1 upwards
        ("Turn", (4 * np.cos(0.5) - np.sin(0.5) - 4, 4 * np.sin(0.5) + np.cos(0.5) - 1)),
        ("Stretch", (2, 0)),
        ("Shear", (0, 2)),
        ("Dilation", (2, 0.5)),
    ],
)
def test_a_point_goes_where_the_formula_says(name, u):
    np.testing.assert_allclose(MOTIONS[name].displacement(SHAPE, 0.5)[8, 3], u, atol=1e-12)


def test_a_turn_keeps_areas_and_an_infinitesimal_rotation_at_a_finite_angle_does_not():
    # det R = 1; det [[1, −ω], [ω, 1]] = 1 + ω²
    turn, rotation = (jacobian_determinant(MOTIONS[name].displacement(SHAPE, 0.5)) for name in ("Turn", "Rotation"))
    np.testing.assert_allclose(turn, 1)
    np.testing.assert_allclose(rotation, 1.25)

"""Known answers of the elastic energy e = μ ε:ε + ½ λ (div u)², derived by hand, in 2D and 3D.

All fields here are linear in the coordinates, u = p·A with A[i, j] = ∂_i u_j, so that forward differences are exact
and the energy density is the same at every voxel.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.differences import forward_gradient
from elasreg_core.physics.elasticity import elastic_energy_density
from elasreg_core.physics.fields import identity_grid

GRIDS = [(6, 9), (5, 7, 8)]
LAM, MU = 0.7, 0.3


def energy(displacement, lam=LAM, mu=MU, spacing_mm=None):
    """Mean energy of one displacement (X, Y[, Z], D)."""
    ones = (1,) * (displacement.shape[-1] + 1)
    lam, mu = (np.broadcast_to(np.asarray(v, "f4"), ones if np.ndim(v) == 0 else np.shape(v)) for v in (lam, mu))
    field = tf.constant(displacement[np.newaxis].astype("f4"))
    return float(tf.reduce_mean(elastic_energy_density(field, tf.constant(lam), tf.constant(mu), spacing_mm)))


def linear(grid, matrix):
    return identity_grid(grid) @ np.asarray(matrix, "f4")


def axis_pairs():
    return [(grid, i, j) for grid in GRIDS for i, j in itertools.permutations(range(len(grid)), 2)]


@pytest.mark.parametrize("grid", GRIDS)
def test_forward_gradient_is_axis_then_component(grid):
    # u_j = Σ_i p_i A_ij, so ∂_i u_j = A_ij, with every entry different
    matrix = np.arange(1, len(grid) ** 2 + 1).reshape(len(grid), len(grid)) / 10
    gradient = forward_gradient(tf.constant(linear(grid, matrix)[np.newaxis])).numpy()
    assert gradient.shape == (1, *(side - 1 for side in grid), len(grid), len(grid))
    np.testing.assert_allclose(gradient, np.broadcast_to(matrix, gradient.shape), atol=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_translation_costs_nothing(grid):
    assert energy(np.full((*grid, len(grid)), 3.5)) == 0


@pytest.mark.parametrize(("grid", "i", "j"), axis_pairs())
def test_infinitesimal_rotation_costs_nothing_in_any_plane(grid, i, j):
    # u_i = −ω p_j, u_j = ω p_i: ε = 0 and div u = 0. (Pairing axes with the wrong components makes this 2 μ ω².)
    matrix = np.zeros((len(grid), len(grid)))
    matrix[j, i], matrix[i, j] = -0.1, 0.1
    assert energy(linear(grid, matrix)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("grid", "axis"), [(grid, axis) for grid in GRIDS for axis in range(len(grid))])
def test_stretch_along_any_axis(grid, axis):
    # u_i = a p_i: ε_ii = a, so μ a² + ½ λ a²
    a = 0.2
    matrix = np.zeros((len(grid), len(grid)))
    matrix[axis, axis] = a
    assert energy(linear(grid, matrix)) == pytest.approx((LAM / 2 + MU) * a**2, rel=1e-4)


@pytest.mark.parametrize(("grid", "i", "j"), axis_pairs())
def test_simple_shear_in_any_plane(grid, i, j):
    # u_j = γ p_i: ε_ij = ε_ji = γ/2, so μ · 2 (γ/2)² = μ γ²/2; div u = 0, so λ plays no part
    gamma = 0.3
    matrix = np.zeros((len(grid), len(grid)))
    matrix[i, j] = gamma
    assert energy(linear(grid, matrix)) == pytest.approx(MU * gamma**2 / 2, rel=1e-4)
    assert energy(linear(grid, matrix), mu=0.0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("grid", GRIDS)
def test_dilation(grid):
    # u = a p: ε = a·1, ε:ε = d a², div u = d a
    a, d = 0.15, len(grid)
    assert energy(linear(grid, a * np.eye(d))) == pytest.approx((LAM * d**2 / 2 + MU * d) * a**2, rel=1e-4)


@pytest.mark.parametrize("grid", GRIDS)
def test_axes_and_components_may_be_permuted_together_but_not_apart(grid):
    u = np.random.default_rng(0).normal(size=(*grid, len(grid)))
    order = [*range(1, len(grid)), 0]
    together = np.transpose(u, [*order, len(grid)])[..., order]
    apart = np.transpose(u, [*order, len(grid)])
    assert energy(together) == pytest.approx(energy(u), rel=1e-4)
    assert energy(apart) != pytest.approx(energy(u), rel=1e-2)


@pytest.mark.parametrize("grid", GRIDS)
def test_energy_is_linear_in_the_parameters(grid):
    u = np.random.default_rng(1).normal(size=(*grid, len(grid)))
    assert energy(u, 0.4, 0.9) == pytest.approx(0.4 * energy(u, 1.0, 0.0) + 0.9 * energy(u, 0.0, 1.0), rel=1e-4)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_constant_map_is_the_global_form_and_a_map_weights_its_own_voxels(grid):
    u = np.random.default_rng(2).normal(size=(*grid, len(grid)))
    constant = energy(u, np.full((1, *grid), LAM), np.full((1, *grid), MU))
    assert constant == pytest.approx(energy(u), rel=1e-5)
    # stretch in one axis, stiff (μ = 1) only where the first index is 0: on the (n−1) forward voxels that is 1/(n−1)
    stiff = np.zeros((1, *grid), "f4")
    stiff[:, 0] = 1
    matrix = np.zeros((len(grid), len(grid)))
    matrix[1, 1] = 0.2
    assert energy(linear(grid, matrix), np.zeros((1, *grid)), stiff) == pytest.approx(0.04 / (grid[0] - 1), rel=1e-4)


def test_spacing_turns_the_gradient_into_millimetres():
    # u_1 = γ p_0 in voxels; with spacings s: ∂(u_1 s_1)/∂(p_0 s_0) = γ s_1/s_0 = 0.3 · 5/2
    matrix = np.zeros((2, 2))
    matrix[0, 1] = 0.3
    assert energy(linear((6, 9), matrix), spacing_mm=(2.0, 5.0)) == pytest.approx(MU * (0.3 * 2.5) ** 2 / 2, rel=1e-4)


@pytest.mark.parametrize("grid", [(4, 5), (3, 4, 5)])
def test_gradient_of_the_energy_equals_finite_differences(grid):
    rng = np.random.default_rng(3)
    u, direction = rng.normal(size=(2, 1, *grid, len(grid)))
    maps = [tf.constant(rng.random((1, *grid))) for _ in range(2)]

    def total(field):
        return tf.reduce_sum(elastic_energy_density(field, *maps))

    field = tf.constant(u)
    with tf.GradientTape() as tape:
        tape.watch(field)
        value = total(field)
    slope = float(tf.reduce_sum(tape.gradient(value, field) * direction))
    h = 1e-5
    numeric = float(total(field + h * direction) - total(field - h * direction)) / (2 * h)
    assert slope == pytest.approx(numeric, rel=1e-6)

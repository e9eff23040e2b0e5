"""Known answers of the diffusion energy d = λ Σ_ij (∂_i u_j)², derived by hand, in 2D and 3D.

As in test_elasticity.py, fields are linear in the coordinates, u = p·A with A[i, j] = ∂_i u_j: forward differences are
exact, and the energy is λ times the sum of A's squared entries at every voxel.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.diffusion import diffusion_energy_density
from elasreg_core.physics.fields import identity_grid

GRIDS = [(6, 9), (5, 7, 8)]
LAM = 0.7


def energy(displacement, weight=LAM, spacing_mm=None):
    """Mean energy of one displacement (X, Y[, Z], D)."""
    ones = (1,) * displacement.ndim
    weight = np.broadcast_to(np.asarray(weight, "f4"), ones if np.ndim(weight) == 0 else np.shape(weight))
    field = tf.constant(displacement[np.newaxis].astype("f4"))
    return float(tf.reduce_mean(diffusion_energy_density(field, tf.constant(weight), spacing_mm)))


def linear(grid, matrix):
    return identity_grid(grid) @ np.asarray(matrix, "f4")


def axis_pairs():
    return [(grid, i, j) for grid in GRIDS for i, j in itertools.permutations(range(len(grid)), 2)]


@pytest.mark.parametrize("grid", GRIDS)
def test_there_is_one_density_for_every_voxel_that_has_a_next_one(grid):
    density = diffusion_energy_density(tf.zeros((2, *grid, len(grid))), tf.ones((2, *[1] * len(grid))))
    assert density.shape == (2, *(side - 1 for side in grid))


@pytest.mark.parametrize("grid", GRIDS)
def test_translation_costs_nothing(grid):
    assert energy(np.full((*grid, len(grid)), 3.5)) == 0


@pytest.mark.parametrize(("grid", "axis"), [(grid, axis) for grid in GRIDS for axis in range(len(grid))])
def test_stretch_along_any_axis(grid, axis):
    # u_i = a p_i: one derivative, a, so λ a²
    a = 0.2
    matrix = np.zeros((len(grid), len(grid)))
    matrix[axis, axis] = a
    assert energy(linear(grid, matrix)) == pytest.approx(LAM * a**2, rel=1e-4)


@pytest.mark.parametrize(("grid", "i", "j"), axis_pairs())
def test_a_small_rotation_costs_as_much_as_twice_the_shear_in_any_plane(grid, i, j):
    # u_i = −θ p_j, u_j = θ p_i: two derivatives of size θ, so 2 λ θ²; the elastic energy of the same is 0
    theta = 0.05
    matrix = np.zeros((len(grid), len(grid)))
    matrix[j, i], matrix[i, j] = -theta, theta
    assert energy(linear(grid, matrix)) == pytest.approx(2 * LAM * theta**2, rel=1e-4)
    # a simple shear has one of them: λ γ²
    matrix[j, i] = 0
    assert energy(linear(grid, matrix)) == pytest.approx(LAM * theta**2, rel=1e-4)


def test_a_true_rotation_costs_nearly_that():
    # φ = R p, u = (R − 1) p: twice (1 − cos θ)² + sin² θ, in all 4 λ (1 − cos θ) = 2 λ θ² (1 − θ²/12 + …)
    theta = 0.1
    turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]]) - np.eye(2)
    found = energy(linear((6, 9), turn))
    assert found == pytest.approx(4 * LAM * (1 - np.cos(theta)), rel=1e-4)
    assert found == pytest.approx(2 * LAM * theta**2, rel=2e-3)


@pytest.mark.parametrize("grid", GRIDS)
def test_every_derivative_counts_by_its_square(grid):
    matrix = np.arange(1, len(grid) ** 2 + 1).reshape(len(grid), len(grid)) / 20
    assert energy(linear(grid, matrix)) == pytest.approx(LAM * np.sum(matrix**2), rel=1e-4)


@pytest.mark.parametrize("grid", GRIDS)
def test_energy_is_linear_in_the_parameter(grid):
    u = np.random.default_rng(1).normal(size=(*grid, len(grid)))
    assert energy(u, 0.0) == 0
    assert energy(u, 0.9) == pytest.approx(0.9 * energy(u, 1.0), rel=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_constant_map_is_the_global_form_and_a_map_weights_its_own_voxels(grid):
    u = np.random.default_rng(2).normal(size=(*grid, len(grid)))
    assert energy(u, np.full((1, *grid), LAM)) == pytest.approx(energy(u), rel=1e-5)
    # stretch along axis 1, stiff (λ = 1) only where the first index is 0: on the (n−1) forward voxels that is 1/(n−1)
    stiff = np.zeros((1, *grid), "f4")
    stiff[:, 0] = 1
    matrix = np.zeros((len(grid), len(grid)))
    matrix[1, 1] = 0.2
    assert energy(linear(grid, matrix), stiff) == pytest.approx(0.04 / (grid[0] - 1), rel=1e-4)


def test_every_sample_has_its_own_weight():
    u = tf.constant(np.random.default_rng(3).normal(size=(1, 6, 9, 2)), tf.float32)
    one, two = diffusion_energy_density(tf.repeat(u, 2, axis=0), tf.reshape(tf.constant([0.25, 0.75]), (2, 1, 1)))
    np.testing.assert_allclose(two, 3 * one.numpy(), rtol=1e-5)


def test_spacing_turns_the_gradient_into_millimetres():
    # u_1 = γ p_0 in voxels; with spacings s: ∂(u_1 s_1)/∂(p_0 s_0) = γ s_1/s_0 = 0.3 · 5/2
    matrix = np.zeros((2, 2))
    matrix[0, 1] = 0.3
    assert energy(linear((6, 9), matrix), spacing_mm=(2.0, 5.0)) == pytest.approx(LAM * (0.3 * 2.5) ** 2, rel=1e-4)


@pytest.mark.parametrize("grid", [(4, 5), (3, 4, 5)])
def test_gradient_of_the_energy_equals_finite_differences(grid):
    rng = np.random.default_rng(3)
    u, direction = rng.normal(size=(2, 1, *grid, len(grid)))
    weight = tf.constant(rng.random((1, *grid)))

    def total(field):
        return tf.reduce_sum(diffusion_energy_density(field, weight))

    field = tf.constant(u)
    with tf.GradientTape() as tape:
        tape.watch(field)
        value = total(field)
    slope = float(tf.reduce_sum(tape.gradient(value, field) * direction))
    h = 1e-5
    numeric = float(total(field + h * direction) - total(field - h * direction)) / (2 * h)
    assert slope == pytest.approx(numeric, rel=1e-6)

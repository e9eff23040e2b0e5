"""The energies taken apart: equal to those that training uses, in 2D and 3D, on unequal sides."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.diffusion import diffusion_energy_density
from elasreg_core.physics.elasticity import elastic_energy_density
from elasreg_core.physics.energy_parts import energy_parts

GRIDS = [(6, 9), (5, 7, 4)]


@pytest.mark.parametrize("grid", GRIDS)
def test_they_equal_the_energies_that_training_uses(grid):
    u = np.random.default_rng(0).normal(size=(*grid, len(grid)))
    lam, mu = 0.7, 0.3
    maps = [tf.constant(np.full((1,) * (len(grid) + 1), value, "f4")) for value in (lam, mu)]
    field = tf.constant(u[np.newaxis].astype("f4"))
    parts = energy_parts(u)
    elastic, diffusion = elastic_energy_density(field, *maps), diffusion_energy_density(field, maps[1])
    assert parts.elastic(lam, mu) == pytest.approx(float(tf.reduce_mean(elastic)), rel=1e-5)
    assert mu * parts.per_weight == pytest.approx(float(tf.reduce_mean(diffusion)), rel=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_every_gradient_counts_once(grid):
    # u_j = Σ_i p_i A_ij with A = [[.1, .2], [.3, .4]]: ε_01 = .25, so ε:ε = .01 + .16 + 2 · .0625 = .295;
    # ½ (.5)² = .125; Σ A² = .01 + .04 + .09 + .16 = .3. A third axis that does not move changes nothing.
    gradient = np.zeros((len(grid), len(grid)))
    gradient[:2, :2] = [[0.1, 0.2], [0.3, 0.4]]
    u = np.moveaxis(np.indices(grid), 0, -1) @ gradient
    assert energy_parts(u) == pytest.approx((0.295, 0.125, 0.3))

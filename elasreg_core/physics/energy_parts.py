"""The energies of a displacement, taken apart (NumPy): what λ, what μ, and what diffusion's λ is multiplied with.

    e(u) = μ · ε:ε + λ · ½ (div u)²,    d(u) = λ · Σ_ij (∂_i u_j)²,    ε_ij = ½ (∂_i u_j + ∂_j u_i)

The same forward differences as in `physics/elasticity.py` and `physics/diffusion.py`, whose numbers these equal by
test; here without TensorFlow, for a picture that is drawn anew at every touch of a slider.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elasreg_core.physics.fields import FloatArray


class EnergyParts(NamedTuple):
    """Mean energies of a displacement, each per unit of its parameter.

    Attributes:
        per_mu: ε:ε, change of shape and size, what μ is multiplied with.
        per_lam: ½ (div u)², change of volume, what λ is multiplied with.
        per_weight: Σ (∂_i u_j)², what diffusion's λ is multiplied with.
    """

    per_mu: float
    per_lam: float
    per_weight: float

    def elastic(self, lam: float, mu: float) -> float:
        """The elastic energy."""
        return mu * self.per_mu + lam * self.per_lam


def energy_parts(displacement: FloatArray) -> EnergyParts:
    """The parts, averaged over the voxels that have a next voxel along every axis.

    Args:
        displacement: shape `(X, Y[, Z], D)`, in voxels.

    Example:
        Stretched by 0.5 along one axis: ε:ε = (div u)² = 0.25.

        >>> print(*energy_parts(np.indices((4, 3)).transpose(1, 2, 0) * [0.5, 0.0]))
        0.25 0.125 0.25
    """
    dim = displacement.shape[-1]
    inner = (slice(None, -1),) * dim
    gradient = np.stack(
        [np.diff(displacement, axis=i)[(*inner[:i], slice(None), *inner[i + 1 :])] for i in range(dim)], axis=-2
    )  # (X−1, Y−1[, Z−1], D, D), entry [..., i, j] = ∂_i u_j
    strain = (gradient + gradient.swapaxes(-2, -1)) / 2
    divergence = np.trace(strain, axis1=-2, axis2=-1)
    return EnergyParts(
        float((strain**2).sum(axis=(-2, -1)).mean()),
        float((divergence**2).mean() / 2),
        float((gradient**2).sum(axis=(-2, -1)).mean()),
    )

"""The linear elastic energy of a displacement (TensorFlow), one code path for 2D and 3D.

    e(u) = ¼ μ Σ_ij (∂_i u_j + ∂_j u_i)² + ½ λ (div u)²  =  μ ε:ε + ½ λ (tr ε)²

Second term of Eq. 1 in Reithmeir et al., MICCAI 2024. The index i of ∂_i is the array axis, the index j of
u_j the component, and both follow the one numbering of `physics/fields.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from elasreg_core.physics.differences import forward_gradient, on_gradient_grid


def elastic_energy_density(
    displacement: tf.Tensor, lam: tf.Tensor, mu: tf.Tensor, spacing_mm: Sequence[float] | None = None
) -> tf.Tensor:
    """The elastic energy e(u; λ, μ) at every voxel that has a next voxel along every axis.

    Args:
        displacement: shape `(B, X, Y[, Z], D)`, in voxels.
        lam: Λ, shape `(B, X, Y[, Z])` for a map, or `(B, 1, 1[, 1])` for one value per sample.
        mu: Γ, shaped like `lam`.
        spacing_mm: see `forward_gradient`.

    Returns:
        Shape `(B, X−1, Y−1[, Z−1])`. Its mean over the voxels is the regularizer.

    Example:
        A stretch by a = 0.1 along one axis with λ = 1, μ = 0.5 gives (λ/2 + μ) a² = 0.01.
    """
    gradient = forward_gradient(displacement, spacing_mm)
    strain = 0.5 * (gradient + tf.linalg.matrix_transpose(gradient))
    shear = tf.reduce_sum(tf.square(strain), axis=(-2, -1))  # ε:ε
    volume_change = tf.linalg.trace(strain)  # div u
    return on_gradient_grid(mu) * shear + 0.5 * on_gradient_grid(lam) * tf.square(volume_change)

"""The diffusion energy of a displacement (TensorFlow): how much it varies, whatever the direction.

    d(u) = λ |∇u|² = λ Σ_ij (∂_i u_j)²

The regularizer of HyperMorph (Hoopes et al., IPMI 2021) and of the models diff-g and diff-sas of Reithmeir et al.,
MICCAI 2024. Unlike the elastic energy, a rotation costs something.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from elasreg_core.physics.differences import forward_gradient, on_gradient_grid


def diffusion_energy_density(
    displacement: tf.Tensor, weight: tf.Tensor, spacing_mm: Sequence[float] | None = None
) -> tf.Tensor:
    """The diffusion energy d(u; λ) at every voxel that has a next voxel along every axis.

    Args:
        displacement: shape `(B, X, Y[, Z], D)`, in voxels.
        weight: Λ, shape `(B, X, Y[, Z])` for a map, or `(B, 1, 1[, 1])` for one value per sample.
        spacing_mm: see `forward_gradient`.

    Returns:
        Shape `(B, X−1, Y−1[, Z−1])`. Its mean over the voxels is the regularizer.

    Example:
        A stretch by a = 0.1 along one axis with λ = 0.5 gives λ a² = 0.005.
    """
    gradient = forward_gradient(displacement, spacing_mm)
    return on_gradient_grid(weight) * tf.reduce_sum(tf.square(gradient), axis=(-2, -1))

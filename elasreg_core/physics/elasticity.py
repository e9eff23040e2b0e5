"""The linear elastic energy of a displacement (TensorFlow), one code path for 2D and 3D.

    e(u) = ¼ μ Σ_ij (∂_i u_j + ∂_j u_i)² + ½ λ (div u)²  =  μ ε:ε + ½ λ (tr ε)²

Second term of Eq. 1 in Reithmeir et al., MICCAI 2024. The index i of ∂_i is the array axis, the index j of
u_j the component, and both follow the one numbering of `physics/fields.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf


def forward_gradient(displacement: tf.Tensor, spacing_mm: Sequence[float] | None = None) -> tf.Tensor:
    """Forward differences ∂_i u_j of a displacement, on the voxels that have a next voxel along every axis.

    Args:
        displacement: shape `(B, X, Y[, Z], D)`, in voxels.
        spacing_mm: the voxel sizes, for the gradient in physical space; None (the paper's choice) means voxel units.

    Returns:
        Shape `(B, X−1, Y−1[, Z−1], D, D)`, entry `[..., i, j] = ∂_i u_j`, dimensionless.
    """
    dim = displacement.shape[-1]
    here = _shifted(displacement, axis=None)
    gradient = tf.stack([_shifted(displacement, axis=i) - here for i in range(dim)], axis=-2)
    if spacing_mm is None:
        return gradient
    size = tf.constant(spacing_mm, gradient.dtype)
    return gradient * (size[tf.newaxis, :] / size[:, tf.newaxis])  # ∂_i u_j → (s_j / s_i) ∂_i u_j


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
    return _lower_corner(mu) * shear + 0.5 * _lower_corner(lam) * tf.square(volume_change)


def _shifted(field: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The field one voxel further along `axis`, on the (X−1, Y−1[, Z−1]) grid of forward differences."""
    dim = field.shape[-1]
    begin = [0, *(1 if i == axis else 0 for i in range(dim)), 0]
    end = [None, *(None if i == axis else -1 for i in range(dim)), None]
    return field[tuple(slice(b, e) for b, e in zip(begin, end, strict=True))]


def _lower_corner(parameter_map: tf.Tensor) -> tf.Tensor:
    """A parameter map on the grid of forward differences; one value per sample stays as it is."""
    keep = [slice(None, -1) if side != 1 else slice(None) for side in parameter_map.shape[1:]]
    return parameter_map[(slice(None), *keep)]

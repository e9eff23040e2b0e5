"""Forward differences of a displacement (TensorFlow), one code path for 2D and 3D: what every energy is made of."""

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


def on_gradient_grid(parameter_map: tf.Tensor) -> tf.Tensor:
    """A parameter map `(B, X, Y[, Z])` on the grid of forward differences; `(B, 1, 1[, 1])` stays as it is."""
    keep = [slice(None, -1) if side != 1 else slice(None) for side in parameter_map.shape[1:]]
    return parameter_map[(slice(None), *keep)]


def _shifted(field: tf.Tensor, axis: int | None) -> tf.Tensor:
    """The field one voxel further along `axis`, on the (X−1, Y−1[, Z−1]) grid of forward differences."""
    dim = field.shape[-1]
    begin = [0, *(1 if i == axis else 0 for i in range(dim)), 0]
    end = [None, *(None if i == axis else -1 for i in range(dim)), None]
    return field[tuple(slice(b, e) for b, e in zip(begin, end, strict=True))]

"""The loss: local normalized cross-correlation against a regularizer's energy (TensorFlow).

    elastic:    mean[ (2 − Λ − Γ) · (−NCC(F, M∘φ)) ] + scale · mean[ e(u; Λ, Γ) ]
    diffusion:  mean[ (1 − Λ) · (−NCC(F, M∘φ)) ] + scale · mean[ Λ |∇u|² ]

Eq. 1 and 2 of Reithmeir et al., MICCAI 2024, where scale is 1, and HyperMorph's. u is the integrated displacement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from elasreg_core.networks.architecture import Model
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.parameters import Regularizer
from elasreg_core.physics.regularizers import ENERGIES

WINDOW = 9
_EPSILON = 1e-5


class LossTerms(NamedTuple):
    """Scalars: the loss, and its terms as they enter it."""

    total: tf.Tensor
    similarity: tf.Tensor
    energy: tf.Tensor
    overlap: tf.Tensor
    supervision: tf.Tensor


def registration_loss(
    fixed: tf.Tensor,
    warped: tf.Tensor,
    field: tf.Tensor,
    maps: Sequence[tf.Tensor],
    regularizer: Regularizer,
    regularization_scale: float,
) -> LossTerms:
    """The paper's loss.

    Args:
        fixed: the fixed images, shape `(B, X, Y[, Z], 1)`.
        warped: the warped moving images, same shape.
        field: what is regularized, the displacement in the paper: shape `(B, X, Y[, Z], D)`, in voxels.
        maps: the regularizer's parameters in its order, Λ and Γ, or Λ: each a map `(B, X, Y[, Z])` (adaptive) or
            `(B, 1, 1[, 1])` (global).
        regularizer: which energy.
        regularization_scale: factor on the energy; 1 in the paper.
    """
    similarity = tf.reduce_mean(similarity_weight(maps) * -local_ncc(fixed, warped))
    energy = regularization_scale * tf.reduce_mean(ENERGIES[regularizer.name](field, *maps))
    return LossTerms(similarity + energy, similarity, energy, tf.zeros(()), tf.zeros(()))


def similarity_weight(maps: Sequence[tf.Tensor]) -> tf.Tensor:
    """2 − Λ − Γ (elastic) or 1 − Λ (diffusion): never negative, as every parameter is in [0, 1]."""
    return float(len(maps)) - tf.add_n(list(maps))


def parameter_maps(parameters: tf.Tensor, labels: tf.Tensor, model: Model) -> tuple[tf.Tensor, ...]:
    """Λ and Γ of Eq. 1, or Λ: per voxel from the fixed labels (adaptive), or one value per sample (global).

    Args:
        parameters: shape `(B, P·C)`, λ of all classes, then μ; or `(B, P)`; a single row counts for the whole batch.
        labels: of the fixed image, shape `(B, X, Y[, Z])`.
        model: whose parameters these are.

    Returns:
        P maps `(B, X, Y[, Z])`, or P of shape `(B, 1, 1[, 1])` or `(1, 1, 1[, 1])`.
    """
    each = tf.split(parameters, len(model.regularizer.parameters), axis=1)
    if model.is_adaptive:
        each = [tf.broadcast_to(rows, (labels.shape[0], rows.shape[1])) for rows in each]
        return tuple(tf.gather(rows, labels, batch_dims=1) for rows in each)
    ones = (1,) * (len(labels.shape) - 1)
    return tuple(tf.reshape(rows, (-1, *ones)) for rows in each)


def local_ncc(fixed: tf.Tensor, warped: tf.Tensor, window: int = WINDOW) -> tf.Tensor:
    """Squared local normalized cross-correlation at every voxel, VoxelMorph's `NCC().ncc`, ten times faster.

    Args:
        fixed: shape `(B, X, Y[, Z], 1)`.
        warped: same shape.
        window: side of the window, in voxels; outside the image counts as 0.

    Returns:
        Shape `(B, X, Y[, Z])`, in [0, 1] up to rounding.
    """
    i, j = fixed[..., 0], warped[..., 0]
    n = float(window ** (len(i.shape) - 1))
    sum_i, sum_j = _box_sum(i, window), _box_sum(j, window)
    cross = _box_sum(i * j, window) - sum_i * sum_j / n
    variance_i = _box_sum(i * i, window) - sum_i * sum_i / n
    variance_j = _box_sum(j * j, window) - sum_j * sum_j / n
    cross, variance_i, variance_j = (tf.maximum(x, _EPSILON) for x in (cross, variance_i, variance_j))
    return (cross / variance_i) * (cross / variance_j)


def _box_sum(image: tf.Tensor, window: int) -> tf.Tensor:
    """Sums over a window around every voxel, axis by axis, as shifted additions (on CPUs faster than convolving)."""
    half = window // 2
    for axis in range(1, len(image.shape)):
        side = image.shape[axis]
        padded = tf.pad(image, [(half, half) if i == axis else (0, 0) for i in range(len(image.shape))])
        index = [slice(None)] * axis
        image = tf.add_n([padded[(*index, slice(shift, shift + side))] for shift in range(window)])
    return image

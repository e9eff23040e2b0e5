"""The training loss: local normalized cross-correlation against the elastic energy (TensorFlow).

    mean[ (2 − Λ − Γ) · (−NCC(F, M∘φ)) ] + scale · mean[ e(u; Λ, Γ) ]

Eq. 1 and 2 of Reithmeir et al., MICCAI 2024, where scale is 1. u is the integrated displacement. Two terms may be
added where the training pairs are phantoms: the overlap of their labels, and at first the distance to the true motion.
"""

from __future__ import annotations

from typing import NamedTuple

from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.elasticity import elastic_energy_density

WINDOW = 9
_EPSILON = 1e-5


class LossTerms(NamedTuple):
    """Scalars: the loss, and its terms as they enter it."""

    total: tf.Tensor
    similarity: tf.Tensor
    energy: tf.Tensor
    overlap: tf.Tensor
    supervision: tf.Tensor


def elastic_loss(
    fixed: tf.Tensor,
    warped: tf.Tensor,
    displacement: tf.Tensor,
    lam: tf.Tensor,
    mu: tf.Tensor,
    regularization_scale: float,
) -> LossTerms:
    """The elastic registration loss.

    Args:
        fixed: the fixed images, shape `(B, X, Y[, Z], 1)`.
        warped: the warped moving images, same shape.
        displacement: shape `(B, X, Y[, Z], D)`, in voxels.
        lam: Λ, a map `(B, X, Y[, Z])` (adaptive) or `(B, 1, 1[, 1])` (global).
        mu: Γ, shaped like `lam`.
        regularization_scale: factor on the energy; 1 in the paper.
    """
    weight = 2.0 - lam - mu  # never negative: both are in [0, 1]
    similarity = tf.reduce_mean(weight * -local_ncc(fixed, warped))
    energy = regularization_scale * tf.reduce_mean(elastic_energy_density(displacement, lam, mu))
    return LossTerms(similarity + energy, similarity, energy, tf.zeros(()), tf.zeros(()))


def with_overlap(
    terms: LossTerms, fixed_masks: tf.Tensor, warped_masks: tf.Tensor, lam: tf.Tensor, mu: tf.Tensor, weight: float
) -> LossTerms:
    """Adds weight · mean[ (2 − Λ − Γ) · (1 − Dice) ] over the tissues, Dice being soft.

    It stands beside the similarity and is weighed against the energy as that is; in the adaptive network every tissue
    counts by its own λ and μ. (Labels in training only, as VoxelMorph has it: Balakrishnan et al., IEEE TMI 38, 2019.)

    Args:
        terms: the loss so far.
        fixed_masks: one channel per tissue, 0 or 1, shape `(B, X, Y[, Z], C−1)`.
        warped_masks: those of the moving labels, warped linearly, same shape.
        lam: Λ, as in `elastic_loss`.
        mu: Γ.
        weight: of the term.
    """
    space = list(range(1, len(fixed_masks.shape) - 1))
    in_fixed, in_warped = (tf.reduce_sum(masks, space) for masks in (fixed_masks, warped_masks))  # (B, C−1)
    dice = 2 * tf.reduce_sum(fixed_masks * warped_masks, space) / tf.maximum(in_fixed + in_warped, 1.0)
    trade = tf.reduce_sum((2.0 - lam - mu)[..., tf.newaxis] * fixed_masks, space) / tf.maximum(in_fixed, 1.0)
    present = tf.cast((in_fixed > 0) & (in_warped > 0), dice.dtype)
    overlap = weight * tf.reduce_sum(present * trade * (1 - dice)) / tf.maximum(tf.reduce_sum(present), 1.0)
    return terms._replace(total=terms.total + overlap, overlap=overlap)


def with_supervision(terms: LossTerms, displacement: tf.Tensor, truth: tf.Tensor, weight: tf.Tensor) -> LossTerms:
    """Adds weight · mean ‖u − u_true‖: a start for networks trained on phantoms, whose motion is known.

    The similarity looks through a window of nine voxels and sees little of a motion larger than that; this term leads
    there. It fades out during training, so that what remains is the paper's loss.

    Args:
        terms: the loss so far.
        displacement: u, shape `(B, X, Y[, Z], D)`, in voxels.
        truth: same shape.
        weight: scalar.
    """
    distance = tf.sqrt(tf.reduce_sum(tf.square(displacement - truth), axis=-1) + 1e-2)  # smooth at 0
    supervision = weight * tf.reduce_mean(distance)
    return terms._replace(total=terms.total + supervision, supervision=supervision)


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

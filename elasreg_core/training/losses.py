"""What training on phantoms may add to the loss (`networks/loss.py`, TensorFlow): labels' overlap, the true motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from elasreg_core.networks.loss import LossTerms, similarity_weight
from elasreg_core.networks.voxelmorph_tf import tf


def with_overlap(
    terms: LossTerms,
    fixed_masks: tf.Tensor,
    warped_masks: tf.Tensor,
    maps: Sequence[tf.Tensor],
    weight: float,
    averaged: Callable[[tf.Tensor], tf.Tensor] = lambda count: count,
) -> LossTerms:
    """Adds weight · mean[ w · (1 − Dice) ] over the tissues, w being the similarity's weight and Dice soft.

    It stands beside the similarity and is weighed against the energy as that is; in the adaptive network every tissue
    counts by its own parameters. (Labels in training only, as in VoxelMorph: Balakrishnan et al., IEEE TMI 38, 2019.)

    Args:
        terms: the loss so far.
        fixed_masks: one channel per tissue, 0 or 1, shape `(B, X, Y[, Z], C−1)`.
        warped_masks: those of the moving labels, warped linearly, same shape.
        maps: Λ and Γ, or Λ, as in `registration_loss`.
        weight: of the term.
        averaged: over the devices that share the batch, on each of which other tissues may be present.
    """
    space = list(range(1, len(fixed_masks.shape) - 1))
    in_fixed, in_warped = (tf.reduce_sum(masks, space) for masks in (fixed_masks, warped_masks))  # (B, C−1)
    dice = 2 * tf.reduce_sum(fixed_masks * warped_masks, space) / tf.maximum(in_fixed + in_warped, 1.0)
    trade = tf.reduce_sum(similarity_weight(maps)[..., tf.newaxis] * fixed_masks, space) / tf.maximum(in_fixed, 1.0)
    present = tf.cast((in_fixed > 0) & (in_warped > 0), dice.dtype)
    lost = tf.reduce_sum(present * trade * (1 - dice))
    overlap = weight * tf.math.divide_no_nan(lost, averaged(tf.reduce_sum(present)))
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

"""Soft Dice of a pair as a differentiable function of the parameters: images, network, integration, warp, overlap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.metrics import present_in_both
from elasreg_core.networks.integration import integrate
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.networks.voxelmorph_tf import tf, vxm

Vector = npt.NDArray[np.float32]


class SoftDice:
    """The mean soft Dice over the tissues that both label maps have, and its gradient; traced once per grid shape.

    Soft: the moving labels' masks are warped linearly, so that a voxel may belong to a tissue in part.
    """

    def __init__(self, network: PlainNetwork) -> None:
        self._network = network
        self._value_and_gradient = tf.function(self._differentiate)

    def of(self, pair: RegistrationPair) -> Callable[[Vector], tuple[float, Vector]]:
        """The value at a parameter vector `(P,)` and its gradient `(P,)`, as a function.

        Raises:
            InputError: the pair lacks labels on one side, or the two maps share no class.
        """
        moving_labels, fixed_labels = pair.require_labels()
        n_classes = pair.tissues.n_classes
        present = present_in_both(moving_labels, fixed_labels, n_classes)
        if not present.any():
            raise InputError(f"The labels of {pair.id} share no class.", cure="Check the labels")
        sides = [(0, -side % self._network.architecture.divisor) for side in pair.grid_shape]
        images = [np.pad(image, sides)[np.newaxis, ..., np.newaxis] for image in (pair.moving, pair.fixed)]
        masks = [labels[..., np.newaxis] == np.arange(1, n_classes) for labels in (moving_labels, fixed_labels)]
        constants = [tf.constant(of.astype(np.float32)) for of in (*images, *masks, present / present.sum())]

        def value_and_gradient(vector: Vector) -> tuple[float, Vector]:
            value, gradient = self._value_and_gradient(tf.constant(vector[np.newaxis], tf.float32), *constants)
            return float(value), gradient.numpy()[0]

        return value_and_gradient

    def _differentiate(
        self,
        vector: tf.Tensor,
        moving: tf.Tensor,
        fixed: tf.Tensor,
        moving_masks: tf.Tensor,
        fixed_masks: tf.Tensor,
        shares: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Masks are `(X, Y[, Z], C−1)`, shares `(C−1,)`: 0 where a class is absent."""
        space = list(range(fixed_masks.shape.rank - 1))
        with tf.GradientTape() as tape:
            tape.watch(vector)
            velocity = self._network.velocities(moving, fixed, self._network.kernels(vector))
            displacement = integrate(velocity, self._network.architecture.integration_steps)[0]
            displacement = displacement[tuple(slice(side) for side in fixed_masks.shape[:-1])]
            warped = vxm.utils.transform(moving_masks, displacement, interp_method="linear", indexing="ij")
            overlap = tf.reduce_sum(warped * fixed_masks, space)
            sizes = tf.reduce_sum(warped, space) + tf.reduce_sum(fixed_masks, space)
            value = tf.reduce_sum(shares * 2 * overlap / tf.maximum(sizes, 1.0))
        return value, tape.gradient(value, vector)

"""Instance-specific optimization: a network's motion of one pair, improved on the pair itself by gradient.

What a network was trained for on average is minimised for one pair: the same loss (`networks/loss.py`) with the same λ
and μ, of the images alone. Labels only say whose λ and μ count at a voxel (Balakrishnan et al., IEEE TMI 38, 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.integration import integrate
from elasreg_core.networks.loss import parameter_maps, registration_loss
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.networks.voxelmorph_tf import keras, quick_on_cpu, tf, vxm
from elasreg_core.physics.fields import not_finite

STEP_VOX = 0.05  # of Adam, in voxels of velocity
FLOOR = 0.03  # of Adam's denominator, in root mean squares of the first slope: noise in flat places moves nothing far


@dataclass(frozen=True)
class Optimized:
    """What came of it.

    Attributes:
        displacement: shape `(X, Y[, Z], D)`, in voxels; of the step with the smallest loss.
        before, after: the loss of the network's own motion, and of this one; never the larger.
    """

    displacement: npt.NDArray[np.float32]
    before: float
    after: float


class InstanceOptimizer:
    """Some steps of Adam on the velocity, from the network's own on; traced once per grid shape."""

    def __init__(self, checkpoint: Checkpoint, network: PlainNetwork) -> None:
        """Takes what the loss is made of, and a network with its weights."""
        self._checkpoint, self._network = checkpoint, network
        self._value_and_slope = quick_on_cpu(self._differentiate)

    def optimize(
        self,
        pair: RegistrationPair,
        vector: npt.NDArray[np.float32],
        steps: int,
        on_step: Callable[[int], None] = lambda _: None,
    ) -> Optimized:
        """Improves the network's motion of a pair.

        Args:
            pair: as the checkpoint demands; an adaptive one asks for fixed labels.
            vector: the network's parameters, shape `(P,)`.
            steps: how many.
            on_step: is told how many are done.

        Raises:
            InputError: no steps; the network's own motion is not finite; or there are no fixed labels, and the model
                is adaptive.
        """
        if steps < 1:
            raise InputError("Instance-specific optimization needs steps.", expected="1 or more", received=steps)
        maps = self._maps(pair, vector)
        sides = [(0, -side % self._network.architecture.divisor) for side in pair.grid_shape]
        images = [image[np.newaxis, ..., np.newaxis] for image in (pair.moving, pair.fixed)]
        moving, fixed = (tf.constant(np.pad(image, [(0, 0), *sides, (0, 0)])) for image in images)
        velocity = tf.Variable(self._network.velocities(moving, fixed, self._network.kernels(vector[np.newaxis])))
        fixed_arguments = (*map(tf.constant, images), *maps)
        before, least, best = np.nan, np.inf, velocity.numpy()
        for step in range(steps + 1):
            try:
                value, slope = self._value_and_slope(tf.convert_to_tensor(velocity), *fixed_arguments)
            except tf.errors.InvalidArgumentError:  # a vector that is not finite points at no voxel
                value = np.nan
            if not np.isfinite(value):  # nothing better follows
                break
            if float(value) < least:
                least, best = float(value), velocity.numpy()
            if step == 0:
                before = float(value)
                optimizer = keras.optimizers.Adam(STEP_VOX, epsilon=FLOOR * float(tf.sqrt(tf.reduce_mean(slope**2))))
            if step < steps:
                optimizer.apply_gradients([(slope, velocity)])
                on_step(step + 1)
        if not np.isfinite(before):
            raise not_finite(pair.id, "a loss that is not finite before the first step")
        displacement = self._displacement(tf.constant(best), pair.grid_shape).numpy()[0]
        return Optimized(displacement, before, least)

    def _maps(self, pair: RegistrationPair, vector: npt.NDArray[np.float32]) -> tuple[tf.Tensor, ...]:
        labels = pair.fixed_labels
        if labels is None and self._checkpoint.is_adaptive:
            raise InputError(
                f"{pair.id} has no fixed labels, which tell an adaptive model whose λ and μ count where.",
                cure="Give them, or take a global model",
            )
        classes = np.zeros(pair.grid_shape, np.int32) if labels is None else labels.astype(np.int32)
        parameters = tf.constant(vector[np.newaxis], tf.float32)
        return parameter_maps(parameters, tf.constant(classes[np.newaxis]), self._checkpoint.model)

    def _displacement(self, velocity: tf.Tensor, grid_shape: tuple[int, ...]) -> tf.Tensor:
        """Integrated and cropped, `(1, X, Y[, Z], D)`."""
        crop = (slice(None), *(slice(side) for side in grid_shape))
        return integrate(velocity, self._network.architecture.integration_steps)[crop]

    def _differentiate(self, velocity: tf.Tensor, moving: tf.Tensor, fixed: tf.Tensor, *maps: Any) -> tuple[Any, Any]:
        """The loss of a velocity `(1, *sides, D)`, whose sides suit the U-Net, and its slope."""
        grid_shape, card = tuple(fixed.shape[1:-1]), self._checkpoint.card
        with tf.GradientTape() as tape:
            tape.watch(velocity)
            displacement = self._displacement(velocity, grid_shape)
            warped = vxm.utils.transform(moving[0], displacement[0], interp_method="linear", indexing="ij")[tf.newaxis]
            cropped = velocity[(slice(None), *(slice(side) for side in grid_shape))]
            field = displacement if card.regularized == "displacement" else cropped
            terms = registration_loss(
                fixed, warped, field, maps, self._checkpoint.model.regularizer, card.regularization_scale
            )
        return terms.total, tape.gradient(terms.total, velocity)

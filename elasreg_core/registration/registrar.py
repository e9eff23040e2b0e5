"""Registers pairs with one checkpoint."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.architecture import n_parameters
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.lame import LameField


@dataclass(frozen=True)
class Registration:
    """One registered pair (conventions: `physics/fields.py`).

    Attributes:
        pair_id: the subject.
        displacement: shape `(X, Y[, Z], D)`, in voxels of the fixed grid.
        warped: the moving image on the fixed grid.
        warped_labels: the moving labels on the fixed grid (nearest neighbour), if there were any.
        parameters: the λ and μ it was made with.
        checkpoint: name of the checkpoint.
        seconds: of the forward pass, warping included.
    """

    pair_id: str
    displacement: npt.NDArray[np.float32]
    warped: npt.NDArray[np.float32]
    warped_labels: npt.NDArray[np.uint8] | None
    parameters: LameField
    checkpoint: str
    seconds: float


class Registrar:
    """A checkpoint ready to register. Building takes seconds, registering milliseconds; safe to share by threads."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Builds the network, loads the weights, and makes one blank pass.

        Raises:
            InputError: the weights are missing, altered, or of another network.
        """
        weights = checkpoint.read_weights()
        self.checkpoint = checkpoint
        card = checkpoint.card
        parameters = n_parameters(card.model, checkpoint.tissues.n_classes)
        self._network = HyperRegistrationNetwork(card.network, card.preprocessing.grid_shape, parameters)
        self._network.set_weights(weights)
        self._pass = tf.function(self._network.displacement)
        self._lock = threading.Lock()
        blank = tf.zeros((1, *card.preprocessing.grid_shape, 1))
        self._pass(blank, blank, tf.zeros((1, parameters)))  # traced now, so that the first registration is as quick

    def displacement(self, pair: RegistrationPair, parameters: LameField) -> npt.NDArray[np.float32]:
        """The displacement alone, shape `(X, Y[, Z], D)`, in voxels.

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint.
        """
        self.checkpoint.require_fits(pair)
        adaptive = self.checkpoint.is_adaptive
        vector = parameters.adaptive_vector() if adaptive else parameters.global_vector()
        moving, fixed = (tf.constant(image[np.newaxis, ..., np.newaxis]) for image in (pair.moving, pair.fixed))
        with self._lock:
            return self._pass(moving, fixed, tf.constant(vector[np.newaxis]))[0].numpy()

    def register(self, pair: RegistrationPair, parameters: LameField) -> Registration:
        """Registers a pair.

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint.
        """
        started = time.perf_counter()
        displacement = self.displacement(pair, parameters)
        warped = warp_image(pair.moving, displacement)
        labels = None if pair.moving_labels is None else warp_labels(pair.moving_labels, displacement)
        seconds = time.perf_counter() - started
        return Registration(pair.id, displacement, warped, labels, parameters, self.checkpoint.name, seconds)

"""Registers pairs with one checkpoint."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.architecture import n_parameters
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.lame import LameField

Pass = Callable[..., Any]
_GRIDS_KEPT = 4


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
    """A checkpoint ready to register. Building takes seconds, registering milliseconds; safe to share by threads.

    The weights fit every grid: the first pair of another grid than the checkpoint's builds the network once more.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Builds the network, loads the weights, and makes one blank pass.

        Raises:
            InputError: the weights are missing, altered, or of another network.
        """
        self.checkpoint = checkpoint
        self._weights = checkpoint.read_weights()
        self._lock = threading.Lock()
        self._passes: dict[tuple[int, ...], Pass] = {}
        self._pass_on(checkpoint.card.preprocessing.grid_shape)  # now, so that the first registration is as quick

    def _pass_on(self, grid_shape: tuple[int, ...]) -> Pass:
        """The traced network on a grid; the grids used last are kept."""
        if grid_shape not in self._passes:
            card = self.checkpoint.card
            parameters = n_parameters(card.model, self.checkpoint.tissues.n_classes)
            network = HyperRegistrationNetwork(card.network, grid_shape, parameters)
            network.set_weights(self._weights)
            traced = tf.function(network.displacement)
            blank = tf.zeros((1, *grid_shape, 1))
            traced(blank, blank, tf.zeros((1, parameters)))
            while len(self._passes) >= _GRIDS_KEPT:
                self._passes.pop(next(iter(self._passes)))
            self._passes[grid_shape] = traced
        self._passes[grid_shape] = self._passes.pop(grid_shape)  # to the end: the first one was used longest ago
        return self._passes[grid_shape]

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
            return self._pass_on(pair.grid_shape)(moving, fixed, tf.constant(vector[np.newaxis]))[0].numpy()

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

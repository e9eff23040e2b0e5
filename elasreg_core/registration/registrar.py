"""Registers pairs with one checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.engine import Engine
from elasreg_core.registration.instance import InstanceOptimizer, Optimized
from elasreg_core.registration.measured import Measured
from elasreg_core.registration.registered import Registration
from elasreg_core.registration.soft_dice import SoftDice, Vector


class Registrar:
    """A checkpoint ready to register. Building takes seconds, registering milliseconds; safe to share by threads.

    The weights fit every grid: the first pair of another grid than the checkpoint's is traced once more.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Loads the weights, and makes one blank pass, so that the first registration is as quick as the others.

        Raises:
            InputError: they are missing, altered, or of another network.
        """
        self.checkpoint = checkpoint
        card = checkpoint.card
        parameters = checkpoint.model.n_parameters(checkpoint.tissues.n_classes)
        grid_shape = card.preprocessing.grid_shape
        self._engine = Engine(PlainNetwork(card.network, parameters, len(grid_shape), checkpoint.read_weights()))
        self._soft_dice = SoftDice(self._engine.network)
        self._instance = InstanceOptimizer(checkpoint, self._engine.network)
        self._engine.prepare(grid_shape)

    def displacement(self, pair: RegistrationPair, parameters: ParameterField) -> npt.NDArray[np.float32]:
        """The displacement alone, shape `(X, Y[, Z], D)`, in voxels.

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint.
        """
        self.checkpoint.require_fits(pair)
        return self._engine.displacement(pair, self._vector(parameters))

    def measured(self, pair: RegistrationPair, nodes: Sequence[ParameterField]) -> Iterator[Measured]:
        """Registers a labelled pair with each of many parameters and measures what comes out, in their order.

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint.
        """
        self.checkpoint.require_fits(pair)
        return self._engine.measured(pair, np.array([self._vector(parameters) for parameters in nodes]))

    def register(self, pair: RegistrationPair, parameters: ParameterField) -> Registration:
        """Registers a pair.

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint.
        """
        started = time.perf_counter()
        return self._registration(pair, parameters, self.displacement(pair, parameters), started)

    def optimized(
        self,
        pair: RegistrationPair,
        parameters: ParameterField,
        steps: int,
        on_step: Callable[[int], None] = lambda _: None,
    ) -> tuple[Registration, Optimized]:
        """Registers a pair, and improves that on the pair itself (`instance.py`).

        Raises:
            InputError: the pair or the parameters do not fit the checkpoint; see `InstanceOptimizer.optimize`.
        """
        self.checkpoint.require_fits(pair)
        started = time.perf_counter()
        found = self._instance.optimize(pair, self._vector(parameters), steps, on_step)
        return self._registration(pair, parameters, found.displacement, started), found

    def soft_dice(self, pair: RegistrationPair) -> Callable[[Vector], tuple[float, Vector]]:
        """The pair's mean soft Dice as a differentiable function of this checkpoint's parameter vector.

        Raises:
            InputError: the pair does not fit the checkpoint, or has no labels to compare.
        """
        self.checkpoint.require_fits(pair)
        return self._soft_dice.of(pair)

    def _registration(
        self, pair: RegistrationPair, parameters: ParameterField, displacement: npt.NDArray[np.float32], started: float
    ) -> Registration:
        warped = warp_image(pair.moving, displacement)
        labels = None if pair.moving_labels is None else warp_labels(pair.moving_labels, displacement)
        seconds = time.perf_counter() - started
        return Registration(pair.id, displacement, warped, labels, parameters, self.checkpoint.name, seconds)

    def _vector(self, parameters: ParameterField) -> npt.NDArray[np.float32]:
        wanted = self.checkpoint.model.regularizer
        if parameters.regularizer.parameters != wanted.parameters:
            raise InputError(
                f"{self.checkpoint.name} takes the parameters of another regularizer.",
                expected=" and ".join(wanted.symbols) + f" ({wanted.name})",
                received=" and ".join(parameters.regularizer.symbols) + f" ({parameters.regularizer.name})",
            )
        return parameters.adaptive_vector() if self.checkpoint.is_adaptive else parameters.global_vector()

"""A registrar that is built at its first use: work whose results are known already loads no TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.measured import Measured

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registrar
    from elasreg_core.registration.soft_dice import Vector


class LazyRegistrar:
    """A `Registrar` of a checkpoint, with the same methods."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    @functools.cached_property
    def _registrar(self) -> Registrar:
        from elasreg_core.registration.registrar import Registrar

        return Registrar(self.checkpoint)

    def displacement(self, pair: RegistrationPair, parameters: ParameterField) -> npt.NDArray[np.float32]:
        """As `Registrar.displacement`."""
        return self._registrar.displacement(pair, parameters)

    def measured(self, pair: RegistrationPair, nodes: Sequence[ParameterField]) -> Iterator[Measured]:
        """As `Registrar.measured`."""
        return self._registrar.measured(pair, nodes)

    def soft_dice(self, pair: RegistrationPair) -> Callable[[Vector], tuple[float, Vector]]:
        """As `Registrar.soft_dice`."""
        return self._registrar.soft_dice(pair)

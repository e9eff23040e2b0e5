"""What training one model of a run amounts to, before any tensor exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from elasreg_core.config import RunConfig
from elasreg_core.networks.architecture import MODELS, Architecture, Model
from elasreg_core.networks.layers import multiplications, n_weights

_PASSES = 3  # forwards, and back to the features and to the kernels
_OWN_DRAWS = 1.5  # as long, where every pair of a batch draws its own parameters


@dataclass(frozen=True)
class Plan:
    """The training of one model.

    Attributes:
        config: the run.
        name: which of the paper's models.
        n_classes: tissues and the background.
    """

    config: RunConfig
    name: str
    n_classes: int

    @property
    def model(self) -> Model:
        """Which of the paper's models."""
        return MODELS[self.name]

    @property
    def is_warm(self) -> bool:
        """Whether this network starts from the global one's weights."""
        return self.model.is_adaptive and self.config.training.warm_start_steps is not None

    @property
    def steps(self) -> int:
        """Optimizer steps until the end."""
        return (self.config.training.warm_start_steps if self.is_warm else None) or self.config.training.steps

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector."""
        return self.model.n_parameters(self.n_classes)

    @property
    def architecture(self) -> Architecture:
        """Of the network that is trained: a warm one has a line for every parameter (`training/warm_start.py`)."""
        own = self.config.network
        return with_lines(own, self.n_parameters) if self.is_warm else own

    @property
    def window(self) -> tuple[int, ...]:
        """Sides of what the network sees of a pair."""
        return self.config.training.window or self.config.preprocessing.grid_shape

    @property
    def n_weights(self) -> int:
        """How many numbers are trained."""
        return n_weights(self.architecture, self.n_parameters, len(self.window))

    @property
    def work(self) -> float:
        """What a step costs, in multiplications: to compare it with another training's."""
        training = self.config.training
        return step_work(self.architecture, self.window, training.batch_size, training.shared_parameters)

    @property
    def disk_bytes(self) -> int:
        """What it leaves: weights and two moments of each as float32, the checkpoint as float16, the history."""
        return self.n_weights * (3 * 4 + 2) + 120 * self.steps


def step_work(architecture: Architecture, sides: Sequence[int], batch_size: int, shared_parameters: bool) -> float:
    """Multiplications of a training step, of its convolutions alone."""
    draws = 1.0 if shared_parameters else _OWN_DRAWS
    return _PASSES * batch_size * draws * multiplications(architecture, sides)


def with_lines(architecture: Architecture, n_parameters: int) -> Architecture:
    """The architecture with a line for every parameter."""
    return dataclasses.replace(architecture, hyper_units=architecture.hyper_units + n_parameters)

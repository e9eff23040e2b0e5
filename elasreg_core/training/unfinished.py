"""A network in training as a checkpoint, to see what it has learned so far."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import FORMAT, Checkpoint, ModelCard
from elasreg_core.training.plan import Plan
from elasreg_core.training.state import RunFolder


@dataclass(frozen=True)
class Unfinished(Checkpoint):
    """The last state that a training saved. Nothing of it is written beside what the training itself keeps.

    Attributes:
        step: after how many steps it was saved.
    """

    step: int

    def read_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights of the state that is there now: of `step`, or of a later one.

        Raises:
            InputError: there is none any more.
        """
        path = self.folder / self.card.weights
        prefix = "weights/"
        try:
            with safetensors.safe_open(path, "numpy") as state:
                names = [name for name in state.keys() if name.startswith(prefix)]  # noqa: SIM118 (it is no mapping)
                return {name.removeprefix(prefix): state.get_tensor(name) for name in names}
        except (OSError, safetensors.SafetensorError) as error:
            raise InputError(f"The state of {self.name} cannot be read.", received=str(error)) from error


def last_state(plan: Plan, folder: RunFolder, tissues: tuple[str, ...]) -> Unfinished | None:
    """The last saved state of a training as a checkpoint; None before the first one.

    Args:
        plan: of the training.
        folder: where it keeps its state.
        tissues: that it learns, in label order.
    """
    step = folder.saved_step()
    if step is None:
        return None
    config = plan.config
    card = ModelCard(
        format=FORMAT,
        model=plan.name,
        tissues=tissues,
        background=config.background[: len(plan.model.regularizer.parameters)],
        preprocessing=config.preprocessing,
        network=plan.architecture,
        sampling=config.training.sampling,
        regularization_scale=config.training.regularization_scale,
        training={"steps": step},
        weights=folder.state.name,
        weights_sha256=hashlib.sha256(
            f"{folder.state.resolve()} {folder.state.stat().st_mtime_ns}".encode()
        ).hexdigest(),
        versions={},
        regularized=config.training.regularized,
    )
    return Unfinished(folder.path, card, step)

"""What a training leaves on disk while it runs, and whether another run may touch it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from elasreg_core.atomic import write_atomic
from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint, load_checkpoint
from elasreg_core.training.batches import TrainingSet

HISTORY_COLUMNS = ("step", "loss", "similarity", "energy", "overlap", "supervision", "learning_rate", "seconds")
HistoryRow = tuple[str, ...]


def fingerprint(config: RunConfig, model: str, pairs: TrainingSet) -> str:
    """What must be equal for a training to be the same one: configuration, model, and the pairs themselves."""
    start = () if config.start is None else (config.start,)
    settings = (model, config.training, config.network, config.preprocessing, config.background, pairs.digest, *start)
    return hashlib.sha256(repr(settings).encode()).hexdigest()


@dataclass(frozen=True)
class RunFolder:
    """The folder of one model's training: `training_state.safetensors`, `history.csv`, and at the end the checkpoint.

    Attributes:
        path: the folder.
        run: the training's fingerprint.
    """

    path: Path
    run: str

    @property
    def _state(self) -> Path:
        return self.path / "training_state.safetensors"

    @property
    def _history(self) -> Path:
        return self.path / "history.csv"

    def require_usable(self, resume: bool) -> None:
        """Raises InputError if something in the folder would be overwritten, or is another run's."""
        finished = (self.path / "model.json").is_file()
        if not finished and not self._state.is_file():
            return
        if not resume:
            raise InputError(
                f"{self.path} holds a training already.", cure="Continue it with --resume, or choose another --out"
            )
        owner = load_checkpoint(self.path).card.training.get("run") if finished else self._saved_run()
        if owner != self.run:
            raise InputError(
                f"{self.path} holds the training of another configuration or of other data.",
                cure="Resume with the configuration and the data that started it, or choose another --out",
            )

    def finished(self) -> Checkpoint | None:
        """The checkpoint, if the training has ended."""
        return load_checkpoint(self.path) if (self.path / "model.json").is_file() else None

    def save(self, state: Mapping[str, np.ndarray], step: int, history: list[HistoryRow]) -> None:
        """Keeps a state after `step` steps. History first: rows beyond the state are cut when it is taken up."""
        lines = [",".join(row) for row in [HISTORY_COLUMNS, *history]]
        write_atomic(self._history, "\n".join(lines) + "\n")
        tensors = {**state, "step": np.array(step)}
        write_atomic(self._state, safetensors.numpy.save(tensors, {"run": self.run}))

    def load(self) -> tuple[dict[str, np.ndarray], int, list[HistoryRow]] | None:
        """The last state, the number of steps done, and the history up to there; None if there is no state."""
        if not self._state.is_file():
            return None
        state = safetensors.numpy.load_file(self._state)
        step = int(state.pop("step"))
        return state, step, self.read_history()[:step]

    def read_history(self) -> list[HistoryRow]:
        """The history's rows, one per step, as text."""
        with self._history.open(newline="") as lines:
            return [tuple(row) for row in csv.reader(lines)][1:]

    def _saved_run(self) -> str | None:
        with safetensors.safe_open(self._state, "numpy") as stored:
            return (stored.metadata() or {}).get("run")

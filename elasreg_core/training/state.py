"""What a training leaves on disk while it runs, and whether another run may touch it."""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy

from elasreg_core.atomic import write_atomic
from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint, load_checkpoint
from elasreg_core.training.batches import TrainingSet

HISTORY_COLUMNS = ("step", "loss", "similarity", "energy", "overlap", "supervision", "learning_rate", "seconds")
HistoryRow = tuple[str, ...]
LIVE_PAUSE_S = 1.0
LOCK = ".training"  # in a family's folder; held while a process trains into it


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
    def state(self) -> Path:
        """The file of the last saved state."""
        return self.path / "training_state.safetensors"

    @property
    def _history(self) -> Path:
        return self.path / "history.csv"

    def require_usable(self, resume: bool) -> None:
        """Raises InputError if something in the folder would be overwritten, or is another run's."""
        finished = (self.path / "model.json").is_file()
        if not finished and not self.state.is_file():
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
        self.write_history(history)
        tensors = {**state, "step": np.array(step)}
        write_atomic(self.state, safetensors.numpy.save(tensors, {"run": self.run}))

    def load(self) -> tuple[dict[str, np.ndarray], int, list[HistoryRow]] | None:
        """The last state, the number of steps done, and the history up to there; None if there is no state."""
        if not self.state.is_file():
            return None
        state = safetensors.numpy.load_file(self.state)
        step = int(state.pop("step"))
        return state, step, self.read_history()[:step]

    def write_history(self, history: list[HistoryRow]) -> None:
        """Replaces the history."""
        write_atomic(self._history, _lines([HISTORY_COLUMNS, *history]))

    def append_history(self, rows: list[HistoryRow]) -> None:
        """Adds rows beyond the saved state; a crash may leave the last one cut, as they are for watching alone."""
        with self._history.open("a") as stream:
            stream.write(_lines(rows))

    def read_history(self) -> list[HistoryRow]:
        """The history's rows, one per step, as text."""
        with self._history.open(newline="") as lines:
            return [tuple(row) for row in csv.reader(lines)][1:]

    def saved_step(self) -> int | None:
        """After how many steps the last state was saved; None if there is none."""
        if not self.state.is_file():
            return None
        with safetensors.safe_open(self.state, "numpy") as stored:
            return int(stored.get_tensor("step"))

    def _saved_run(self) -> str | None:
        with safetensors.safe_open(self.state, "numpy") as stored:
            return (stored.metadata() or {}).get("run")


class LiveHistory:
    """Keeps the history on disk within a second of what happens; the states in between are not touched."""

    def __init__(self, folder: RunFolder, history: list[HistoryRow]) -> None:
        """Cuts the file to the state that the training goes on from; `history` will grow."""
        self._folder, self._history = folder, history
        folder.write_history(history)
        self._written, self._when = len(history), time.monotonic()

    def tell(self) -> None:
        """Writes what is new, if the last time was a second ago."""
        now = time.monotonic()
        if now - self._when >= LIVE_PAUSE_S:
            self._folder.append_history(self._history[self._written :])
            self._written, self._when = len(self._history), now

    def saved(self) -> None:
        """The whole history has just been written."""
        self._written = len(self._history)


def read_curve(path: Path) -> pd.DataFrame:
    """A history as a table, HISTORY_COLUMNS; of a running training up to its last whole row."""
    if not path.is_file():
        return pd.DataFrame(columns=list(HISTORY_COLUMNS), dtype=float)
    table = pd.read_csv(path, names=list(HISTORY_COLUMNS), skiprows=1, on_bad_lines="skip", dtype=str)
    return table.apply(pd.to_numeric, errors="coerce").dropna().reset_index(drop=True)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in rows)

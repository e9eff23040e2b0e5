"""The training loop: deterministic under a seed, and resumable to the same losses."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from elasreg_core import __version__
from elasreg_core.atomic import write_atomic
from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, n_parameters
from elasreg_core.networks.checkpoint import Checkpoint, save_checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import keras, tf
from elasreg_core.training.batches import Batch, TrainingSet
from elasreg_core.training.losses import LossTerms, elastic_loss
from elasreg_core.training.model_card import write_model_card

HISTORY_COLUMNS = ("step", "loss", "similarity", "energy", "learning_rate", "seconds")
_STATE, _HISTORY = "training_state.safetensors", "history.csv"


@dataclass(frozen=True)
class Progress:
    """What a callback hears after every step."""

    step: int
    steps: int
    loss: float


class Trainer:
    """One network in training: variables, optimizer, and the step function."""

    def __init__(self, config: RunConfig, model: str, n_classes: int) -> None:
        training = config.training
        keras.utils.set_random_seed(training.seed)
        tf.config.experimental.enable_op_determinism()
        self.settings = training
        self.adaptive = MODELS[model] == "adaptive"
        self.n_classes = n_classes
        self.network = HyperRegistrationNetwork(
            config.network, config.preprocessing.grid_shape, n_parameters(model, n_classes)
        )
        self.optimizer = keras.optimizers.Adam(training.learning_rate)
        self.optimizer.build(self.network.trainable_variables)
        self._step = tf.function(self._gradient_step)

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step."""
        if self.settings.schedule == "constant":
            return self.settings.learning_rate
        return self.settings.learning_rate * 0.5 * (1 + np.cos(np.pi * step / self.settings.steps))

    def step(self, batch: Batch, step: int) -> LossTerms:
        """One optimizer step."""
        self.optimizer.learning_rate.assign(self.learning_rate(step))
        return self._step(
            *(tf.constant(array) for array in (batch.moving, batch.fixed, batch.labels, batch.parameters))
        )

    def _gradient_step(
        self, moving: tf.Tensor, fixed: tf.Tensor, labels: tf.Tensor, parameters: tf.Tensor
    ) -> LossTerms:
        lam, mu = parameter_maps(parameters, labels, self.n_classes, self.adaptive)
        with tf.GradientTape() as tape:
            displacement = self.network.displacement(moving, fixed, parameters)
            warped = self.network.warp(moving, displacement)
            terms = elastic_loss(fixed, warped, displacement, lam, mu, self.settings.regularization_scale)
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(terms.total, variables), variables, strict=True))
        return terms

    def state(self) -> dict[str, np.ndarray]:
        """Everything that the next step depends on, beside the seed: weights and optimizer."""
        weights = {f"weights/{name}": array for name, array in self.network.weights().items()}
        slots = {f"optimizer/{i:04d}": np.asarray(v.numpy()) for i, v in enumerate(self.optimizer.variables)}
        return weights | slots

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes up a saved state."""
        prefix = "weights/"
        self.network.set_weights({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        for i, variable in enumerate(self.optimizer.variables):
            variable.assign(state[f"optimizer/{i:04d}"].reshape(variable.shape))


def parameter_maps(
    parameters: tf.Tensor, labels: tf.Tensor, n_classes: int, adaptive: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Λ and Γ of Eq. 1: per voxel from the fixed labels (adaptive), or one value per sample (global).

    Args:
        parameters: shape `(B, 2C)`, λ of all classes, then μ; or `(B, 2)`.
        labels: of the fixed image, shape `(B, X, Y[, Z])`.
        n_classes: C, the background included.
        adaptive: whether every class has its own parameters.

    Returns:
        Two maps `(B, X, Y[, Z])`, or two of shape `(B, 1, 1[, 1])`.
    """
    if adaptive:
        lam, mu = parameters[:, :n_classes], parameters[:, n_classes:]
        return tf.gather(lam, labels, batch_dims=1), tf.gather(mu, labels, batch_dims=1)
    ones = (1,) * (len(labels.shape) - 1)
    return tf.reshape(parameters[:, 0], (-1, *ones)), tf.reshape(parameters[:, 1], (-1, *ones))


def require_free(out: Path, resume: bool) -> None:
    """Raises InputError if `out` holds a training that would be overwritten."""
    if not resume and ((out / _STATE).exists() or (out / "model.json").exists()):
        raise InputError(f"{out} holds a training already.", cure="Continue it with --resume, or choose another --out")


def train_model(
    config: RunConfig,
    model: str,
    pairs: TrainingSet,
    out: Path,
    resume: bool = False,
    on_step: Callable[[Progress], None] = lambda _: None,
) -> Checkpoint:
    """Trains one model and writes its checkpoint.

    While it runs, `out` holds `training_state.safetensors` and `history.csv`; at the end a checkpoint as well.

    Args:
        config: the run.
        model: which of the paper's models.
        pairs: the training pairs.
        out: folder of this model's checkpoint.
        resume: go on from the saved state, if there is one.
        on_step: hears of every step.

    Raises:
        InputError: `out` holds a training and `resume` is False; or the state is another run's.
    """
    settings = config.training
    state_path = out / _STATE
    require_free(out, resume)
    trainer = Trainer(config, model, len(pairs.tissues) + 1)
    history = io.StringIO()
    rows = csv.writer(history, lineterminator="\n")
    rows.writerow(HISTORY_COLUMNS)
    first, seconds_before = 0, 0.0
    if resume and state_path.exists():
        first, seconds_before = _resume(trainer, state_path, out / _HISTORY, rows, config, model)

    started = time.monotonic()
    for step in range(first, settings.steps):
        batch = pairs.batch(
            settings.seed, step, settings.batch_size, trainer.network.n_parameters, settings.sampling, settings.augment
        )
        terms = [float(term) for term in trainer.step(batch, step)]
        if not np.isfinite(terms[0]):
            raise InputError(
                f"The loss of step {step} is not finite.", cure="Lower learning_rate; the last saved state is intact"
            )
        seconds = seconds_before + time.monotonic() - started
        rows.writerow((step, *terms, trainer.learning_rate(step), round(seconds, 3)))
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            write_atomic(out / _HISTORY, history.getvalue())  # before the state: rows beyond it are cut on resume
            extra = {"step": np.array(step + 1), "seconds": np.array(seconds)}
            write_atomic(
                state_path, safetensors.numpy.save(trainer.state() | extra, {"run": _fingerprint(config, model)})
            )
        on_step(Progress(step + 1, settings.steps, terms[0]))
    return _finish(config, model, pairs, trainer, out)


def _resume(
    trainer: Trainer, state_path: Path, history_path: Path, rows: Any, config: RunConfig, model: str
) -> tuple[int, float]:
    with safetensors.safe_open(state_path, "numpy") as stored:
        if (stored.metadata() or {}).get("run") != _fingerprint(config, model):
            raise InputError(
                f"{state_path} was saved by another configuration.",
                cure="Resume with the configuration that started it, or choose another --out",
            )
    state = safetensors.numpy.load_file(state_path)
    trainer.restore(state)
    step = int(state["step"])
    with history_path.open() as lines:
        rows.writerows([row for row in csv.reader(lines) if row and row[0].isdigit() and int(row[0]) < step])
    return step, float(state["seconds"])


def _finish(config: RunConfig, model: str, pairs: TrainingSet, trainer: Trainer, out: Path) -> Checkpoint:
    with (out / _HISTORY).open() as lines:
        history = list(csv.DictReader(lines))
    tail = history[-min(100, len(history)) :]
    means = {name: float(np.mean([float(row[name]) for row in tail])) for name in ("loss", "similarity", "energy")}
    training = {
        "config": asdict(config.training),
        "data": asdict(config.data),
        "pairs": len(pairs.moving),
        "seconds": float(history[-1]["seconds"]),
        "mean_of_last_100_steps": means,
    }
    checkpoint = save_checkpoint(
        out,
        trainer.network.weights(),
        {
            "model": model,
            "tissues": pairs.tissues,
            "background": config.background,
            "preprocessing": config.preprocessing,
            "network": config.network,
            "sampling": config.training.sampling,
            "regularization_scale": config.training.regularization_scale,
            "training": training,
            "versions": {"elasreg": __version__, "tensorflow": tf.__version__},
        },
    )
    write_model_card(checkpoint)
    return checkpoint


def _fingerprint(config: RunConfig, model: str) -> str:
    return repr((model, config.training, config.network, config.preprocessing))

"""The training loop: deterministic under a seed, and resumable to the same losses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from elasreg_core import __version__
from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, n_parameters
from elasreg_core.networks.checkpoint import Checkpoint, save_checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import keras, tf
from elasreg_core.training.batches import Batch, TrainingSet
from elasreg_core.training.losses import LossTerms, elastic_loss, with_supervision
from elasreg_core.training.model_card import write_model_card
from elasreg_core.training.state import HISTORY_COLUMNS, HistoryRow, RunFolder, fingerprint


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
        self.window = training.window or config.preprocessing.grid_shape
        self.network = HyperRegistrationNetwork(config.network, self.window, n_parameters(model, n_classes))
        hyper = self.network.hypernetwork_variables
        known = {id(variable) for variable in hyper}
        others = [variable for variable in self.network.trainable_variables if id(variable) not in known]
        hyper_share = (training.hyper_learning_rate or training.learning_rate) / training.learning_rate
        self._groups = [  # variables, their optimizer, their share of the learning rate
            (others, keras.optimizers.Adam(), 1.0),
            (hyper, keras.optimizers.Adam(), hyper_share),
        ]
        for variables, optimizer, _ in self._groups:
            optimizer.build(variables)
        self._step = tf.function(self._gradient_step)

    @property
    def is_warm(self) -> bool:
        """Whether this network starts from the global one's weights."""
        return self.adaptive and self.settings.warm_start_steps is not None

    @property
    def steps(self) -> int:
        """Optimizer steps until the end."""
        return (self.settings.warm_start_steps if self.is_warm else None) or self.settings.steps

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step."""
        highest = self.settings.learning_rate * (0.5 if self.is_warm else 1)
        if self.settings.schedule == "constant":
            return highest
        return highest * 0.5 * (1 + np.cos(np.pi * step / self.steps))

    def supervision(self, step: int) -> float:
        """The weight of the true displacement in the loss of a step: from 1 down to 0."""
        if self.is_warm or self.settings.supervision_steps is None:
            return 0.0
        return max(0.0, 1 - step / self.settings.supervision_steps)

    def batch(self, pairs: TrainingSet, step: int) -> Batch:
        """The batch of a step."""
        window = self.window if self.settings.augment else None
        return pairs.batch(
            self.settings.seed,
            step,
            self.settings.batch_size,
            self.network.n_parameters,
            self.settings.sampling,
            window,
            self.settings.shared_parameters,
        )

    def step(self, batch: Batch, step: int) -> LossTerms:
        """One optimizer step."""
        for _, optimizer, share in self._groups:
            optimizer.learning_rate.assign(share * self.learning_rate(step))
        arrays = [batch.moving, batch.fixed, batch.labels, batch.parameters]
        weight = self.supervision(step)
        if weight > 0 and batch.truth is not None:
            arrays += [batch.truth, np.array(weight, dtype=np.float32)]
        return self._step(*(tf.constant(array) for array in arrays))

    def _gradient_step(
        self,
        moving: tf.Tensor,
        fixed: tf.Tensor,
        labels: tf.Tensor,
        parameters: tf.Tensor,
        truth: tf.Tensor | None = None,
        truth_weight: tf.Tensor | None = None,
    ) -> LossTerms:
        lam, mu = parameter_maps(parameters, labels, self.n_classes, self.adaptive)
        with tf.GradientTape() as tape:
            displacement = self.network.displacement(moving, fixed, parameters)
            warped = self.network.warp(moving, displacement)
            terms = elastic_loss(fixed, warped, displacement, lam, mu, self.settings.regularization_scale)
            if truth is not None:
                terms = with_supervision(terms, displacement, truth, truth_weight)
        gradients = tape.gradient(terms.total, [variables for variables, _, _ in self._groups])
        for (variables, optimizer, _), of_group in zip(self._groups, gradients, strict=True):
            optimizer.apply_gradients(zip(of_group, variables, strict=True))
        return terms

    @property
    def _optimizer_variables(self) -> list[tf.Variable]:
        return [variable for _, optimizer, _ in self._groups for variable in optimizer.variables]

    def warm_start(self, start: Checkpoint) -> None:
        """Takes up the weights of the global network of the same run.

        The adaptive network's first layer spreads each parameter's row over the classes, a share 1/C to each, so that
        it begins as the global network wherever all classes have the same (λ, μ), and between the values elsewhere.
        """
        weights: dict[str, np.ndarray] = dict(start.read_weights())
        widened = {name: array.shape for name, array in self.network.weights().items()}
        for name, array in weights.items():
            if array.shape != widened[name]:  # the first dense layer: (2, U) → (2C, U)
                weights[name] = np.repeat(array, self.n_classes, axis=0) / self.n_classes
        self.network.set_weights(weights)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that the next step depends on, beside the seed: weights and optimizer."""
        weights = {f"weights/{name}": array for name, array in self.network.weights().items()}
        slots = {f"optimizer/{i:04d}": np.asarray(v.numpy()) for i, v in enumerate(self._optimizer_variables)}
        return weights | slots

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes up a saved state."""
        prefix = "weights/"
        self.network.set_weights({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        for i, variable in enumerate(self._optimizer_variables):
            variable.assign(state[f"optimizer/{i:04d}"].reshape(variable.shape))


def parameter_maps(
    parameters: tf.Tensor, labels: tf.Tensor, n_classes: int, adaptive: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Λ and Γ of Eq. 1: per voxel from the fixed labels (adaptive), or one value per sample (global).

    Args:
        parameters: shape `(B, 2C)`, λ of all classes, then μ; or `(B, 2)`; a single row counts for the whole batch.
        labels: of the fixed image, shape `(B, X, Y[, Z])`.
        n_classes: C, the background included.
        adaptive: whether every class has its own parameters.

    Returns:
        Two maps `(B, X, Y[, Z])`, or two of shape `(B, 1, 1[, 1])` or `(1, 1, 1[, 1])`.
    """
    if adaptive:
        parameters = tf.broadcast_to(parameters, (labels.shape[0], 2 * n_classes))
        lam, mu = parameters[:, :n_classes], parameters[:, n_classes:]
        return tf.gather(lam, labels, batch_dims=1), tf.gather(mu, labels, batch_dims=1)
    ones = (1,) * (len(labels.shape) - 1)
    return tf.reshape(parameters[:, 0], (-1, *ones)), tf.reshape(parameters[:, 1], (-1, *ones))


def train_model(
    config: RunConfig,
    model: str,
    pairs: TrainingSet,
    out: Path,
    resume: bool = False,
    on_step: Callable[[Progress], None] = lambda _: None,
    start: Checkpoint | None = None,
) -> Checkpoint:
    """Trains one model and writes its checkpoint.

    Args:
        config: the run.
        model: which of the paper's models.
        pairs: the training pairs.
        out: folder of this model's checkpoint (see `RunFolder` for what lies in it meanwhile).
        resume: go on from the saved state, if there is one; a finished training is left as it is.
        on_step: hears of every step.
        start: the global network of the same run, where the configuration wants a warm start.

    Raises:
        InputError: `out` holds a training and `resume` is False; it holds another run's; or the loss is not finite.
    """
    settings = config.training
    folder = RunFolder(out, fingerprint(config, model, pairs))
    folder.require_usable(resume)
    finished = folder.finished()
    if finished is not None:
        return finished

    trainer = Trainer(config, model, len(pairs.tissues) + 1)
    if trainer.is_warm and start is None:
        raise InputError(
            f"{model} should start from the weights of elas-g, and there are none.",
            cure="Train elas-g first, or leave out warm_start_steps",
        )
    if settings.supervision_steps is not None and pairs.truth is None:
        raise InputError(
            "The true motion should lead the first steps, but not every pair has one.",
            expected="phantoms with their truth folder",
            cure="Leave out supervision_steps",
        )
    first = 0
    history: list[HistoryRow] = []
    saved = folder.load()
    if saved is not None:
        state, first, history = saved
        trainer.restore(state)
    elif trainer.is_warm and start is not None:
        trainer.warm_start(start)
    seconds_before = float(history[-1][-1]) if history else 0.0
    started = time.monotonic()
    for step in range(first, trainer.steps):
        try:
            terms = [float(term) for term in trainer.step(trainer.batch(pairs, step), step)]
        except tf.errors.InvalidArgumentError as error:  # a displacement that is not finite points at no voxel
            raise _not_finite(step) from error
        if not np.isfinite(terms[0]):
            raise _not_finite(step)
        seconds = seconds_before + time.monotonic() - started
        history.append(tuple(map(str, (step, *terms, trainer.learning_rate(step), round(seconds, 3)))))
        if (step + 1) % settings.save_every == 0 or step + 1 == trainer.steps:
            _require_response(trainer.network, step)
            folder.save(trainer.state(), step + 1, history)
        on_step(Progress(step + 1, trainer.steps, terms[0]))
    return _write_checkpoint(config, model, pairs, trainer, folder, history)


def _not_finite(step: int) -> InputError:
    return InputError(
        f"The loss of step {step} is not finite.", cure="Lower learning_rate; the last saved state is intact"
    )


def _require_response(network: HyperRegistrationNetwork, step: int) -> None:
    """Raises InputError if the hypernetwork has died: then every (λ, μ) gives the same registration, for good."""
    corners = np.array([np.zeros(network.n_parameters), np.ones(network.n_parameters)], dtype=np.float32)
    if not network.hyper_features(corners).any():
        raise InputError(
            f"At step {step} the hypernetwork no longer responds to λ and μ: all units of its last layer are off.",
            cure="Lower hyper_learning_rate (or learning_rate) and train again",
        )


def _write_checkpoint(
    config: RunConfig, model: str, pairs: TrainingSet, trainer: Trainer, folder: RunFolder, history: list[HistoryRow]
) -> Checkpoint:
    tail = [dict(zip(HISTORY_COLUMNS, row, strict=True)) for row in history[-100:]]
    training = {
        "run": folder.run,
        "config": asdict(config.training),
        "data": asdict(config.data),
        "steps": trainer.steps,
        "pairs": len(pairs.moving),
        "subjects": pairs.subjects,
        "seconds": float(history[-1][-1]),
        "mean_of_last_100_steps": {
            name: float(np.mean([float(row[name]) for row in tail])) for name in ("loss", "similarity", "energy")
        },
    }
    checkpoint = save_checkpoint(
        folder.path,
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

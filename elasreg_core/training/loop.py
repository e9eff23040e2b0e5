"""The training loop: deterministic under a seed, and resumable to the same losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elasreg_core import __version__
from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint, save_checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.loss import LossTerms, parameter_maps, registration_loss
from elasreg_core.networks.voxelmorph_tf import keras, tf
from elasreg_core.training.batches import Batch, TrainingSet
from elasreg_core.training.devices import Replicas
from elasreg_core.training.from_slices import spread
from elasreg_core.training.losses import with_overlap, with_supervision
from elasreg_core.training.model_card import MODEL_CARD, write_model_card
from elasreg_core.training.plan import Plan
from elasreg_core.training.state import HISTORY_COLUMNS, HistoryRow, LiveHistory, RunFolder, fingerprint
from elasreg_core.training.warm_start import Lines, taken_up, with_line_weights

_COMPILED_FROM = 100  # steps: compiling takes some seconds, and saves a third of every step


@dataclass(frozen=True)
class Progress:
    """What a callback hears after every step."""

    step: int
    steps: int
    loss: float


class Trainer:
    """One network in training: variables, optimizer, and the step function.

    Attributes:
        is_warm, steps, architecture, window: as of `plan.Plan`.
    """

    def __init__(self, config: RunConfig, model: str, n_classes: int, devices: int | None = None) -> None:
        """Builds the network and its optimizers on `devices` (None: as `Replicas` decides)."""
        training = config.training
        keras.utils.set_random_seed(training.seed)
        tf.config.experimental.enable_op_determinism()
        self.settings = training
        plan = Plan(config, model, n_classes)
        self.model, self.n_classes, self.window = plan.model, n_classes, plan.window
        self.is_warm, self.steps = plan.is_warm, plan.steps
        self.architecture = plan.architecture
        self._replicas = Replicas(training.batch_size, devices)
        with self._replicas.strategy.scope():
            self._build(plan.n_parameters)
        alone = self._replicas.n == 1  # several devices average within the loss, which no graph of its own can do
        compiled = alone and self.steps >= _COMPILED_FROM and not tf.config.list_physical_devices("GPU")
        self._loss = tf.function(self._loss_of_velocity, jit_compile=compiled) if alone else self._loss_of_velocity
        self._step = tf.function(self._shared_step)

    def _build(self, n_parameters: int) -> None:
        """The network, and which optimizer updates which of its variables."""
        training = self.settings
        self.network = HyperRegistrationNetwork(self.architecture, self.window, n_parameters)
        hyper = self.network.hypernetwork_variables
        known = {id(variable) for variable in hyper}
        others = [variable for variable in self.network.trainable_variables if id(variable) not in known]
        hyper_share = (training.hyper_learning_rate or training.learning_rate) / training.learning_rate
        self._groups = [(others, keras.optimizers.Adam(), 1.0)]  # variables, their optimizer, their share of the rate
        if not self.is_warm:  # which keeps its lines as they are
            self._groups.append((hyper, keras.optimizers.Adam(), hyper_share))
        self._lines = Lines(others, self.model, n_parameters, training.sampling) if self.is_warm else None
        for variables, optimizer, _ in self._groups:
            optimizer.build(variables)

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
        per_class = len(self.model.regularizer.parameters)
        return pairs.batch(
            self.settings.seed,
            step,
            self.settings.batch_size,
            (per_class, self.network.n_parameters // per_class),
            self.settings.sampling,
            window,
            self.settings.shared_parameters,
            self.settings.wobble,
        )

    def step(self, batch: Batch, step: int) -> LossTerms:
        """One optimizer step."""
        for _, optimizer, share in self._groups:
            optimizer.learning_rate.assign(share * self.learning_rate(step))
        arrays = {"moving": batch.moving, "fixed": batch.fixed, "labels": batch.labels, "parameters": batch.parameters}
        if self.settings.label_weight > 0 and batch.moving_labels is not None:
            arrays["moving_labels"] = batch.moving_labels
        weight = self.supervision(step)
        if weight > 0 and batch.truth is not None:
            arrays |= {"truth": batch.truth, "truth_weight": np.array(weight, dtype=np.float32)}
        return self._step(**self._replicas.shared_out(arrays, self.settings.batch_size))

    def _shared_step(self, **arrays: Any) -> LossTerms:
        """One step on every device's share, and what follows once all of them have taken it."""
        before = None if self._lines is None else self._lines.readouts()
        terms: LossTerms = self._replicas.run(self._gradient_step, arrays)
        if self._lines is not None and before is not None:
            self._lines.keep_centred(before)
        return terms

    def _gradient_step(
        self,
        moving: tf.Tensor,
        fixed: tf.Tensor,
        labels: tf.Tensor,
        parameters: tf.Tensor,
        **known: tf.Tensor,
    ) -> LossTerms:
        """One device's step; `known`: moving labels, true displacement and its weight, as far as the loss uses them."""
        maps = parameter_maps(parameters, labels, self.model)
        with tf.GradientTape() as tape:
            velocity = self.network.velocity(moving, fixed, parameters)
        terms, slope = self._loss(velocity, moving, fixed, labels, maps, **known)
        groups = [variables for variables, _, _ in self._groups]
        gradients = self._replicas.averaged(tape.gradient(velocity, groups, output_gradients=slope))
        if self._lines is not None:
            gradients = [self._lines.centred(*gradients)]
        for (variables, optimizer, _), of_group in zip(self._groups, gradients, strict=True):
            optimizer.apply_gradients(zip(of_group, variables, strict=True), skip_gradients_aggregation=True)
        return terms

    def _loss_of_velocity(
        self,
        velocity: tf.Tensor,
        moving: tf.Tensor,
        fixed: tf.Tensor,
        labels: tf.Tensor,
        maps: tuple[tf.Tensor, ...],
        moving_labels: tf.Tensor | None = None,
        truth: tf.Tensor | None = None,
        truth_weight: tf.Tensor | None = None,
    ) -> tuple[LossTerms, tf.Tensor]:
        """All that follows the U-Net, integration, warp and loss, and the loss's gradient by the velocity."""
        with tf.GradientTape() as tape:
            tape.watch(velocity)
            displacement = self.network.integrate(velocity)
            warped = self.network.warp(moving, displacement)
            field = displacement if self.settings.regularized == "displacement" else self.network.cropped(velocity)
            scale = self.settings.regularization_scale
            terms = registration_loss(fixed, warped, field, maps, self.model.regularizer, scale)
            if moving_labels is not None:
                masks, moving_masks = (tf.one_hot(of, self.n_classes)[..., 1:] for of in (labels, moving_labels))
                warped_masks = self.network.warp(moving_masks, displacement)
                weight, averaged = self.settings.label_weight, self._replicas.averaged
                terms = with_overlap(terms, masks, warped_masks, maps, weight, averaged)
            if truth is not None:
                terms = with_supervision(terms, displacement, truth, truth_weight)
        return terms, tape.gradient(terms.total, velocity)

    @property
    def _optimizer_variables(self) -> list[tf.Variable]:
        return [variable for _, optimizer, _ in self._groups for variable in optimizer.variables]

    def warm_start(self, start: Checkpoint) -> None:
        """Takes up a global network's weights (`training/warm_start.py`), of slices too (`training/from_slices.py`)."""
        weights = taken_up(start.read_weights(), self.model, self.n_classes)
        slice_axis = start.card.preprocessing.slice_axis
        if slice_axis is not None and len(self.window) == 3:
            weights = spread(weights, slice_axis)
        self.network.set_weights(
            with_line_weights(weights, self.network.n_parameters) if self._lines is not None else weights
        )

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


def train_model(
    config: RunConfig,
    model: str,
    pairs: TrainingSet,
    out: Path,
    resume: bool = False,
    on_step: Callable[[Progress], None] = lambda _: None,
    start: Checkpoint | None = None,
    devices: int | None = None,
) -> Checkpoint:
    """Trains one model and writes its checkpoint.

    Args:
        config: the run.
        model: which of the paper's models.
        pairs: the training pairs.
        out: folder of this model's checkpoint (see `RunFolder` for what lies in it meanwhile).
        resume: go on from the saved state, if there is one; a finished training is left as it is.
        on_step: hears of every step; a KeyboardInterrupt that it raises ends the training with its state saved.
        start: a global network to start from: of the same run for a warm start, of the family `config.start` otherwise.
        devices: how many share every batch, as of `Replicas`; a resumed training may have others.

    Raises:
        InputError: there are no such devices; `out` holds a training and `resume` is False; it holds another run's; or
            the loss is not finite.
    """
    settings = config.training
    folder = RunFolder(out, fingerprint(config, model, pairs))
    folder.require_usable(resume)
    finished = folder.finished()
    if finished is not None:
        if not (out / MODEL_CARD).is_file():  # it was killed between the two
            write_model_card(finished)
        return finished

    trainer = Trainer(config, model, len(pairs.tissues) + 1, devices)
    if trainer.is_warm and start is None:
        raise InputError(
            f"{model} should start from the weights of {trainer.model.global_name}, and there are none.",
            cure=f"Train {trainer.model.global_name} first, or leave out warm_start_steps",
        )
    if settings.supervision_steps is not None and pairs.truth is None:
        raise InputError(
            "The true motion should lead the first steps, but not every pair has one.",
            expected="phantoms with their truth folder",
            cure="Leave out supervision_steps",
        )
    if settings.label_weight > 0 and pairs.moving_labels is None:
        raise InputError(
            "The overlap of labels should count, but not every pair has moving labels.",
            cure="Leave out label_weight",
        )
    first = 0
    history: list[HistoryRow] = []
    saved = folder.load()
    if saved is not None:
        state, first, history = saved
        trainer.restore(state)
    elif start is not None:
        trainer.warm_start(start)
    live = LiveHistory(folder, history)
    seconds_before = float(history[-1][-1]) if history else 0.0
    started = time.monotonic()
    for step, batch in batches(trainer, pairs, first):
        try:
            terms = [float(term) for term in trainer.step(batch, step)]
        except tf.errors.InvalidArgumentError as error:  # a displacement that is not finite points at no voxel
            raise _not_finite(step) from error
        if not np.isfinite(terms[0]):
            raise _not_finite(step)
        seconds = seconds_before + time.monotonic() - started
        history.append(tuple(map(str, (step, *terms, trainer.learning_rate(step), round(seconds, 3)))))
        if (step + 1) % settings.save_every == 0 or step + 1 == trainer.steps:
            _require_response(trainer.network, step)
            folder.save(_sound(trainer.state(), step), step + 1, history)
            live.saved()
        live.tell()
        try:
            on_step(Progress(step + 1, trainer.steps, terms[0]))
        except KeyboardInterrupt:  # between two steps: the state is whole
            folder.save(_sound(trainer.state(), step), step + 1, history)
            raise
    return _write_checkpoint(config, model, pairs, trainer, folder, history, start)


def batches(trainer: Trainer, pairs: TrainingSet, first: int) -> Iterator[tuple[int, Batch]]:
    """The steps that are left with their batches; the next one is drawn while the caller works on this one."""
    with ThreadPoolExecutor(max_workers=1) as ahead:
        upcoming = ahead.submit(trainer.batch, pairs, first)
        for step in range(first, trainer.steps):
            batch = upcoming.result()
            if step + 1 < trainer.steps:
                upcoming = ahead.submit(trainer.batch, pairs, step + 1)
            yield step, batch


def _not_finite(step: int) -> InputError:
    return InputError(
        f"The loss of step {step} is not finite.", cure="Lower learning_rate; the last saved state is intact"
    )


def _sound(state: dict[str, np.ndarray], step: int) -> dict[str, np.ndarray]:
    """A state that training can go on from; raises InputError where it cannot, and leaves the one before in place.

    A loss is of the weights before its step: that they are still finite afterwards shows only here.
    """
    broken = next((name for name, array in state.items() if not np.isfinite(array).all()), None)
    if broken is not None:
        raise InputError(
            f"After step {step} the network is not finite.",
            received=f"NaN or infinity in {broken}",
            cure="Lower learning_rate; the last saved state is intact",
        )
    return state


def _require_response(network: HyperRegistrationNetwork, step: int) -> None:
    """Raises InputError if the hypernetwork has died: then every (λ, μ) gives the same registration, for good."""
    corners = np.array([np.zeros(network.n_parameters), np.ones(network.n_parameters)], dtype=np.float32)
    if not network.hyper_features(corners).any():
        raise InputError(
            f"At step {step} the hypernetwork no longer responds to λ and μ: all units of its last layer are off.",
            cure="Lower hyper_learning_rate (or learning_rate) and train again",
        )


def _write_checkpoint(
    config: RunConfig,
    model: str,
    pairs: TrainingSet,
    trainer: Trainer,
    folder: RunFolder,
    history: list[HistoryRow],
    start: Checkpoint | None,
) -> Checkpoint:
    tail = [dict(zip(HISTORY_COLUMNS, row, strict=True)) for row in history[-100:]]
    training = {
        "run": folder.run,
        "config": asdict(config.training),
        "data": asdict(config.data),
        "start": None if start is None else {"name": start.name, "weights_sha256": start.card.weights_sha256},
        "steps": trainer.steps,
        "pairs": len(pairs.moving),
        "subjects": pairs.subjects,
        "seconds": float(history[-1][-1]),
        "mean_of_last_100_steps": {
            name: float(np.mean([float(row[name]) for row in tail]))
            for name in ("loss", "similarity", "energy", "overlap")
        },
    }
    checkpoint = save_checkpoint(
        folder.path,
        trainer.network.weights(),
        {
            "model": model,
            "tissues": pairs.tissues,
            "background": config.background[: len(trainer.model.regularizer.parameters)],
            "preprocessing": config.preprocessing,
            "network": trainer.architecture,
            "sampling": config.training.sampling,
            "regularized": config.training.regularized,
            "regularization_scale": config.training.regularization_scale,
            "training": training,
            "versions": {"elasreg": __version__, "tensorflow": tf.__version__},
        },
    )
    write_model_card(checkpoint)
    return checkpoint

"""One network in training: its variables, its optimizers, its loss, and one step of them all."""

from __future__ import annotations

from typing import Any

import numpy as np

from elasreg_core.config import RunConfig
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.loss import LossTerms, parameter_maps, registration_loss
from elasreg_core.networks.voxelmorph_tf import keras, tf
from elasreg_core.training.batches import Batch, TrainingSet
from elasreg_core.training.devices import Replicas
from elasreg_core.training.from_slices import spread
from elasreg_core.training.losses import with_overlap, with_supervision
from elasreg_core.training.plan import Plan
from elasreg_core.training.warm_start import Lines, taken_up, with_line_weights

_COMPILED_FROM = 100  # steps: compiling takes some seconds, and saves a third of every step


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

"""The training loop: deterministic under a seed, and resumable to the same losses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from elasreg_core.config import RunConfig
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint, save_checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.provenance import versions
from elasreg_core.training.batches import Batch, TrainingSet
from elasreg_core.training.model_card import MODEL_CARD, write_model_card
from elasreg_core.training.state import HISTORY_COLUMNS, HistoryRow, LiveHistory, RunFolder, fingerprint
from elasreg_core.training.trainer import Trainer


@dataclass(frozen=True)
class Progress:
    """What a callback hears after every step."""

    step: int
    steps: int
    loss: float


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
            "versions": versions(),
        },
    )
    write_model_card(checkpoint)
    return checkpoint

"""Training batches as a pure function of (seed, step): what makes a resumed run equal to an uninterrupted one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.training.augmentation import RandomView
from elasreg_core.training.sampling import LAWS


@dataclass(frozen=True)
class Batch:
    """One step's input: images `(B, X, Y[, Z], 1)`, fixed labels `(B, X, Y[, Z])`, parameters `(B, P)` or `(1, P)`.

    And, where the pairs have them, the moving labels, shaped as the fixed ones, and the true displacement, shape
    `(B, X, Y[, Z], D)` in voxels.
    """

    moving: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    parameters: npt.NDArray[np.float32]
    moving_labels: npt.NDArray[np.int32] | None = None
    truth: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class TrainingSet:
    """All pairs of a run in memory, stacked: images `(N, X, Y[, Z])`, fixed labels, and what else all of them have."""

    moving: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    tissues: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    moving_labels: npt.NDArray[np.uint8] | None = None
    truth: npt.NDArray[np.float32] | None = None

    @cached_property
    def digest(self) -> str:
        """sha256 over everything that a training sees of the data."""
        digest = hashlib.sha256(repr((self.moving.shape, self.tissues)).encode())
        for stack in (self.moving, self.fixed, self.labels, self.moving_labels, self.truth):
            digest.update(b"none" if stack is None else np.ascontiguousarray(stack).data)
        return digest.hexdigest()

    @classmethod
    def from_pairs(cls, pairs: Sequence[RegistrationPair]) -> TrainingSet:
        """Stacks pairs of one data set.

        Raises:
            InputError: a pair without fixed labels, which the adaptive energy needs.
        """
        fixed_labels = []
        for pair in pairs:
            if pair.fixed_labels is None:
                raise InputError(
                    f"{pair.id} has no fixed labels.", cure="Training needs a segmentation of the fixed image"
                )
            fixed_labels.append(pair.fixed_labels)
        return cls(
            np.stack([pair.moving for pair in pairs]),
            np.stack([pair.fixed for pair in pairs]),
            np.stack(fixed_labels),
            pairs[0].tissues.names,
            tuple(pair.id for pair in pairs),
            _stacked([pair.moving_labels for pair in pairs]),
            _stacked([None if pair.truth is None else pair.truth.displacement for pair in pairs]),
        )

    def batch(
        self,
        seed: int,
        step: int,
        size: int,
        parameters: tuple[int, int],
        law: str,
        window: tuple[int, ...] | None = None,
        shared_parameters: bool = False,
        wobble: float = 0.0,
    ) -> Batch:
        """The batch of one step: which pairs, seen how, under which parameters.

        Args:
            seed: of the run.
            step: of the run.
            size: B.
            parameters: how many each class has, and how many classes; their product is P.
            law: of the parameters, one of `LAWS`.
            window: draw a `RandomView` of these sides for every pair; None takes the pairs as they are.
            shared_parameters: one row of parameters for the whole batch, shape `(1, P)`.
            wobble: of the views, in voxels.
        """
        rng = np.random.default_rng([seed, step])
        chosen = rng.choice(len(self.moving), size, replace=size > len(self.moving))
        moving, fixed, labels = self.moving[chosen], self.fixed[chosen], self.labels[chosen]
        moving_labels = None if self.moving_labels is None else self.moving_labels[chosen]
        truth = None if self.truth is None else self.truth[chosen]
        if window is not None:
            views = [RandomView.draw(rng, self.moving.shape[1:], window, wobble) for _ in chosen]
            moving = np.stack([view.moving(image) for view, image in zip(views, moving, strict=True)])
            fixed = np.stack([view.fixed(image) for view, image in zip(views, fixed, strict=True)])
            labels = np.stack([view.fixed_labels(image) for view, image in zip(views, labels, strict=True)])
            if moving_labels is not None:
                seen = [view.moving_labels(image) for view, image in zip(views, moving_labels, strict=True)]
                moving_labels = np.stack(seen)
            if truth is not None:
                truth = np.stack([view.displacement(vectors) for view, vectors in zip(views, truth, strict=True)])
        rows = 1 if shared_parameters else size
        return Batch(
            moving[..., np.newaxis],
            fixed[..., np.newaxis],
            labels.astype(np.int32),
            LAWS[law](rng, (rows, *parameters)).reshape(rows, -1),
            None if moving_labels is None else moving_labels.astype(np.int32),
            truth,
        )


def _stacked(arrays: Sequence[npt.NDArray[Any] | None]) -> npt.NDArray[Any] | None:
    """All arrays in one, or None if any pair lacks its own."""
    known = [array for array in arrays if array is not None]
    return np.stack(known) if len(known) == len(arrays) else None

"""Training batches as a pure function of (seed, step): what makes a resumed run equal to an uninterrupted one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.training.sampling import LAWS


@dataclass(frozen=True)
class Batch:
    """One step's input: images `(B, X, Y[, Z], 1)`, fixed labels `(B, X, Y[, Z])`, parameters `(B, P)`."""

    moving: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    parameters: npt.NDArray[np.float32]


@dataclass(frozen=True)
class TrainingSet:
    """All pairs of a run in memory, stacked: images `(N, X, Y[, Z])` and fixed labels."""

    moving: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    tissues: tuple[str, ...]
    subjects: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """sha256 over everything that a training sees of the data."""
        digest = hashlib.sha256(repr((self.moving.shape, self.tissues)).encode())
        for stack in (self.moving, self.fixed, self.labels):
            digest.update(np.ascontiguousarray(stack).data)
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
        )

    def batch(self, seed: int, step: int, size: int, n_parameters: int, law: str, augment: bool) -> Batch:
        """The batch of one step: which pairs, how turned, under which parameters."""
        rng = np.random.default_rng([seed, step])
        chosen = rng.choice(len(self.moving), size, replace=size > len(self.moving))
        turn = _random_turn(self.moving.shape[1:], rng) if augment else _as_it_is
        moving, fixed, labels = (turn(stack[chosen]) for stack in (self.moving, self.fixed, self.labels))
        return Batch(
            moving[..., np.newaxis],
            fixed[..., np.newaxis],
            labels.astype(np.int32),
            LAWS[law](rng, size, n_parameters),
        )


Turn = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def _as_it_is(stack: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return stack


def _random_turn(sides: tuple[int, ...], rng: np.random.Generator) -> Turn:
    """A flip along random axes and, where the first two sides agree, a transposition, for stacks `(B, X, Y[, Z])`."""
    axes = tuple(1 + axis for axis in range(len(sides)) if rng.random() < 0.5)
    transpose = rng.random() < 0.5 and sides[0] == sides[1]

    def turn(stack: npt.NDArray[Any]) -> npt.NDArray[Any]:
        turned = np.flip(stack, axes)
        return np.ascontiguousarray(np.swapaxes(turned, 1, 2) if transpose else turned)

    return turn

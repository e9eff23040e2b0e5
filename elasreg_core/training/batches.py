"""Training batches as a pure function of (seed, step): what makes a resumed run equal to an uninterrupted one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.training.augmentation import RandomView
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

    def batch(
        self, seed: int, step: int, size: int, n_parameters: int, law: str, window: tuple[int, ...] | None = None
    ) -> Batch:
        """The batch of one step: which pairs, seen how, under which parameters.

        Args:
            seed: of the run.
            step: of the run.
            size: B.
            n_parameters: P.
            law: of the parameters, one of `LAWS`.
            window: draw a `RandomView` of these sides for every pair; None takes the pairs as they are.
        """
        rng = np.random.default_rng([seed, step])
        chosen = rng.choice(len(self.moving), size, replace=size > len(self.moving))
        stacks = self.moving[chosen], self.fixed[chosen], self.labels[chosen]
        if window is not None:
            stacks = _views(*stacks, window, rng)
        moving, fixed, labels = stacks
        return Batch(
            moving[..., np.newaxis],
            fixed[..., np.newaxis],
            labels.astype(np.int32),
            LAWS[law](rng, size, n_parameters),
        )


Stacks = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.uint8]]


def _views(
    moving: npt.NDArray[np.float32],
    fixed: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    window: tuple[int, ...],
    rng: np.random.Generator,
) -> Stacks:
    views = [RandomView.draw(rng, moving.shape[1:], window) for _ in moving]
    return (
        np.stack([view.image(image, view.shades[0]) for view, image in zip(views, moving, strict=True)]),
        np.stack([view.image(image, view.shades[1]) for view, image in zip(views, fixed, strict=True)]),
        np.stack([view.labels(image) for view, image in zip(views, labels, strict=True)]),
    )

"""Overlap of label maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def dice_per_label(a: npt.NDArray[Any], b: npt.NDArray[Any], n_classes: int) -> npt.NDArray[np.float64]:
    """Dice of the labels 1 … C−1 of two maps, shape `(C−1,)`. A label absent from either map is NaN.

    Example:
        >>> print(dice_per_label(np.array([1, 1, 2, 0]), np.array([1, 0, 2, 2]), 4))
        [0.66666667 0.66666667        nan]
    """
    overlap, in_a, in_b = _counts(a, b, n_classes)
    return dice_from_counts(overlap, in_a, in_b, present=(in_a > 0) & (in_b > 0))


def warped_dice(
    moving: npt.NDArray[Any], warped: npt.NDArray[Any], fixed: npt.NDArray[Any], n_classes: int
) -> npt.NDArray[np.float64]:
    """Dice of warped and fixed labels, shape `(C−1,)`; NaN only where a class is absent from moving or fixed.

    A class that the warp makes vanish overlaps nothing: 0, not NaN.
    """
    overlap, in_warped, in_fixed = _counts(warped, fixed, n_classes)
    return dice_from_counts(overlap, in_warped, in_fixed, present_in_both(moving, fixed, n_classes))


def present_in_both(a: npt.NDArray[Any], b: npt.NDArray[Any], n_classes: int) -> npt.NDArray[np.bool_]:
    """Which of the labels 1 … C−1 both maps have, shape `(C−1,)`."""
    in_a, in_b = (np.bincount(labels.ravel(), minlength=n_classes)[1:] for labels in (a, b))
    return (in_a > 0) & (in_b > 0)


def dice_from_counts(
    overlap: npt.NDArray[Any], in_a: npt.NDArray[Any], in_b: npt.NDArray[Any], present: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Dice from counts of voxels, each of shape `(C−1,)`: 2·overlap / (in_a + in_b), NaN where not present."""
    return np.divide(2.0 * overlap, in_a + in_b, out=np.full(len(overlap), np.nan), where=present)


def _counts(a: npt.NDArray[Any], b: npt.NDArray[Any], n_classes: int) -> list[npt.NDArray[np.intp]]:
    """Voxels of each label 1 … C−1 in both maps at once, in a, and in b."""
    counts = np.bincount(a.ravel().astype(np.intp) * n_classes + b.ravel(), minlength=n_classes**2)
    joint = counts.reshape(n_classes, n_classes)
    return [joint.diagonal()[1:], joint.sum(axis=1)[1:], joint.sum(axis=0)[1:]]

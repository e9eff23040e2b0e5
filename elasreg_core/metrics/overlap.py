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
    counts = np.bincount(a.ravel().astype(np.intp) * n_classes + b.ravel(), minlength=n_classes**2)
    joint = counts.reshape(n_classes, n_classes)
    in_a, in_b = joint.sum(axis=1)[1:], joint.sum(axis=0)[1:]
    dice = np.full(n_classes - 1, np.nan)
    np.divide(2.0 * joint.diagonal()[1:], in_a + in_b, out=dice, where=(in_a > 0) & (in_b > 0))
    return dice


def warped_dice(
    moving: npt.NDArray[Any], warped: npt.NDArray[Any], fixed: npt.NDArray[Any], n_classes: int
) -> npt.NDArray[np.float64]:
    """Dice of warped and fixed labels, shape `(C−1,)`; NaN only where a class is absent from moving or fixed.

    A class that the warp makes vanish overlaps nothing: 0, not NaN.
    """
    dice = dice_per_label(warped, fixed, n_classes)
    present = [np.any(moving == label) and np.any(fixed == label) for label in range(1, n_classes)]
    return np.where(np.isnan(dice) & present, 0.0, dice)

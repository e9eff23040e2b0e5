"""Distances between landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.physics.fields import warp_points


def tre_mm(
    keypoints: Keypoints | None, displacement: npt.NDArray[np.floating[Any]], spacing_mm: Sequence[float]
) -> float:
    """Target registration error: the mean over the landmarks of ‖(p_F + u(p_F) − p_M) · spacing‖, in mm.

    In 2D the error within the slice. Without landmarks it is NaN.

    Args:
        keypoints: p_F and p_M, shape `(N, D)`, in voxels of the grid that both images share.
        displacement: u, shape `(X, Y[, Z], D)`, in voxels; linear between voxels.
        spacing_mm: one voxel size per axis.

    Example:
        Unregistered, 3 voxels of 1 mm and 2 voxels of 2 mm apart:

        >>> points = Keypoints(np.array([[1.0, 1.0]]), np.array([[4.0, 3.0]]))
        >>> tre_mm(points, np.zeros((6, 5, 2)), (1.0, 2.0))
        5.0
    """
    if keypoints is None or not len(keypoints):
        return float("nan")
    missed = warp_points(keypoints.fixed_vox, displacement) - keypoints.moving_vox
    return float(np.linalg.norm(missed * spacing_mm, axis=-1).mean())

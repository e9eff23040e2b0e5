"""Distances between surfaces of label maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage


def hd95_mm(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_], spacing_mm: Sequence[float]) -> float:
    """95 % Hausdorff distance of two masks in mm: the larger of the two directed 95th percentiles.

    A surface voxel is a mask voxel with a face neighbour outside the mask (the image's rim counts as outside).
    An empty mask gives NaN.

    Example:
        Two single voxels, 3 apart along an axis of 2 mm spacing, are 6 mm apart.
    """
    if not a.any() or not b.any():
        return float("nan")
    region = _bounding_box(a | b)
    a, b = a[region], b[region]
    surface_a, surface_b = a & ~ndimage.binary_erosion(a), b & ~ndimage.binary_erosion(b)
    to_b = ndimage.distance_transform_edt(~surface_b, sampling=spacing_mm)[surface_a]
    to_a = ndimage.distance_transform_edt(~surface_a, sampling=spacing_mm)[surface_b]
    return float(max(np.percentile(to_b, 95), np.percentile(to_a, 95)))


def hd95_vox(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    """The same in voxels, whatever their size: Learn2Reg's unit."""
    return hd95_mm(a, b, (1.0,) * a.ndim)


def _bounding_box(mask: npt.NDArray[np.bool_]) -> tuple[Any, ...]:
    return ndimage.find_objects(mask.astype(np.uint8))[0]

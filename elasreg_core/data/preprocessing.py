"""From two volumes on disk to one grid: slice, resample, crop or pad, normalise, all carried through the affine.

The target grid is laid out in space once, around the fixed labels; every image and label map is then read off
at the grid's points with a single interpolation, through its own affine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.grid import Grid, in_space
from elasreg_core.data.nifti import Volume
from elasreg_core.errors import InputError

CENTRES = ("labels", "image")
_MOST_VOXELS = 2**29  # 1024 × 1024 × 512


@dataclass(frozen=True)
class Preprocessing:
    """What happens to a pair before a network sees it; recorded in every checkpoint.

    Attributes:
        grid_shape: sides of the target grid, 2 or 3 of them.
        spacing_mm: isotropic voxel size of the target grid; through the slice, a 2D grid keeps the volume's.
        slice_axis: the axis of the fixed volume across which its middle slice is taken; None keeps the volume (3D).
            A volume of a single slice is that slice, whatever axis it lies across: see `slicing_axis`.
        intensity_percentiles: clipped here, then mapped to [0, 1], each image by itself.
        intensity_range: clipped here before that, in the files' own units (CT: HU); None clips at nothing.
        centre: where the grid lies: around the fixed "labels", where there are any, or around the "image".
    """

    grid_shape: tuple[int, ...] = (128, 128)
    spacing_mm: float = 1.8
    slice_axis: int | None = 2
    intensity_percentiles: tuple[float, float] = (0.5, 99.5)
    intensity_range: tuple[float, float] | None = None
    centre: str = "labels"

    def __post_init__(self) -> None:
        if self.centre not in CENTRES:
            raise InputError("There is no such centre.", expected=" or ".join(CENTRES), received=self.centre)
        expected = 3 if self.slice_axis is None else 2
        if len(self.grid_shape) != expected:
            raise InputError(
                "grid_shape and slice_axis contradict each other.",
                expected=f"{expected} sides with slice_axis = {self.slice_axis}",
                received=self.grid_shape,
            )
        if self.slice_axis not in (None, 0, 1, 2):
            raise InputError("There is no such slice_axis.", expected="0, 1 or 2", received=self.slice_axis)
        if math.prod(self.grid_shape) > _MOST_VOXELS:
            raise InputError(
                "The target grid is larger than any image here.",
                expected=f"at most {_MOST_VOXELS:,} voxels",
                received=" × ".join(map(str, self.grid_shape)),
                cure="Choose a coarser grid",
            )
        if min(self.grid_shape) < 2 or not 0 < self.spacing_mm < math.inf:
            raise InputError(
                "The target grid is degenerate.",
                expected="sides of at least 2 voxels and a positive spacing_mm",
                received=f"{self.grid_shape} at {self.spacing_mm} mm",
            )
        low, high = self.intensity_percentiles
        if not 0 <= low < high <= 100:
            raise InputError("intensity_percentiles must ascend within [0, 100].", received=self.intensity_percentiles)
        low, high = self.intensity_range or (0.0, 1.0)
        if not (low < high and math.isfinite(high - low)):
            raise InputError(
                "intensity_range must ascend.",
                expected="two finite intensities such as [-980, 1518]",
                received=self.intensity_range,
            )

    @property
    def dim(self) -> int:
        """2 or 3."""
        return len(self.grid_shape)


def slicing_axis(shape: tuple[int, ...], settings: Preprocessing) -> int | None:
    """The axis across which a fixed volume `(X, Y, Z)` is sliced; None in 3D.

    It is `slice_axis`, unless the volume has a single slice, across another axis: then it is that one. So an axial
    slice in a file of its own goes through settings that take the coronal slice of a volume.

    Example:
        >>> coronal = Preprocessing(slice_axis=1)
        >>> slicing_axis((192, 192, 208), coronal), slicing_axis((192, 192, 1), coronal)
        (1, 2)
    """
    if settings.slice_axis is None or shape[settings.slice_axis] == 1 or 1 not in shape:
        return settings.slice_axis
    return max(axis for axis in range(3) if shape[axis] == 1)


def middle(shape: tuple[int, ...], axis: int) -> int:
    """The index of the slice that a 2D pair shows."""
    return shape[axis] // 2


def lay_out_grid(fixed: Volume, fixed_labels: Volume | None, settings: Preprocessing) -> Grid:
    """The grid of `settings`, centred on the fixed labels, or on the image: without labels, or if it says so.

    In 2D its axes are the fixed volume's axes in the slice, in ascending order, and then the one across it.

    Raises:
        InputError: the fixed labels are empty on the grid's slice, or a single slice should become a volume.
    """
    if settings.dim == 3 and 1 in fixed.data.shape:
        raise InputError(
            f"{fixed.path} is a single slice.",
            expected=f"a volume, for a grid of {' × '.join(map(str, settings.grid_shape))} voxels",
            received=f"{' × '.join(map(str, fixed.data.shape))} voxels",
            cure="Use a checkpoint for slices",
        )
    slice_axis = slicing_axis(fixed.data.shape, settings)
    centre_vox = (np.array(fixed.data.shape) - 1) / 2
    axes = [axis for axis in range(3) if axis != slice_axis]
    if slice_axis is not None:
        centre_vox[slice_axis] = middle(fixed.data.shape, slice_axis)
    if fixed_labels is not None and settings.centre == "labels":
        region = fixed_labels.data
        if slice_axis is not None:
            region = region.take([int(centre_vox[slice_axis])], axis=slice_axis)
        boxes = ndimage.find_objects((region > 0).astype(np.uint8))
        if not boxes:
            raise InputError(
                f"{fixed_labels.path} has no tissue where the grid should be centred.",
                expected="labels above 0" + ("" if slice_axis is None else " on the middle slice"),
                received="background only",
                cure="Check the label map, or crop the volume to the organ",
            )
        for axis in axes:
            centre_vox[axis] = (boxes[0][axis].start + boxes[0][axis].stop - 1) / 2

    axes += [] if slice_axis is None else [slice_axis]
    shape = (*settings.grid_shape, 1)[:3]
    directions = (fixed.affine[:3, :3] / fixed.spacing_mm)[:, axes]
    spacing = np.full(3, settings.spacing_mm)
    if slice_axis is not None:
        spacing[2] = fixed.spacing_mm[slice_axis]
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = in_space(fixed.affine, centre_vox) - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def intensity_window(
    image: npt.NDArray[np.float32],
    percentiles: tuple[float, float],
    intensity_range: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """The intensities that become 0 and 1: percentiles of the image, clipped to the range first if there is one."""
    if intensity_range is not None:
        image = np.clip(image, *intensity_range)
    low, high = np.percentile(image, percentiles)
    return float(low), float(high)


def normalise(image: npt.NDArray[np.float32], window: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Maps the window to [0, 1] and clips there. A constant image stays constant (at 0)."""
    low, high = window
    span = high - low
    return np.clip((image - low) / (span if span > 0 else 1), 0, 1).astype(np.float32)

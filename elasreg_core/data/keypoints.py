"""Corresponding points of a pair: read as voxels of each image's own file, carried to the grid that both come to share.

A file holds one point a line, "i,j,k" in voxels of its image (Learn2Reg's form); row n of the fixed file and row n of
the moving file are the same place in the body. The way to the grid leads through the affines, never through the shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elasreg_core.data.grid import Grid, in_space
from elasreg_core.data.nifti import Volume
from elasreg_core.errors import InputError


@dataclass(frozen=True)
class Keypoints:
    """Corresponding points, row n ↔ row n.

    Attributes:
        fixed_vox: shape `(N, D)`, in voxels of the fixed grid.
        moving_vox: shape `(N, D)`, in voxels of the moving grid; the same grid once a pair is preprocessed.
    """

    fixed_vox: npt.NDArray[np.float64]
    moving_vox: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Number of correspondences N."""
        return len(self.fixed_vox)


def read_keypoints(fixed: Path | None, moving: Path | None) -> Keypoints | None:
    """Reads the two files of a pair, D = 3, each in voxels of its own image; None where there are none.

    Raises:
        InputError: one file without the other, unreadable, not three finite numbers a line, or differing row counts.
    """
    if fixed is None and moving is None:
        return None
    if fixed is None or moving is None:
        present, role = (moving, "fixed") if fixed is None else (fixed, "moving")
        raise InputError(
            f"{present} has no partner.",
            expected="one keypoint file for each image, row n ↔ row n",
            received=f"none for the {role} image",
            cure="Add the other file, or remove this one",
        )
    fixed_vox, moving_vox = read_points(fixed), read_points(moving)
    if len(fixed_vox) != len(moving_vox):
        raise InputError(
            f"{fixed} and {moving.name} do not correspond.",
            expected="as many keypoints in both, row n ↔ row n",
            received=f"{len(fixed_vox)} fixed and {len(moving_vox)} moving",
        )
    return Keypoints(fixed_vox, moving_vox)


def carry_keypoints(
    keypoints: Keypoints, fixed: Volume, moving: Volume, grid: Grid
) -> tuple[Keypoints | None, tuple[str, ...]]:
    """Carries keypoints to the grid: voxel → RAS mm by each image's own affine → voxel of the grid.

    A keypoint counts where its fixed point lies in a voxel of the grid; on a 2D grid, no more than half a voxel beside
    the slice. Its moving point may lie anywhere: in 2D, what it moved through the slice is not counted.

    Returns:
        The keypoints that count, D = 2 or 3, or None if there are none; and one sentence per reason to leave some out.
    """
    on_grid = np.linalg.inv(grid.affine)
    # the rounding keeps a point that lies just between two slices on the same side under every affine
    fixed_vox = np.round(in_space(on_grid @ fixed.affine, keypoints.fixed_vox), 6)
    moving_vox = np.round(in_space(on_grid @ moving.affine, keypoints.moving_vox), 6)
    inside = (fixed_vox >= -0.5) & (fixed_vox <= np.array(grid.shape) - 0.5)
    on_slice = inside[:, grid.dim :].all(axis=1)
    kept = inside.all(axis=1)
    notes = tuple(
        f"{count} of {len(keypoints)} keypoints left out: {where}."
        for count, where in (
            (np.count_nonzero(~on_slice), "off the slice"),
            (np.count_nonzero(on_slice & ~kept), "outside the grid"),
        )
        if count
    )
    if not kept.any():
        return None, notes
    return Keypoints(fixed_vox[kept, : grid.dim], moving_vox[kept, : grid.dim]), notes


def outside(points_vox: npt.NDArray[np.float64], shape: tuple[int, ...]) -> int:
    """How many points `(N, D)` lie in no voxel of an image of this shape."""
    return int(np.count_nonzero(((points_vox < -0.5) | (points_vox > np.array(shape) - 0.5)).any(axis=1)))


def read_points(path: Path) -> npt.NDArray[np.float64]:
    """The points of one file, shape `(N, 3)`; one header line without numbers is passed over."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.", cure="Check the path")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{path} cannot be read as keypoints.", expected="text, one point i,j,k a line", received=str(error)
        ) from error
    points = []
    for number, line in enumerate(lines, start=1):
        cells = line.split(",")
        if not line.strip() or (number == 1 and not any(map(_is_number, cells))):
            continue
        if len(cells) != 3 or not all(map(_is_number, cells)) or not np.isfinite([float(c) for c in cells]).all():
            raise InputError(
                f"{path} holds no point in line {number}.",
                expected="three finite numbers i,j,k, in voxels",
                received=line[:80],
            )
        points.append([float(cell) for cell in cells])
    if not points:
        raise InputError(f"{path} holds no keypoints.", expected="one point i,j,k a line", received="no such line")
    return np.array(points)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

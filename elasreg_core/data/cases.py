"""From the files of one subject to a registration pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elasreg_core.data.grid import Grid
from elasreg_core.data.keypoints import carry_keypoints, read_keypoints
from elasreg_core.data.nifti import Volume, read_image, read_labels, require_same_grid
from elasreg_core.data.pair import Origin, RegistrationPair
from elasreg_core.data.preprocessing import (
    Preprocessing,
    intensity_window,
    lay_out_grid,
    middle,
    normalise,
    slicing_axis,
)
from elasreg_core.data.tissues import TissueTable
from elasreg_core.data.truth import read_truth


@dataclass(frozen=True)
class Case:
    """The files of one subject, nothing loaded yet."""

    id: str
    moving: Path
    fixed: Path
    moving_labels: Path | None = None
    fixed_labels: Path | None = None
    group: str | None = None
    moving_keypoints: Path | None = None
    fixed_keypoints: Path | None = None
    truth: Path | None = None


def load_case(case: Case, settings: Preprocessing, tissues: TissueTable) -> RegistrationPair:
    """Reads, checks and preprocesses one subject.

    Raises:
        InputError: any file is missing, damaged, of another grid, or holds labels that `tissues` does not know;
            or the keypoints of the two images do not correspond.
    """
    fixed, moving = read_image(case.fixed), read_image(case.moving)
    fixed_labels = _labels_of(fixed, case.fixed_labels, tissues)
    moving_labels = _labels_of(moving, case.moving_labels, tissues)
    grid = lay_out_grid(fixed, fixed_labels, settings)
    volumes = [volume for volume in (fixed, moving, fixed_labels, moving_labels) if volume is not None]
    notes = [note for volume in volumes for note in volume.notes]
    keypoints = read_keypoints(case.fixed_keypoints, case.moving_keypoints)
    if keypoints is not None:
        keypoints, left_out = carry_keypoints(keypoints, fixed, moving, grid)
        notes += left_out

    def image(volume: Volume, of_pair: Grid) -> tuple[np.ndarray, Origin]:
        read = grid.read(volume, order=1).reshape(settings.grid_shape)
        window = intensity_window(read, settings.intensity_percentiles, settings.intensity_range)
        return normalise(read, window), Origin(volume.path, of_pair, window)

    def labels(volume: Volume | None) -> np.ndarray | None:
        return None if volume is None else grid.read(volume, order=0).reshape(settings.grid_shape)

    moving_image, moving_origin = image(moving, moving.grid)
    fixed_image, fixed_origin = image(fixed, _seen(fixed.grid, settings))
    return RegistrationPair(
        id=case.id,
        moving=moving_image,
        fixed=fixed_image,
        moving_labels=labels(moving_labels),
        fixed_labels=labels(fixed_labels),
        affine=grid.affine,
        spacing_mm=(settings.spacing_mm,) * settings.dim,
        tissues=tissues,
        group=case.group,
        notes=tuple(dict.fromkeys(notes)),
        keypoints=keypoints,
        truth=None if case.truth is None else read_truth(case.truth, grid),
        moving_origin=moving_origin,
        fixed_origin=fixed_origin,
    )


def _seen(fixed: Grid, settings: Preprocessing) -> Grid:
    """What a pair shows of the fixed file's grid: all of it, or its middle slice."""
    axis = slicing_axis(fixed.shape, settings)
    return fixed if axis is None else fixed.slice_at(axis, middle(fixed.shape, axis))


def _labels_of(image: Volume, path: Path | None, tissues: TissueTable) -> Volume | None:
    if path is None:
        return None
    labels = read_labels(path)
    require_same_grid(image, labels)
    tissues.require_known(labels.data, str(path))
    return labels

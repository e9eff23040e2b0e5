"""From the files of one subject to a registration pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elasreg_core.data.keypoints import carry_keypoints, read_keypoints
from elasreg_core.data.nifti import Volume, read_image, read_labels, require_same_grid
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.preprocessing import Preprocessing, lay_out_grid, normalise
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

    def image(volume: Volume) -> np.ndarray:
        read = grid.read(volume, order=1).reshape(settings.grid_shape)
        return normalise(read, settings.intensity_percentiles, settings.intensity_range)

    def labels(volume: Volume | None) -> np.ndarray | None:
        return None if volume is None else grid.read(volume, order=0).reshape(settings.grid_shape)

    return RegistrationPair(
        id=case.id,
        moving=image(moving),
        fixed=image(fixed),
        moving_labels=labels(moving_labels),
        fixed_labels=labels(fixed_labels),
        affine=grid.affine,
        spacing_mm=(settings.spacing_mm,) * settings.dim,
        tissues=tissues,
        group=case.group,
        notes=tuple(dict.fromkeys(notes)),
        keypoints=keypoints,
        truth=None if case.truth is None else read_truth(case.truth, grid),
    )


def _labels_of(image: Volume, path: Path | None, tissues: TissueTable) -> Volume | None:
    if path is None:
        return None
    labels = read_labels(path)
    require_same_grid(image, labels)
    tissues.require_known(labels.data, str(path))
    return labels

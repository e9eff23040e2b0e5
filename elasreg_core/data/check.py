"""What a data set holds, and what is wrong with it, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import nibabel as nib
import numpy as np
import pandas as pd

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets.dataset import Dataset
from elasreg_core.data.grid import in_space
from elasreg_core.data.keypoints import outside, read_keypoints
from elasreg_core.data.nifti import Volume, read_image, read_labels, require_same_grid
from elasreg_core.data.tissues import THORAX
from elasreg_core.data.totalsegmentator import HOW_TO_SEGMENT
from elasreg_core.errors import InputError

_SLANT_DEG = 0.1
_SHARED = 0.5  # of the fixed image within the moving one, below which a note says so


@dataclass(frozen=True)
class DataCheck:
    """The result of a check.

    Attributes:
        table: one row per readable subject: grid, spacing, orientation, labels, number of keypoints.
        faults: what makes a subject unusable, one sentence each.
        notes: what the loader decides by itself, and keypoints beside their images, one sentence each.
    """

    table: pd.DataFrame
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def check_dataset(dataset: Dataset, on_case: Callable[[str], None] = lambda _: None) -> DataCheck:
    """Reads every file of a data set; a bad subject becomes a fault and the rest goes on."""
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    faults = list(dataset.faults)
    for case in dataset.cases:
        try:
            row, case_notes = check_case(case, dataset)
            rows.append(row)
            notes.extend(f"{case.id}: {note}" for note in dict.fromkeys(case_notes))
        except InputError as fault:
            faults.append(str(fault))
        on_case(case.id)
    if dataset.tissues == THORAX and any("none" in (row["fixed_labels"], row["moving_labels"]) for row in rows):
        notes.append(HOW_TO_SEGMENT)
    return DataCheck(pd.DataFrame(rows), tuple(faults), tuple(notes))


def check_case(case: Case, dataset: Dataset) -> tuple[dict[str, object], tuple[str, ...]]:
    """One subject's row of the table, and its notes.

    Raises:
        InputError: a file of it cannot be used.
    """
    fixed, moving = read_image(case.fixed), read_image(case.moving)
    for image, path in ((fixed, case.fixed), (moving, case.moving)):
        if np.ptp(image.data) == 0:
            raise InputError(f"{path} is constant.", expected="an image", received=f"{image.data.flat[0]:g} everywhere")
    notes = [*fixed.notes, *moving.notes, *_slanted(fixed), *_together(fixed, moving)]
    row: dict[str, object] = {
        "subject": case.id,
        "group": case.group or "",
        "shape": "×".join(map(str, fixed.data.shape)),
        "spacing_mm": "×".join(f"{s:.4g}" for s in fixed.spacing_mm),
        "orientation": "".join(nib.aff2axcodes(fixed.affine)),
    }
    present = {}
    for role, image, source in (("fixed", fixed, case.fixed_labels), ("moving", moving, case.moving_labels)):
        labels = None if source is None else _checked_labels(image, read_labels(source), dataset)
        if labels is not None:
            notes += labels.notes
            present[role] = set(map(int, np.unique(labels.data)))
        row[f"{role}_labels"] = "none" if labels is None else " ".join(map(str, sorted(present[role])))
    if len(present) == 2 and (one_sided := (present["fixed"] ^ present["moving"]) - {0}):
        notes.append(f"Labels {', '.join(map(str, sorted(one_sided)))} are in one of the images only.")
    keypoints = read_keypoints(case.fixed_keypoints, case.moving_keypoints)
    row["keypoints"] = "none" if keypoints is None else str(len(keypoints))
    if keypoints is not None:
        for role, image, points in (("fixed", fixed, keypoints.fixed_vox), ("moving", moving, keypoints.moving_vox)):
            if count := outside(points, image.data.shape):
                notes.append(f"{count} of {len(points)} {role} keypoints outside of their image.")
    return row, tuple(notes)


def _slanted(fixed: Volume) -> list[str]:
    """A note where the axes are not perpendicular, which ITK's readers do not take."""
    directions = fixed.affine[:3, :3] / fixed.spacing_mm
    slant = np.degrees(np.arcsin(np.abs(directions.T @ directions - np.eye(3)).max()))
    return [f"The axes are {slant:.2g}° from perpendicular."] if slant > _SLANT_DEG else []


def _together(fixed: Volume, moving: Volume) -> list[str]:
    """What speaks against two images being a pair.

    Raises:
        InputError: they lie in different places.
    """
    if fixed.data.shape == moving.data.shape and np.array_equal(fixed.data, moving.data):
        return ["The fixed and the moving image are the same."]
    corners_and_inside = np.stack(np.meshgrid(*(np.linspace(0, side - 1, 9) for side in fixed.data.shape)), axis=-1)
    at = moving.grid.voxels_of(in_space(fixed.affine, corners_and_inside))
    shared = ((at >= -0.5) & (at <= np.array(moving.data.shape) - 0.5)).all(axis=-1).mean()
    if shared == 0:
        raise InputError(
            f"{fixed.path} and {moving.path.name} lie in different places.",
            expected="two images of one patient in one space",
            received="no point of the fixed image within the moving one",
            cure="Check that they belong together; align their headers if they do",
        )
    notes = [] if shared > _SHARED else [f"Only {shared:.0%} of the fixed image lie within the moving one."]
    if moving.data.shape != fixed.data.shape or not np.allclose(moving.affine, fixed.affine, atol=1e-2):
        sides, spacing = ("×".join(f"{x:.4g}" for x in of) for of in (moving.data.shape, moving.spacing_mm))
        notes.append(f"The moving image has a grid of its own: {sides} at {spacing} mm.")
    return notes


def _checked_labels(image: Volume, labels: Volume, dataset: Dataset) -> Volume:
    require_same_grid(image, labels)
    if dataset.tissues is not None:
        dataset.tissues.require_known(labels.data, str(labels.path))
    return labels

"""What a data set holds, and what is wrong with it, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import nibabel as nib
import numpy as np
import pandas as pd

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets.dataset import Dataset
from elasreg_core.data.keypoints import outside, read_keypoints
from elasreg_core.data.nifti import Volume, read_image, read_labels, require_same_grid
from elasreg_core.errors import InputError


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
            row, case_notes = _check_case(case, dataset)
            rows.append(row)
            notes.extend(f"{case.id}: {note}" for note in dict.fromkeys(case_notes))
        except InputError as fault:
            faults.append(str(fault))
        on_case(case.id)
    return DataCheck(pd.DataFrame(rows), tuple(faults), tuple(notes))


def _check_case(case: Case, dataset: Dataset) -> tuple[dict[str, object], tuple[str, ...]]:
    fixed, moving = read_image(case.fixed), read_image(case.moving)
    for image, path in ((fixed, case.fixed), (moving, case.moving)):
        if np.ptp(image.data) == 0:
            raise InputError(f"{path} is constant.", expected="an image", received=f"{image.data.flat[0]:g} everywhere")
    notes = [*fixed.notes, *moving.notes]
    row: dict[str, object] = {
        "subject": case.id,
        "group": case.group or "",
        "shape": "×".join(map(str, fixed.data.shape)),
        "spacing_mm": "×".join(f"{s:.4g}" for s in fixed.spacing_mm),
        "orientation": "".join(nib.aff2axcodes(fixed.affine)),
    }
    for role, image, source in (("fixed", fixed, case.fixed_labels), ("moving", moving, case.moving_labels)):
        labels = None if source is None else _checked_labels(image, read_labels(source), dataset)
        row[f"{role}_labels"] = "none" if labels is None else " ".join(map(str, np.unique(labels.data)))
        notes += [] if labels is None else labels.notes
    keypoints = read_keypoints(case.fixed_keypoints, case.moving_keypoints)
    row["keypoints"] = "none" if keypoints is None else str(len(keypoints))
    if keypoints is not None:
        for role, image, points in (("fixed", fixed, keypoints.fixed_vox), ("moving", moving, keypoints.moving_vox)):
            if count := outside(points, image.data.shape):
                notes.append(f"{count} of {len(points)} {role} keypoints outside of their image.")
    return row, tuple(notes)


def _checked_labels(image: Volume, labels: Volume, dataset: Dataset) -> Volume:
    require_same_grid(image, labels)
    if dataset.tissues is not None:
        dataset.tissues.require_known(labels.data, str(labels.path))
    return labels

"""The tissues of a chest from TotalSegmentator's classes: 1 lung; 2 bone, that is vertebrae, ribs and sternum; 3 liver.

TotalSegmentator (Wasserthal et al., Radiology: Artificial Intelligence 5, 2023; task `total`) writes a file per class,
`lung_upper_lobe_left.nii.gz` and so on, or with `--ml` one label map. The numbers below are those of its version 2, and
of version 1, which had no sternum.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from elasreg_core.data.nifti import Volume, read_labels, require_same_grid
from elasreg_core.data.tissues import THORAX
from elasreg_core.errors import InputError

#: By version, tissue → the numbers of its classes in a label map.
LABELS = {
    2: {
        "lung": (10, 11, 12, 13, 14),  # lobes
        "bone": (*range(26, 51), *range(92, 117)),  # vertebrae S1 to C1; ribs left and right 1 to 12, sternum
        "liver": (5,),
    },
    1: {
        "lung": (13, 14, 15, 16, 17),
        "bone": (*range(18, 42), *range(58, 82)),  # vertebrae L5 to C1; ribs
        "liver": (5,),
    },
}
HOW_TO_SEGMENT = (
    "Tissue maps are missing. TotalSegmentator makes them, for every image: "
    "TotalSegmentator -i imagesTr/NAME.nii.gz -o NAME_classes.nii.gz --ml; then "
    "elasreg data tissues NAME_classes.nii.gz --out labelsTr/NAME.nii.gz"
)
#: Tissue → the names of its classes' files.
_NAMES = {
    "lung": r"lung_(upper|middle|lower)_lobe_(left|right)",
    "bone": r"vertebrae_\w+|rib_\w+|sternum",
    "liver": "liver",
}


def merge_tissues(source: Path, version: int = 2) -> Volume:
    """The tissue map of a chest from what TotalSegmentator wrote: 0 background, 1 lung, 2 bone, 3 liver.

    Args:
        source: its output folder, or with `--ml` its label map.
        version: whose numbers a label map has, 2 or 1.

    Raises:
        InputError: none of the three tissues is there, or the files of a folder lie on different grids.
    """
    merged = _from_folder(source) if source.is_dir() else _from_label_map(read_labels(source), LABELS[version])
    if merged is None or not merged.data.any():
        raise InputError(
            f"{source} holds none of the tissues of a chest.",
            expected="TotalSegmentator's classes lung_…_lobe_…, vertebrae_…, rib_…, sternum or liver",
            received="no such file" if merged is None else "a map without their numbers",
            cure="Give its output folder, or its --ml label map and the version that wrote it",
        )
    return merged


def _from_label_map(classes: Volume, labels: dict[str, tuple[int, ...]]) -> Volume:
    merged = np.zeros(classes.data.shape, dtype=np.uint8)
    for label, tissue in THORAX:
        merged[np.isin(classes.data, labels[tissue])] = label
    return replace(classes, data=merged)


def _from_folder(folder: Path) -> Volume | None:
    merged: Volume | None = None
    for label, tissue in THORAX:
        named = [
            path for path in sorted(folder.glob("*.nii*")) if re.fullmatch(_NAMES[tissue], path.name.split(".")[0])
        ]
        for path in named:
            part = read_labels(path)
            if merged is None:
                merged = replace(part, data=np.zeros(part.data.shape, dtype=np.uint8))
            require_same_grid(merged, part)
            merged.data[part.data > 0] = label
    return merged

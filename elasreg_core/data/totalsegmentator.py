"""A tissue map from TotalSegmentator's classes, of a chest: 1 lung; 2 bone, that is vertebrae, ribs, sternum; 3 liver.

TotalSegmentator (Wasserthal et al., Radiology: Artificial Intelligence 5, 2023; task `total`) writes a file per class,
`lung_upper_lobe_left.nii.gz` and so on, or with `--ml` one label map. Which classes are a tissue's, `known_tissues`
say, by the numbers of version 2, and of version 1, which had no sternum.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from elasreg_core.data.known_tissues import TISSUES
from elasreg_core.data.nifti import Volume, read_labels, require_same_grid
from elasreg_core.data.tissues import THORAX, TissueTable
from elasreg_core.errors import InputError

#: Of TotalSegmentator: who segments today uses the newest.
VERSIONS = (2, 1)
HOW_TO_SEGMENT = (
    "Tissue maps are missing. TotalSegmentator makes them, for every image: "
    "TotalSegmentator -i imagesTr/NAME.nii.gz -o NAME_classes.nii.gz --ml; then "
    "elasreg data tissues NAME_classes.nii.gz --out labelsTr/NAME.nii.gz"
)


def merge_tissues(source: Path, version: int = 2, table: TissueTable = THORAX) -> Volume:
    """A tissue map from what TotalSegmentator wrote: 0 background, and the table's labels; of a chest unless told.

    Args:
        source: its output folder, or with `--ml` its label map.
        version: whose numbers a label map has, 2 or 1.
        table: the tissues, in label order.

    Raises:
        InputError: a tissue has no class, none of the tissues is there, or a folder's files lie on different grids.
    """
    possible = {name: tissue for name, tissue in TISSUES.items() if tissue.files is not None}
    if not set(table.names) <= set(possible):
        raise InputError(
            "TotalSegmentator does not find these tissues.",
            expected="some of " + ", ".join(possible),
            received=", ".join(table.names),
            cure="Say in elasreg_core/data/known_tissues which of its classes they are",
        )
    merged = _from_folder(source, table) if source.is_dir() else _from_label_map(read_labels(source), version, table)
    if merged is None or not merged.data.any():
        raise InputError(
            f"{source} holds none of the tissues {', '.join(table.names)}.",
            expected="TotalSegmentator's classes " + ", ".join(str(TISSUES[name].files) for name in table.names),
            received="no such file" if merged is None else "a map without their numbers",
            cure="Give its output folder, or its --ml label map and the version that wrote it",
        )
    return merged


def _from_label_map(classes: Volume, version: int, table: TissueTable) -> Volume:
    merged = np.zeros(classes.data.shape, dtype=np.uint8)
    for label, tissue in table:
        merged[np.isin(classes.data, TISSUES[tissue].totalsegmentator.get(version, ()))] = label
    return replace(classes, data=merged)


def _from_folder(folder: Path, table: TissueTable) -> Volume | None:
    merged: Volume | None = None
    for label, tissue in table:
        pattern = TISSUES[tissue].files or ""
        for path in sorted(folder.glob("*.nii*")):
            if not re.fullmatch(pattern, path.name.split(".")[0]):
                continue
            part = read_labels(path)
            if merged is None:
                merged = replace(part, data=np.zeros(part.data.shape, dtype=np.uint8))
            require_same_grid(merged, part)
            merged.data[part.data > 0] = label
    return merged

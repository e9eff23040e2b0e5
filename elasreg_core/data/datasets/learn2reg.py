"""Learn2Reg's layout, which NLST and LungCT share: one folder per kind of file, one file name per image.

`images<split>/<name>_XXXX_0000.nii.gz` is the fixed image of subject XXXX, `…_0001.nii.gz` the moving one; the other
folders use the same names. The split is Tr or Ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets.dataset import Dataset
from elasreg_core.data.tissues import THORAX
from elasreg_core.errors import InputError

_SPLITS = ("Tr", "Ts")
_FIXED, _MOVING = "_0000", "_0001"


def open_learn2reg(root: Path, name: str, points: Sequence[str]) -> Dataset:
    """Lists the subjects of a chest data set under `root`; its layout's name is `name` in small letters.

    Labels are the maps in `labels<split>`; where there is no such folder, the lung masks in `masks<split>`, whose 1 is
    the table's lung. Labels and keypoints are optional.

    Args:
        root: the folder that holds `imagesTr`.
        name: how the files' names begin, e.g. "NLST".
        points: kinds of keypoint folders, the preferred one first, e.g. "landmarks" for `landmarksTr`.

    Raises:
        InputError: no subject has both images.
    """
    kinds = ("images", "labels", "masks", *points)
    cases: dict[str, Case] = {}
    faults = []
    for split in _SPLITS:
        for subject in sorted({id_ for kind in kinds for id_ in _subjects(root / f"{kind}{split}", name)}):
            try:
                if subject in cases:
                    raise InputError(f"{subject} is in Tr and in Ts.", cure="Keep one of them; took Tr")
                cases[subject] = _case(root, split, subject, points)
            except InputError as fault:
                faults.append(str(fault))
    if not cases:
        raise InputError(
            f"{root} does not look like {name}.",
            expected=f"imagesTr/{{{name}_0001_0000.nii.gz (fixed), {name}_0001_0001.nii.gz (moving), …}}, "
            f"the same names in labelsTr/ or masksTr/, {name}_0001_0000.csv, … in "
            + " or ".join(f"{kind}Tr/" for kind in points),
            received=faults[0] if faults else f"no file named {name}_… in such a folder",
            cure="Point at the folder that holds imagesTr/, with the images in it",
        )
    return Dataset(name.lower(), root, tuple(cases[subject] for subject in sorted(cases)), THORAX, tuple(faults))


def _subjects(folder: Path, name: str) -> set[str]:
    files = (path.name for path in folder.glob(f"{name}_*") if path.name.endswith((".nii.gz", ".csv")))
    stems = (file.removesuffix(".nii.gz").removesuffix(".csv") for file in files)
    return {stem[: -len(_FIXED)] for stem in stems if stem.endswith((_FIXED, _MOVING))}


def _case(root: Path, split: str, subject: str, points: Sequence[str]) -> Case:
    def file(kind: str, image: str, suffix: str = ".nii.gz") -> Path:
        return root / f"{kind}{split}" / f"{subject}{image}{suffix}"

    def both(kind: str, suffix: str = ".nii.gz") -> tuple[Path | None, Path | None]:
        moving, fixed = (file(kind, image, suffix) for image in (_MOVING, _FIXED))
        return moving if moving.is_file() else None, fixed if fixed.is_file() else None

    moving, fixed = file("images", _MOVING), file("images", _FIXED)
    missing = [path.name for path in (fixed, moving) if not path.is_file()]
    if missing:
        raise InputError(
            f"{subject} is incomplete.",
            expected=f"images{split}/{fixed.name} (fixed) and {moving.name} (moving)",
            received=" and ".join(f"no images{split}/{name}" for name in missing),
        )
    labels = both("labels" if (root / f"labels{split}").is_dir() else "masks")
    keypoints = next((found for kind in points if any(found := both(kind, ".csv"))), (None, None))
    return Case(
        subject,
        moving,
        fixed,
        moving_labels=labels[0],
        fixed_labels=labels[1],
        moving_keypoints=keypoints[0],
        fixed_keypoints=keypoints[1],
    )

"""Anyone's own data: `pairs/<subject>/{moving,fixed,moving_labels,fixed_labels}.nii.gz`.

Labels are optional; so are `moving_keypoints.csv` and `fixed_keypoints.csv`, one point "i,j,k" a line in voxels of its
own image. `tissues.json` beside the subjects, a list of names in label order, says what the labels mean.
"""

from __future__ import annotations

from pathlib import Path

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets.dataset import Dataset, Layout
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.tables import read_json


def open_pairs(root: Path) -> Dataset:
    """Lists the subjects under `root` or `root/pairs`.

    Raises:
        InputError: no subject folder was found, or `tissues.json` is not a list of names.
    """
    base = root / "pairs" if (root / "pairs").is_dir() else root
    cases, faults = [], []
    for folder in sorted(path for path in base.iterdir() if path.is_dir()):
        moving, fixed = (_file(folder, role, ".nii.gz", ".nii") for role in ("moving", "fixed"))
        if moving is not None and fixed is not None:
            cases.append(
                Case(
                    folder.name,
                    moving,
                    fixed,
                    moving_labels=_file(folder, "moving_labels", ".nii.gz", ".nii"),
                    fixed_labels=_file(folder, "fixed_labels", ".nii.gz", ".nii"),
                    moving_keypoints=_file(folder, "moving_keypoints", ".csv"),
                    fixed_keypoints=_file(folder, "fixed_keypoints", ".csv"),
                )
            )
        elif moving is not None or fixed is not None:
            faults.append(f"{folder.name} is incomplete: it needs both moving.nii.gz and fixed.nii.gz.")
    if not cases:
        raise InputError(
            f"{root} holds no pair.",
            expected="<subject>/{moving, fixed, moving_labels, fixed_labels}.nii.gz",
            received=faults[0] if faults else "no such folder",
        )
    return Dataset("pairs", root, tuple(cases), _tissues(base / "tissues.json"), tuple(faults))


def _file(folder: Path, name: str, *suffixes: str) -> Path | None:
    return next((path for path in (folder / f"{name}{suffix}" for suffix in suffixes) if path.is_file()), None)


def _tissues(path: Path) -> TissueTable | None:
    if not path.is_file():
        return None
    names = read_json(path)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path} is not a list of tissue names.", expected='["lung", "bone", "liver"]', received=names)
    return TissueTable(tuple(names))


LAYOUT = Layout("pairs", open_pairs, is_general=True)

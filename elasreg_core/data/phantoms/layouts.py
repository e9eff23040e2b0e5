"""Phantoms in the layouts of the real data sets, so that the real loaders read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.atomic import write_atomic
from elasreg_core.data.nifti import write_volume
from elasreg_core.data.phantoms.phantom import Phantom


@dataclass(frozen=True)
class LayoutWriter:
    """How one layout is written.

    Attributes:
        subject: the subjects' names, by number.
        write: writes one subject; its last file completes it.
        finish: writes what describes the whole data set, once all subjects are there.
    """

    subject: str
    write: Callable[[Path, str, Phantom], None]
    finish: Callable[[Path], None] | None = None


def write_acdc(out: Path, subject: str, phantom: Phantom) -> None:
    """`training/<subject>/`: end diastole (fixed) is frame 1, end systole (moving) frame 12."""
    folder = out / "training" / subject
    for frame, image, labels in (
        (1, phantom.fixed, phantom.fixed_labels),
        (12, phantom.moving, phantom.moving_labels),
    ):
        _write_volume(folder / f"{subject}_frame{frame:02d}.nii.gz", np.clip(1000 * image, 0, 32767), phantom)
        _write_volume(folder / f"{subject}_frame{frame:02d}_gt.nii.gz", labels, phantom)
    write_atomic(folder / "Info.cfg", "ED: 1\nES: 12\nGroup: PHANTOM\nNbFrame: 2\n")


def write_nlst(out: Path, subject: str, phantom: Phantom) -> None:
    """`imagesTr/`, `labelsTr/`, `masksTr/` (lung) and `keypointsTr/`: `_0000` is fixed, `_0001` moving."""
    _write_learn2reg(out, subject, phantom, "keypointsTr")


def write_lungct(out: Path, subject: str, phantom: Phantom) -> None:
    """As `write_nlst`, with the landmarks in `landmarksTr/`, as the Learn2Reg LungCT data have them."""
    _write_learn2reg(out, subject, phantom, "landmarksTr")


def _write_learn2reg(out: Path, subject: str, phantom: Phantom, points: str) -> None:
    frames = (
        ("0000", phantom.fixed, phantom.fixed_labels, phantom.landmarks_fixed),
        ("0001", phantom.moving, phantom.moving_labels, phantom.landmarks_moving),
    )
    for frame, _, labels, landmarks in frames:
        rows = "".join(",".join(f"{value:.3f}" for value in point) + "\n" for point in landmarks)
        write_atomic(out / points / f"{subject}_{frame}.csv", rows)
        _write_volume(out / "labelsTr" / f"{subject}_{frame}.nii.gz", labels, phantom)
        _write_volume(out / "masksTr" / f"{subject}_{frame}.nii.gz", (labels == 1).astype(np.uint8), phantom)
    for frame, image, _, _ in frames:
        _write_volume(out / "imagesTr" / f"{subject}_{frame}.nii.gz", image, phantom)


def _write_volume(path: Path, array: npt.NDArray[Any], phantom: Phantom) -> None:
    """Labels as they are, images as 16-bit integers, which is what scanners write."""
    grey = array if array.dtype == np.uint8 else np.round(array).astype(np.int16)
    write_volume(path, grey.reshape(phantom.raster.shape), phantom.raster.affine)


def _describe_learn2reg(name: str, points: str) -> Callable[[Path], None]:
    def describe(out: Path) -> None:
        """The dataset JSON of a Learn2Reg folder: which image is registered to which."""
        subjects = sorted(path.name.removesuffix("_0000.nii.gz") for path in out.glob("imagesTr/*_0000.nii.gz"))
        pairs = [
            {
                "fixed": f"./imagesTr/{subject}_0000.nii.gz",
                "moving": f"./imagesTr/{subject}_0001.nii.gz",
            }
            for subject in subjects
        ]
        table = {
            "name": f"{name} (phantoms)",
            "description": "Phantoms in this data set's layout; no patient among them",
            "modality": {"0": "CT"},
            "labels": {"0": "background", "1": "lung", "2": "bone", "3": "liver"},
            "keypoints": points,
            "numPairedTraining": len(pairs),
            "training_paired_images": pairs,
        }
        write_atomic(out / f"{name}_dataset.json", json.dumps(table, indent=2) + "\n")

    return describe


LAYOUT_WRITERS = {
    "acdc": LayoutWriter("patient{:03d}", write_acdc),
    "nlst": LayoutWriter("NLST_{:04d}", write_nlst, _describe_learn2reg("NLST", "keypointsTr")),
    "lungct": LayoutWriter("LungCT_{:04d}", write_lungct, _describe_learn2reg("LungCT", "landmarksTr")),
}

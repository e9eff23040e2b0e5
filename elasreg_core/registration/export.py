"""Registrations as files that other tools open in the right place.

A 2D registration is written as the one-slice volume that it is: the affine places the slice in the patient.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from elasreg_core.data.nifti import write_volume
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.registration.registrar import Registration

_RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])


def physical_displacement(
    displacement: npt.NDArray[np.floating], affine: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """A displacement `(X, Y[, Z], D)` in voxels as `(X, Y, Z, 3)` in RAS mm: A[:3, :3] · u, as both grids are one."""
    dim = displacement.shape[-1]
    in_mm = displacement @ affine[:3, :dim].T
    return in_mm.reshape(*displacement.shape[:-1], *(1,) * (3 - dim), 3).astype(np.float32)


def write_registration(out: Path, pair: RegistrationPair, registration: Registration) -> dict[str, Path]:
    """Writes images, labels and the displacement in three forms.

    Returns:
        What was written, by role:
        `warped`, `fixed`, `moving`: images; `warped_labels`, where the moving image had labels;
        `displacement_learn2reg`: (X, Y, Z, 3), voxels, array-axis order;
        `displacement_itk`: (X, Y, Z, 1, 3), LPS mm, intent "vector" (1007): what ITK, ANTs and Slicer read;
        `displacement_ras`: (X, Y, Z, 1, 3), RAS mm, intent "displacement vector" (1006).
    """
    shape = (*registration.warped.shape, 1)[:3]
    images: dict[str, npt.NDArray] = {"warped": registration.warped, "fixed": pair.fixed, "moving": pair.moving}
    if registration.warped_labels is not None:
        images["warped_labels"] = registration.warped_labels
    written = {}
    for role, image in images.items():
        written[role] = out / f"{role}.nii.gz"
        write_volume(written[role], image.reshape(shape), pair.affine)

    ras_mm = physical_displacement(registration.displacement, pair.affine)
    voxels = np.zeros((*shape, 3), dtype=np.float32)
    dim = registration.displacement.shape[-1]
    voxels[..., :dim] = registration.displacement.reshape(*shape, dim)
    for role, field, intent in (
        ("displacement_learn2reg", voxels, None),
        ("displacement_itk", (ras_mm * _RAS_TO_LPS).astype(np.float32)[..., np.newaxis, :], "vector"),
        ("displacement_ras", ras_mm[..., np.newaxis, :], "displacement vector"),
    ):
        written[role] = out / f"{role}.nii.gz"
        write_volume(written[role], field, pair.affine, intent)
    return written

"""Registrations as files that other tools open in the right place.

A 2D registration is written as the one-slice volume that it is: the affine places the slice in the patient.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from elasreg_core.data.nifti import read_image, read_labels, write_volume
from elasreg_core.data.pair import Origin, RegistrationPair
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.registration.field_files import write_fields, write_itk_transform
from elasreg_core.registration.registered import Registration


def write_registration(out: Path, pair: RegistrationPair, registration: Registration) -> dict[str, Path]:
    """Writes images, labels and the displacement in three forms, on the pair's own, preprocessed grid.

    Returns:
        What was written, by role: `warped`, `fixed`, `moving`, intensities in [0, 1]; `warped_labels`, `fixed_labels`
        and `moving_labels`, where there are any; `jacobian`, det ∇φ; `displacement_…` (`registration/field_files.py`).
    """
    grid, displacement = pair.grid, registration.displacement
    images: dict[str, npt.NDArray | None] = {
        "warped": registration.warped,
        "fixed": pair.fixed,
        "moving": pair.moving,
        "warped_labels": registration.warped_labels,
        "fixed_labels": pair.fixed_labels,
        "moving_labels": pair.moving_labels,
        "jacobian": registration.jacobian,
    }
    written = {}
    for role, image in images.items():
        if image is not None:
            written[role] = out / f"{role}.nii.gz"
            write_volume(written[role], image.reshape(grid.shape), grid.affine)
    dim = displacement.shape[-1]
    voxels = np.zeros((*grid.shape, 3), dtype=np.float32)
    voxels[..., :dim] = displacement.reshape(*grid.shape, dim)
    return written | write_fields(out, SpatialDisplacement.from_voxels(displacement, grid), voxels)


def original_displacement(pair: RegistrationPair, displacement: npt.NDArray[np.float32]) -> SpatialDisplacement:
    """The displacement on the grid of the fixed file (of a 2D pair: its slice); beyond the pair's, its rim's."""
    fixed, _ = origins_of(pair)
    return SpatialDisplacement.from_voxels(displacement, pair.grid).on(fixed.grid)


def write_in_original_space(
    out: Path, pair: RegistrationPair, registration: Registration, moving_labels: Path | None = None
) -> dict[str, Path]:
    """Writes what the registration makes of the files themselves: on the fixed file's grid, in the files' intensities.

    Args:
        out: the folder.
        pair: with origins.
        registration: of it.
        moving_labels: the moving label map's file.

    Returns:
        What was written, by role: `warped`, `warped_labels`; `displacement_…`, Learn2Reg's form only where both files
        have one shape; `displacement_itk_transform`, where SimpleITK is installed.
    """
    fixed, moving = origins_of(pair)
    field = original_displacement(pair, registration.displacement)
    sources = {"warped": (read_image(moving.path), 1)}
    if moving_labels is not None:
        sources["warped_labels"] = read_labels(moving_labels), 0
    written = {}
    for role, (volume, order) in sources.items():
        written[role] = out / f"{role}.nii.gz"
        write_volume(written[role], field.warp(volume, order), fixed.grid.affine)
    shared = fixed.grid.shape == moving.grid.shape
    written |= write_fields(out, field, field.in_voxels(moving.grid.affine) if shared else None)
    transform = write_itk_transform(out / "displacement_itk_transform.h5", field)
    return written if transform is None else written | {"displacement_itk_transform": transform}


def origins_of(pair: RegistrationPair) -> tuple[Origin, Origin]:
    """Where the fixed and the moving image came from."""
    if pair.fixed_origin is None or pair.moving_origin is None:
        raise ValueError(f"{pair.id} was not read from files.")
    return pair.fixed_origin, pair.moving_origin

"""Displacement fields on disk, in the forms of three worlds, written and read (docs/conventions.md, "Fields on disk").

    learn2reg   (X, Y, Z, 3)                    voxels, array-axis order: Learn2Reg
    itk         (X, Y, Z, 1, 3), intent 1007    LPS mm: ITK, ANTs, Slicer
    ras         (X, Y, Z, 1, 3), intent 1006    RAS mm

ITK takes a vector image with Z = 1 for a 2D one, with a component too many. So the field of a single slice is written
two equal slices thick in mm, half a slice to either side, and marked so; reading makes one slice of them again.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elasreg_core.atomic import write_atomic
from elasreg_core.data.grid import Grid
from elasreg_core.data.nifti import read_vectors, write_volume
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.errors import InputError

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
_ITK, _RAS = 1007, 1006
_ONE_SLICE = "one slice"
_INTENTS = {_ITK: "vector", _RAS: "displacement vector"}


def write_fields(folder: Path, field: SpatialDisplacement, voxels: npt.NDArray[np.floating] | None) -> dict[str, Path]:
    """Writes a displacement as `displacement_<form>.nii.gz` in every form.

    Args:
        folder: where to.
        field: in space.
        voxels: the same in voxels, `(X, Y, Z, 3)`, or None where no one grid holds both images: no Learn2Reg form then.

    Returns:
        Files by role, e.g. "displacement_itk".
    """
    forms: dict[str, tuple[npt.NDArray, SpatialDisplacement, str | None]] = {}
    if voxels is not None:
        forms["learn2reg"] = voxels, field, None
    thick = _thick(field)
    mark = "" if thick is field else _ONE_SLICE
    forms["itk"] = (thick.vectors_mm * RAS_TO_LPS)[..., np.newaxis, :], thick, _INTENTS[_ITK]
    forms["ras"] = thick.vectors_mm[..., np.newaxis, :], thick, _INTENTS[_RAS]
    written = {}
    for form, (vectors, placed, intent) in forms.items():
        path = folder / f"displacement_{form}.nii.gz"
        write_volume(path, vectors.astype(np.float32), placed.grid.affine, intent, mark)
        written[f"displacement_{form}"] = path
    return written


def write_itk_transform(path: Path, field: SpatialDisplacement) -> Path | None:
    """Writes an ITK transform file, for tools that take no NIfTI fields; None where SimpleITK is not installed.

    Raises:
        InputError: the grid's axes are not perpendicular, which ITK does not know; or the disk is full.
    """
    try:
        import SimpleITK as sitk
    except ImportError:
        return None
    field = _thick(field)
    spacing = np.linalg.norm(field.grid.affine[:3, :3], axis=0)
    directions = RAS_TO_LPS[:, np.newaxis] * field.grid.affine[:3, :3] / spacing
    if not np.allclose(directions.T @ directions, np.eye(3), atol=1e-3):
        raise InputError(
            f"{path} cannot be written as an ITK transform.",
            expected="a grid with perpendicular axes",
            received=f"directions {np.round(directions, 4).tolist()}",
            cure="Use displacement_itk.nii.gz or displacement_ras.nii.gz",
        )
    vectors = np.ascontiguousarray(np.moveaxis(field.vectors_mm * RAS_TO_LPS, (0, 1, 2), (2, 1, 0)), dtype=np.float64)
    image = sitk.GetImageFromArray(vectors, isVector=True)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin((RAS_TO_LPS * field.grid.affine[:3, 3]).tolist())
    image.SetDirection(directions.ravel().tolist())
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / path.name
        try:
            sitk.WriteTransform(sitk.DisplacementFieldTransform(image), str(written))
        except RuntimeError as error:
            raise InputError(
                f"{path} cannot be written as an ITK transform.",
                received=str(error).splitlines()[-1],
                cure=f"Free some space for temporary files, in {folder}, then run the same again",
            ) from error
        write_atomic(path, written.read_bytes())
    return path


def read_field(path: Path, moving: Grid | None = None) -> SpatialDisplacement:
    """Reads a displacement in any of the three forms; its shape and its intent say which one it is.

    Args:
        path: a NIfTI file.
        moving: the grid of the moving image in whose voxels a Learn2Reg field is; none: the field's own.

    Raises:
        InputError: missing, damaged, of no known form, or in voxels of an image of another shape than `moving`.
    """
    file = read_vectors(path)
    if file.intent is None:
        if moving is not None and moving.shape != file.grid.shape:
            raise InputError(
                f"{path} moves voxels of images on its own grid, and the moving image lies on another one.",
                expected=f"shape {file.grid.shape}",
                received=f"shape {moving.shape}",
                cure="Use the same field in mm, displacement_itk.nii.gz, which leads to any image of the patient",
            )
        return SpatialDisplacement.from_voxels(file.data, file.grid, None if moving is None else moving.affine)
    if file.intent not in _INTENTS:
        raise InputError(
            f"{path} does not say what its vectors are.",
            expected=f"intent {_ITK} (LPS mm: ITK, ANTs, Slicer) or {_RAS} (RAS mm)",
            received=f"intent {file.intent}",
            cure="Write the field with one of these, or as (X, Y, Z, 3) in voxels",
        )
    field = SpatialDisplacement(file.grid, file.data * RAS_TO_LPS if file.intent == _ITK else file.data)
    return _thin(field) if file.mark == _ONE_SLICE else field


def _thick(field: SpatialDisplacement) -> SpatialDisplacement:
    """The field of a single slice as two equal slices around it; any other as it is."""
    if field.grid.shape[2] != 1:
        return field
    grid = field.grid.slice_at(2, -0.5)
    return SpatialDisplacement(Grid((*grid.shape[:2], 2), grid.affine), np.repeat(field.vectors_mm, 2, axis=2))


def _thin(field: SpatialDisplacement) -> SpatialDisplacement:
    """Undoes `_thick`."""
    return SpatialDisplacement(field.grid.slice_at(2, 0.5), field.vectors_mm[:, :, :1])

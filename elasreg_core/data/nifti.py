"""NIfTI files as arrays with a trustworthy geometry."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from elasreg_core.atomic import replacing
from elasreg_core.data.grid import Grid
from elasreg_core.errors import InputError

_UNORIENTED = (
    "The header gives no orientation (no sform, no qform); took the array's axes as they are, "
    "so that left and right may be exchanged."
)
_GZIP_LEVEL = 1  # as nibabel's own; higher ones take far longer for little
_FARTHEST_MM = 1e6  # from the origin; a wrong header says 1e30 as easily as 1
_SPACING_TOLERANCE = 0.01  # relative; headers round to float32, contradictions are far larger


@dataclass(frozen=True)
class Volume:
    """An image as it lies on disk.

    Attributes:
        path: where it came from.
        data: shape `(X, Y, Z)`; a 2D file has Z = 1.
        affine: `(4, 4)`, voxel → RAS mm.
        notes: what the reader had to decide, one sentence each.
    """

    path: Path
    data: npt.NDArray[Any]
    affine: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()

    @property
    def spacing_mm(self) -> npt.NDArray[np.float64]:
        """Voxel sizes in mm, shape `(3,)`."""
        return voxel_sizes(self.affine)

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        return Grid(self.data.shape[:3], self.affine)


def read_image(path: Path) -> Volume:
    """Reads a 2D or 3D image as float32.

    Raises:
        InputError: missing, not NIfTI, truncated, not 2D or 3D, or not finite.
    """
    image = _open(path)
    data = _as_float32(_voxels(image, path))
    if not np.isfinite(data).all():
        raise InputError(
            f"{path} holds values that are not finite.",
            expected="finite intensities",
            received=f"{np.count_nonzero(~np.isfinite(data))} NaN or infinite voxels of {data.size}",
            cure="Replace them, for example with the air value",
        )
    affine, notes = _geometry(image, path)
    return Volume(path, data, affine, notes)


def read_labels(path: Path) -> Volume:
    """Reads a label map as uint8.

    Raises:
        InputError: as `read_image`, or the values are not integers of 0 … 255.
    """
    image = _open(path)
    data = _voxels(image, path)
    with np.errstate(invalid="ignore"):  # whatever does not fit is found by the comparison
        labels = np.nan_to_num(data, nan=-1).astype(np.uint8)
    if not np.array_equal(labels, data):
        wrong = data[labels != data]
        raise InputError(
            f"{path} is not a label map.",
            expected="integers from 0 to 255",
            received=f"values such as {wrong.flat[0]:g}",
            cure="Give the segmentation, not the image",
        )
    affine, notes = _geometry(image, path)
    return Volume(path, labels, affine, notes)


@dataclass(frozen=True)
class Vectors(Volume):
    """A vector field as it lies on disk: `data` has shape `(X, Y, Z, 3)`.

    Attributes:
        intent: the NIfTI intent code of a five-dimensional file `(X, Y, Z, 1, 3)`; None for one that is `(X, Y, Z, 3)`.
        mark: the intent's free name.
    """

    intent: int | None = None
    mark: str = ""


def read_vectors(path: Path) -> Vectors:
    """Reads a vector field `(X, Y, Z, 3)` or `(X, Y, Z, 1, 3)` as float32.

    Raises:
        InputError: missing, damaged, not finite, or of another shape.
    """
    image = _open(path)
    vectors = _as_float32(_numbers(image, path))
    intent, mark = None, ""
    if vectors.ndim == 5 and vectors.shape[3] == 1:
        vectors, intent = vectors[:, :, :, 0], int(image.header["intent_code"])
        mark = image.header["intent_name"].item().decode("latin-1")
    largest = float(np.abs(vectors).max(initial=0))  # NaN if any is
    if vectors.ndim != 4 or vectors.shape[3] != 3 or not largest <= _FARTHEST_MM:
        raise InputError(
            f"{path} is not a vector field.",
            expected=f"shape (X, Y, Z, 3) or (X, Y, Z, 1, 3), no component beyond {_FARTHEST_MM:g}",
            received=f"shape {image.shape}, components up to {largest:g}",
        )
    affine, notes = _geometry(image, path)
    return Vectors(path, vectors, affine, notes, intent, mark)


def read_geometry(path: Path) -> Grid:
    """Where an image's voxels lie, without reading them.

    Raises:
        InputError: missing, not NIfTI, not 2D or 3D, or its affine cannot be inverted.
    """
    image = _open(path)
    affine, _ = _geometry(image, path)
    return Grid(_shape(image.shape, path), affine)


def require_same_grid(image: Volume, labels: Volume) -> None:
    """Raises InputError unless the label map lies on its image's grid."""
    if image.data.shape != labels.data.shape:
        raise InputError(
            f"{labels.path} does not lie on the grid of its image {image.path.name}.",
            expected=f"shape {image.data.shape}",
            received=f"shape {labels.data.shape}",
            cure="Resample the label map onto its image",
        )
    if not np.allclose(image.affine, labels.affine, atol=1e-2):
        raise InputError(
            f"{labels.path} has another affine than its image {image.path.name}.",
            expected=f"rows {_rows(image.affine)}",
            received=f"rows {_rows(labels.affine)}",
            cure="Resample the label map onto its image, or copy the image's header if only the header is wrong",
        )


def write_volume(
    path: Path, data: npt.NDArray[Any], affine: npt.NDArray[np.float64], intent: str | None = None, mark: str = ""
) -> None:
    """Writes an array as NIfTI; `intent` names a NIfTI intent such as "vector", `mark` goes into its free name.

    Raises:
        InputError: the disk is full, or may not be written to; what was there before is still there then.
    """
    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    if intent is not None:
        image.header.set_intent(intent, name=mark)
    with replacing(path) as stream:
        if Path(path).suffix == ".gz":
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0) as packed:
                image.to_stream(packed)
        else:
            image.to_stream(stream)


def _open(path: Path) -> Any:
    if not Path(path).is_file():
        raise InputError(f"There is no file {path}.", cure="Check the path")
    try:
        with np.errstate(all="ignore"):  # of fields that are not finite
            return nib.load(path)
    except (ImageFileError, HeaderDataError, OSError, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise InputError(
            f"{path} cannot be read as an image.",
            expected="a NIfTI file (.nii or .nii.gz)",
            received=f"{Path(path).stat().st_size} bytes that are not one ({error})",
        ) from error


def _numbers(image: Any, path: Path) -> npt.NDArray[Any]:
    try:
        with np.errstate(all="ignore"):  # scl_slope may lead anywhere; values that are not finite are refused later
            data = np.asanyarray(image.dataobj)
    except (OSError, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise InputError(
            f"{path} is damaged: its header promises more voxels than the file holds.",
            expected=f"shape {image.shape}",
            received=f"{Path(path).stat().st_size} bytes on disk ({error})",
            cure="Copy or download the file again",
        ) from error
    if data.dtype.kind not in "biuf":
        raise InputError(
            f"{path} holds no grey values.",
            expected="one number a voxel",
            received=f"{'complex numbers' if data.dtype.kind == 'c' else 'colours'}",
            cure="Convert it to one channel",
        )
    return data


def _as_float32(data: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit becomes infinite, and is refused as that
        return data.astype(np.float32)


def _voxels(image: Any, path: Path) -> npt.NDArray[Any]:
    return _numbers(image, path).reshape(_shape(image.shape, path))


def _shape(shape: tuple[int, ...], path: Path) -> tuple[int, ...]:
    """(X, Y, Z) of one image: a slice has Z = 1, and frames there are none or one."""
    sides = (*shape, 1)[:3]
    if len(shape) < 2 or any(side != 1 for side in shape[3:]):
        raise InputError(
            f"{path} is not one image.", expected="2 or 3 axes", received=f"shape {shape}", cure="Give one frame"
        )
    return sides


def _geometry(image: Any, path: Path) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Voxel → RAS mm. Where the sform contradicts pixdim: spacing from pixdim, direction from the sform.

    Genuine ACDC files carry an sform of diag(−1, −1, 1) beside a pixdim of 1.37 × 1.37 × 10 mm. ITK's reader
    decides as we do here.
    """
    affine = np.asarray(image.affine, dtype=np.float64)
    with np.errstate(all="ignore"):
        lengths = voxel_sizes(affine)
    if not np.isfinite(affine).all() or (lengths == 0).any() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise InputError(f"{path} has an affine that cannot be inverted.", received=f"rows {_rows(affine)}")
    if np.abs(affine).max() > _FARTHEST_MM:
        raise InputError(
            f"{path} lies where no scanner sees.",
            expected=f"an affine within {_FARTHEST_MM / 1000:g} m",
            received=f"rows {_rows(affine)}",
            cure="Write the image again with a tool that writes NIfTI",
        )
    notes = () if _is_oriented(image) else (_UNORIENTED,)
    pixdim = np.ones(3)
    zooms = image.header.get_zooms()[:3]
    pixdim[: len(zooms)] = zooms
    if not (np.isfinite(pixdim) & (pixdim > 0)).all() or np.allclose(lengths, pixdim, rtol=_SPACING_TOLERANCE):
        return affine, notes
    corrected = affine.copy()
    corrected[:3, :3] *= pixdim / lengths
    note = (
        f"The affine says a spacing of {_by(lengths)} mm, pixdim says {_by(pixdim)} mm; "
        "took pixdim, with the affine's directions."
    )
    return corrected, (*notes, note)


def _is_oriented(image: Any) -> bool:
    """Whether the header says which way is left: an sform or a qform does, an Analyze header has neither."""
    known = image.header.keys()
    return any(code in known and int(image.header[code]) > 0 for code in ("sform_code", "qform_code"))


def _by(values: npt.NDArray[np.float64]) -> str:
    return " × ".join(f"{value:.4g}" for value in values)


def _rows(affine: npt.NDArray[np.float64]) -> str:
    return "; ".join(" ".join(f"{value:.4g}" for value in row) for row in affine[:3])

"""What a registration starts from: two images on one grid, their labels, and where the grid lies in space."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.grid import Grid
from elasreg_core.data.keypoints import Keypoints
from elasreg_core.data.tissues import TissueTable
from elasreg_core.data.truth import Truth
from elasreg_core.errors import InputError


@dataclass(frozen=True)
class Origin:
    """Where an image of a pair came from, so that what is found on the pair's grid can be carried back.

    Attributes:
        path: its file.
        grid: as it lies there; of a fixed volume that a 2D pair shows a slice of, that slice.
        window: the file's intensities that became 0 and 1.
    """

    path: Path
    grid: Grid
    window: tuple[float, float]


@dataclass(frozen=True)
class RegistrationPair:
    """A preprocessed pair. Arrays share one grid; they are never written to.

    Attributes:
        id: the subject.
        moving, fixed: shape `(X, Y[, Z])`, float32, normalised to [0, 1].
        moving_labels, fixed_labels: same shape, integers of the tissue table; None where there are none.
        affine: `(4, 4)`, voxel of this grid → RAS mm. A 2D grid is the slice k = 0 of it.
        spacing_mm: one voxel size per grid axis, in mm.
        tissues: the label table.
        group: the patient's group (ACDC: disease), if known.
        notes: what the loader had to decide, one sentence each.
        keypoints: corresponding points on this grid, D as the images; None where there are none.
        truth: the known motion, on this grid; None but for phantoms.
        moving_origin, fixed_origin: the files that the images were read from; None for a pair made of arrays.
    """

    id: str
    moving: npt.NDArray[np.float32]
    fixed: npt.NDArray[np.float32]
    moving_labels: npt.NDArray[np.uint8] | None
    fixed_labels: npt.NDArray[np.uint8] | None
    affine: npt.NDArray[np.float64]
    spacing_mm: tuple[float, ...]
    tissues: TissueTable
    group: str | None = None
    notes: tuple[str, ...] = ()
    keypoints: Keypoints | None = None
    truth: Truth | None = None
    moving_origin: Origin | None = None
    fixed_origin: Origin | None = None

    def __post_init__(self) -> None:
        for name, array in (
            ("moving image", self.moving),
            ("moving labels", self.moving_labels),
            ("fixed labels", self.fixed_labels),
        ):
            if array is not None and array.shape != self.fixed.shape:
                raise InputError(
                    f"{self.id}: the {name} and the fixed image lie on different grids.",
                    expected=self.fixed.shape,
                    received=array.shape,
                )
        for name, image in (("moving", self.moving), ("fixed", self.fixed)):
            _require_usable(image, f"{self.id}: the {name} image")
        for name, labels in (("moving", self.moving_labels), ("fixed", self.fixed_labels)):
            if labels is not None:
                self.tissues.require_known(labels, f"{self.id}: the {name} label map")
        if self.keypoints is not None:
            _require_points(self.keypoints, len(self.grid_shape), self.id)

    def require_fixed_labels(self) -> npt.NDArray[np.uint8]:
        """The fixed labels, without which no tissue can be told from another.

        Raises:
            InputError: there are none.
        """
        if self.fixed_labels is None:
            raise self._unlabelled("fixed")
        return self.fixed_labels

    def require_labels(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """The moving and the fixed labels, without which nothing can be overlapped.

        Raises:
            InputError: either is missing.
        """
        if self.moving_labels is None:
            raise self._unlabelled("moving")
        return self.moving_labels, self.require_fixed_labels()

    def _unlabelled(self, role: str) -> InputError:
        return InputError(
            f"{self.id} cannot be searched by its labels.",
            expected="moving and fixed labels, or for a label-free criterion fixed ones",
            received=f"no {role} labels",
            cure="Segment the image, or give the parameters yourself",
        )

    @property
    def grid(self) -> Grid:
        """The grid in space; a 2D one has a single slice."""
        return Grid((*self.fixed.shape, 1)[:3], self.affine)

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """(X, Y[, Z])."""
        return self.fixed.shape

    @cached_property
    def digest(self) -> str:
        """sha256 over all that registrations and scores depend on; keypoints and truth only where there are some."""
        digest = hashlib.sha256()
        points = () if self.keypoints is None else (self.keypoints.fixed_vox, self.keypoints.moving_vox)
        truth = () if self.truth is None else (self.truth.displacement, self.truth.body)
        for array in (self.moving, self.fixed, self.moving_labels, self.fixed_labels, self.affine, *points, *truth):
            content = b"none" if array is None else repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()
            digest.update(content)
        return digest.hexdigest()


def _require_points(keypoints: Keypoints, dim: int, where: str) -> None:
    shapes = keypoints.fixed_vox.shape, keypoints.moving_vox.shape
    if shapes[0] != shapes[1] or shapes[0][1:] != (dim,):
        raise InputError(
            f"{where}: the keypoints do not fit the images.",
            expected=f"fixed and moving points of one shape (N, {dim})",
            received=f"{shapes[0]} and {shapes[1]}",
        )


def _require_usable(image: npt.NDArray[Any], what: str) -> None:
    if not np.isfinite(image).all():
        raise InputError(
            f"{what} holds values that are not finite.",
            expected="finite intensities",
            received=f"{np.count_nonzero(~np.isfinite(image))} NaN or infinite voxels",
            cure="Replace them before registering",
        )
    if np.ptp(image) == 0:
        raise InputError(
            f"{what} is constant.",
            expected="an image with contrast",
            received=f"the value {image.flat[0]:g} everywhere",
            cure="Check that the file, the slice and the crop show the anatomy",
        )

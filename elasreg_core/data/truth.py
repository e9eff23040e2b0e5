"""What only phantoms have: the displacement that a registration should find (`data/phantoms/cohort.py` writes it)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elasreg_core.data.grid import Grid
from elasreg_core.data.nifti import read_labels, read_vectors
from elasreg_core.data.spatial import SpatialDisplacement


@dataclass(frozen=True)
class Truth:
    """The known motion of a phantom, on the grid of its preprocessed pair.

    Attributes:
        displacement: shape `(X, Y[, Z], D)`, in voxels of that grid; the convention is `physics/fields.py`'s.
        body: shape `(X, Y[, Z])`: where there is a body, not air and not beyond the phantom's image.
    """

    displacement: npt.NDArray[np.float32]
    body: npt.NDArray[np.bool_]


def read_truth(folder: Path, grid: Grid) -> Truth | None:
    """Reads the truth beside a phantom, carried to a pair's grid; None where there is none.

    Vectors are carried as points are: file voxels → mm by the file's affine → grid voxels by the grid's. Motion across
    the slice of a 2D grid is dropped, as the registration cannot see it either.

    Raises:
        InputError: a file is damaged or missing.
    """
    path = folder / "displacement.nii.gz"
    if not path.is_file():
        return None
    vectors = read_vectors(path)
    materials = read_labels(folder / "materials.nii.gz")
    found = SpatialDisplacement.from_voxels(vectors.data, vectors.grid).on(grid).in_voxels()
    with (folder / "tissues.csv").open(newline="") as lines:
        air = [int(row["material"]) for row in csv.DictReader(lines) if row["name"] == "air"]
    body = replace(materials, data=np.isin(materials.data, air, invert=True).astype(np.uint8))
    on_grid = grid.read(body, order=0).astype(bool)
    sides = grid.shape[: grid.dim]
    displacement = found[..., : grid.dim].reshape(*sides, grid.dim)
    return Truth(displacement.astype(np.float32), on_grid.reshape(sides))

"""Small cohorts, written once: 2D as they are, 3D on a coarse grid with coarse elements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.phantoms import PHANTOMS, Cohort, cardiac, write_cohort
from elasreg_core.data.phantoms.mechanics import graded_nodes
from elasreg_core.data.phantoms.raster import Raster

COHORTS = {
    "hearts": Cohort("cardiac", subjects=2, seed=5),
    "coronal": Cohort("thorax", subjects=2, seed=5),
    "mixed": Cohort("thorax", subjects=3, seed=6, plane="mixed"),
}
VOLUMES = {
    "hearts": Cohort("cardiac", subjects=1, seed=5, dim=3),
    "chests": Cohort("thorax", subjects=1, seed=5, dim=3),
}
COARSE = {
    "cardiac": Raster((34, 30, 5), (4.5, 5.0, 11.0), (0.0, 0.0, -6.0), (-1, -1, 1)),
    "thorax": Raster((30, 22, 24), (9.0, 9.5, 8.5), (0.0, 0.0, -20.0)),
}


@dataclass(frozen=True)
class Written:
    """A cohort and where it lies."""

    cohort: Cohort
    root: Path
    subjects: tuple[str, ...]

    def array(self, path: str) -> np.ndarray:
        return np.asarray(nib.load(self.root / path).dataobj)

    def truth(self, subject: str, name: str) -> nib.Nifti1Image:
        return nib.load(self.root / "truth" / subject / f"{name}.nii.gz")


def write(root: Path, cohort: Cohort) -> Written:
    return Written(cohort, root, tuple(write_cohort(root, cohort)))


@pytest.fixture(scope="session")
def cohorts(tmp_path_factory) -> dict[str, Written]:
    """2D cohorts by name."""
    return {name: write(tmp_path_factory.mktemp(name), cohort) for name, cohort in COHORTS.items()}


@pytest.fixture(scope="session")
def volumes(tmp_path_factory) -> dict[str, Written]:
    """3D cohorts by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cardiac, "graded_nodes", lambda *cut: graded_nodes(*cut[:-1], 2 * cut[-1]))
        for kind, raster in COARSE.items():
            patch.setitem(PHANTOMS, kind, replace(PHANTOMS[kind], raster=lambda *_, raster=raster: raster))
        return {name: write(tmp_path_factory.mktemp(name), cohort) for name, cohort in VOLUMES.items()}

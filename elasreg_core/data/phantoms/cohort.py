"""Phantom cohorts on disk: in the layouts of the real data sets, with the truth in a folder beside them.

training/…, imagesTr/…    what the real data set has, read by its own loader
truth/<subject>/
displacement.nii.gz   u on the fixed grid, Learn2Reg's form (X, Y, Z, 3), in voxels
materials.nii.gz      which material lies where in the fixed image
tissues.csv           the materials: E, ν, λ, μ of this subject, and the sources
landmarks.csv         the same points in both images, in voxels
"""

from __future__ import annotations

import csv
import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from elasreg_core.atomic import write_atomic
from elasreg_core.data.nifti import write_volume
from elasreg_core.data.phantoms.cardiac import Heart
from elasreg_core.data.phantoms.layouts import LAYOUT_WRITERS
from elasreg_core.data.phantoms.phantom import Anatomy, Phantom, render
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.data.phantoms.thorax import Thorax
from elasreg_core.errors import InputError

TISSUE_COLUMNS = ("material", "name", "label", "youngs_modulus_kpa", "poisson_ratio", "lambda_kpa", "mu_kpa", "source")
_WORTH_A_POOL = 16


@dataclass(frozen=True)
class PhantomKind:
    """One kind of phantom.

    Attributes:
        draw: a random subject's anatomy.
        planes: the sections that a 2D phantom may show, the usual one first.
        raster: a subject's grid, from its generator and the plane; None is a volume.
        layout: the data set layout of a plane's cohort; None is a volume's.
    """

    draw: Callable[[np.random.Generator], Anatomy]
    planes: tuple[str, ...]
    raster: Callable[[np.random.Generator, str | None], Raster]
    layout: Callable[[str | None], str]


def _heart_raster(_: np.random.Generator, plane: str | None) -> Raster:
    signs = (-1, -1, 1)  # ACDC's axes run to the left and to the back
    if plane is None:
        return Raster((100, 92, 10), (2.4, 2.4, 8.0), (0.0, 0.0, -6.0), signs)
    return Raster((184, 176, 1), (1.5, 1.5, 10.0), (0.0, 0.0, 0.0), signs)


def _thorax_raster(rng: np.random.Generator, plane: str | None) -> Raster:
    if plane is None:
        return Raster((96, 72, 88), (4.0, 4.0, 4.0))
    if plane == "mixed":
        plane = "coronal" if rng.random() < 0.5 else "axial"
    if plane == "coronal":
        return Raster((192, 1, 176), (2.0, 2.0, 2.0), (0.0, rng.uniform(-30, 25), 0.0))
    return Raster((192, 144, 1), (2.0, 2.0, 2.0), (0.0, 0.0, rng.uniform(-65, 65)))


PHANTOMS = {
    "cardiac": PhantomKind(Heart.draw, ("short-axis",), _heart_raster, lambda _: "acdc"),
    "thorax": PhantomKind(
        Thorax.draw,
        ("coronal", "axial", "mixed"),
        _thorax_raster,
        lambda plane: "lungct" if plane is None else "nlst",
    ),
}


@dataclass(frozen=True)
class Cohort:
    """Which phantoms: subject n depends on (kind, dim, plane, seed, n) alone.

    Attributes:
        kind: one of `PHANTOMS`.
        subjects: how many; a longer cohort begins with the shorter one.
        seed: of the cohort.
        dim: 2 for single slices, 3 for volumes.
        plane: the section that 2D phantoms show, one of their kind's; by default the first.
    """

    kind: str
    subjects: int
    seed: int
    dim: int = 2
    plane: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in PHANTOMS:
            raise InputError(f"There is no phantom {self.kind!r}.", expected=" or ".join(PHANTOMS), received=self.kind)
        if self.subjects < 1 or self.seed < 0:
            raise InputError(
                "A phantom cohort needs subjects and a seed.",
                expected="subjects ≥ 1 and a seed ≥ 0",
                received=f"{self.subjects} subjects, seed {self.seed}",
            )
        if self.dim not in (2, 3):
            raise InputError("A phantom has 2 or 3 dimensions.", received=self.dim)
        planes = PHANTOMS[self.kind].planes if self.dim == 2 else ()
        if self.plane is not None and self.plane not in planes:
            raise InputError(
                f"A {self.dim}D {self.kind} phantom has no such plane.",
                expected=" or ".join(planes) or "none: it is a volume",
                received=self.plane,
            )

    @property
    def section(self) -> str | None:
        """The plane of a 2D phantom, None for a volume."""
        return None if self.dim == 3 else self.plane or PHANTOMS[self.kind].planes[0]

    @property
    def layout(self) -> str:
        """The data set layout that it is written in."""
        return PHANTOMS[self.kind].layout(self.section)

    def phantom(self, number: int) -> Phantom:
        """Subject `number`, counted from 1."""
        rng = np.random.default_rng([self.seed, number])
        anatomy = PHANTOMS[self.kind].draw(rng)
        return render(anatomy, PHANTOMS[self.kind].raster(rng, self.section), rng)


def write_cohort(out: Path, cohort: Cohort, workers: int | None = None) -> Iterator[str]:
    """Writes a cohort, yielding each subject's id, in order, once its files are complete.

    Args:
        out: the folder.
        cohort: which phantoms.
        workers: processes, which change nothing but the time; by default one per CPU core, and one in all for a
            cohort so small that starting them would take longer.
    """
    task = partial(_write_subject, Path(out), cohort)
    numbers = range(1, cohort.subjects + 1)
    workers = workers or (1 if cohort.subjects < _WORTH_A_POOL else os.cpu_count() or 1)
    if workers == 1:
        yield from map(task, numbers)
    else:
        with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
            with _one_thread_each():
                subjects = pool.map(task, numbers)  # starts the workers
            yield from subjects
    describe = LAYOUT_WRITERS[cohort.layout].finish
    if describe is not None:
        describe(Path(out))


def _write_subject(out: Path, cohort: Cohort, number: int) -> str:
    layout = LAYOUT_WRITERS[cohort.layout]
    subject = layout.subject.format(number)
    phantom = cohort.phantom(number)
    _write_truth(out / "truth" / subject, phantom)
    layout.write(out, subject, phantom)
    return subject


def _write_truth(folder: Path, phantom: Phantom) -> None:
    raster = phantom.raster
    displacement = np.zeros((*raster.sides, 3), dtype=np.float32)
    displacement[..., raster.axes] = phantom.displacement
    write_volume(folder / "displacement.nii.gz", displacement.reshape(*raster.shape, 3), raster.affine, "vector")
    write_volume(folder / "materials.nii.gz", phantom.materials.reshape(raster.shape), raster.affine)
    tissues = [
        (i, m.name, m.label, s.youngs_modulus_kpa, s.poisson_ratio, s.lam_kpa, s.mu_kpa, m.stiffness.source)
        for i, (m, s) in enumerate(phantom.table)
    ]
    _write_csv(folder / "tissues.csv", TISSUE_COLUMNS, tissues)
    columns = [f"{image}_{axis}" for image in ("fixed", "moving") for axis in "ijk"]
    points = np.round(np.concatenate([phantom.landmarks_fixed, phantom.landmarks_moving], axis=1), 4)
    _write_csv(folder / "landmarks.csv", columns, points.tolist())


def _write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomic(path, text.getvalue())


def _end_with_parent() -> None:
    """In a worker: a parent that is killed tells nobody, and its workers would wait for their next subject for ever."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile compute in one thread: linear algebra libraries look here when they are loaded."""
    before = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

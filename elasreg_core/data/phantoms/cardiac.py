"""Cardiac short-axis phantoms: a beating heart in random surroundings, written as ACDC would have it.

The myocardium is incompressible in plane (a ring keeps its area, so the wall thickens as the cavity empties), the
cavities are not, and the surroundings follow with a decay. Contrasts and surroundings are drawn at random, after
SynthMorph (Hoffmann et al., IEEE TMI 2022), so that a network trained on them does not learn one scanner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.nifti import write_volume
from elasreg_core.errors import InputError
from elasreg_core.physics.fields import warp_image

SHAPE = (184, 176)  # in plane; unequal on purpose
SPACING_MM = (1.5, 1.5, 10.0)
SLICES = 3
RV, MYOCARDIUM, LV = 1, 2, 3

FloatArray = npt.NDArray[np.float64]


def write_cardiac_cohort(out: Path, n_subjects: int, seed: int) -> Iterator[str]:
    """Writes `n_subjects` patients in ACDC's layout, yielding each id once its files are complete.

    Subject n depends on (seed, n) alone, so that a longer cohort begins with the shorter one.

    Raises:
        InputError: `n_subjects` is not positive.
    """
    if n_subjects < 1:
        raise InputError("A cohort needs subjects.", expected="at least 1", received=n_subjects)
    affine = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    for number in range(1, n_subjects + 1):
        name = f"patient{number:03d}"
        folder = Path(out) / "training" / name
        heart = Heart.draw(np.random.default_rng([seed, number]))
        slices = [heart.render(height) for height in np.linspace(-1, 1, SLICES)]
        for frame, phase in ((1, "ed"), (12, "es")):
            image = np.stack([getattr(s, f"{phase}_image") for s in slices], axis=-1)
            labels = np.stack([getattr(s, f"{phase}_labels") for s in slices], axis=-1)
            write_volume(folder / f"{name}_frame{frame:02d}.nii.gz", (1000 * image).astype(np.int16), affine)
            write_volume(folder / f"{name}_frame{frame:02d}_gt.nii.gz", labels, affine)
        # last: a folder with an Info.cfg is complete
        (folder / "Info.cfg").write_text("ED: 1\nES: 12\nGroup: PHANTOM\nNbFrame: 2\n")
        yield name


@dataclass(frozen=True)
class Slice:
    """One slice at end diastole and end systole, shape `SHAPE` each."""

    ed_image: FloatArray
    es_image: FloatArray
    ed_labels: npt.NDArray[np.uint8]
    es_labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Heart:
    """One subject's draws; lengths in mm, angles in radians. Radii are those of the middle slice at end diastole."""

    rng: np.random.Generator
    centre_mm: FloatArray
    lv_radius_mm: float
    wall_mm: float
    shortening: float  # of the LV cavity's radius
    rv_angle: float
    rv_radius_mm: float
    rv_offset_mm: float
    rv_shortening: float
    wobble: FloatArray  # amplitude and phase of the outline's second and third harmonic

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Heart:
        """A random heart: LV cavity 34–62 mm across, wall 6–13 mm, radial shortening 15–50 %."""
        return cls(
            rng=rng,
            centre_mm=np.multiply(SHAPE, SPACING_MM[:2]) / 2 + rng.normal(0, 8, 2),
            lv_radius_mm=rng.uniform(17, 31),
            wall_mm=rng.uniform(6, 13),
            shortening=rng.uniform(0.15, 0.5),
            rv_angle=rng.uniform(-np.pi, np.pi),
            rv_radius_mm=rng.uniform(20, 36),
            rv_offset_mm=rng.uniform(-5, 6),
            rv_shortening=rng.uniform(0.05, 0.4),
            wobble=np.stack([rng.uniform(0, 0.09, 2), rng.uniform(-np.pi, np.pi, 2)]),
        )

    def render(self, height: float) -> Slice:
        """A slice between the apex (height −1) and the base (+1)."""
        rng, scale = self.rng, 1 + 0.15 * height
        grid = np.moveaxis(np.indices(SHAPE, dtype=float), 0, -1) * SPACING_MM[:2]
        to_ed = self._es_to_ed_displacement_mm(grid, scale)
        ed_labels, es_labels = self._labels(grid, scale), self._labels(grid + to_ed, scale)
        ed_image = self._contrast(ed_labels)
        es_image = warp_image(ed_image, to_ed / SPACING_MM[:2])
        bias = 1 + _smooth_noise(rng, sigma_mm=45, amplitude=0.25)
        return Slice(
            ed_image=_acquire(rng, ed_image * bias),
            es_image=_acquire(rng, es_image * bias * rng.uniform(0.9, 1.1)),
            ed_labels=ed_labels,
            es_labels=es_labels,
        )

    def _polar(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Radius and angle about the LV's axis, and the outline's factor at that angle."""
        offset = points_mm - self.centre_mm
        angle = np.arctan2(offset[..., 1], offset[..., 0])
        outline = 1 + sum(a * np.cos(n * angle + p) for n, (a, p) in enumerate(self.wobble.T, start=2))
        return np.hypot(offset[..., 0], offset[..., 1]), angle, outline

    def _labels(self, ed_points_mm: FloatArray, scale: float) -> npt.NDArray[np.uint8]:
        """Labels of material points, given where they lie at end diastole."""
        radius, _, outline = self._polar(ed_points_mm)
        endocardium = self.lv_radius_mm * scale * outline
        epicardium = endocardium + self.wall_mm
        rv_distance = self.lv_radius_mm * scale + self.wall_mm + self.rv_offset_mm
        rv_centre = self.centre_mm + rv_distance * np.array([np.cos(self.rv_angle), np.sin(self.rv_angle)])
        in_rv_disc = np.linalg.norm(ed_points_mm - rv_centre, axis=-1) < self.rv_radius_mm * scale
        return np.select(
            [radius < endocardium, radius < epicardium, in_rv_disc], [LV, MYOCARDIUM, RV], default=0
        ).astype(np.uint8)

    def _es_to_ed_displacement_mm(self, es_points_mm: FloatArray, scale: float) -> FloatArray:
        """From where a material point lies at end systole to where it lay at end diastole (outward), radially."""
        radius, angle, outline = self._polar(es_points_mm)
        endo_ed = self.lv_radius_mm * scale * outline
        epi_ed = endo_ed + self.wall_mm
        endo_es = endo_ed * (1 - self.shortening)
        emptied = endo_ed**2 - endo_es**2  # the wall keeps its area: ρ² − r² is the same throughout it
        epi_es = np.sqrt(epi_ed**2 - emptied)

        beyond = np.clip(radius - epi_es, 0, None)
        decay_mm = 1.5 * (epi_ed - epi_es).max() + 8  # slow enough never to fold
        follow = (epi_ed - epi_es) * np.exp(-beyond / decay_mm)
        towards_rv = np.exp(-((np.angle(np.exp(1j * (angle - self.rv_angle))) / 0.9) ** 2))
        free_wall = (self.rv_radius_mm * scale + self.rv_offset_mm) * (1 - self.rv_shortening)
        stretch = self.rv_shortening / (1 - self.rv_shortening) * np.minimum(beyond, free_wall)
        stretch *= towards_rv * np.exp(-np.clip(beyond - free_wall, 0, None) / 20)

        ed_radius = np.select(
            [radius < endo_es, radius < epi_es],
            [radius / (1 - self.shortening), np.sqrt(radius**2 + emptied)],
            default=radius + follow + stretch,
        )
        outward = (es_points_mm - self.centre_mm) / np.maximum(radius, 1e-6)[..., np.newaxis]
        displacement = (ed_radius - radius)[..., np.newaxis] * outward
        displacement = ndimage.gaussian_filter(displacement, (1.2, 1.2, 0))
        drift = [_smooth_noise(self.rng, sigma_mm=20, amplitude=self.rng.uniform(0, 4)) for _ in range(2)]
        return displacement + np.stack(drift, axis=-1)

    def _contrast(self, labels: npt.NDArray[np.uint8]) -> FloatArray:
        """Random blobs around the heart, bright blood, dark muscle, and a fine texture everywhere."""
        rng = self.rng
        blobs = np.argmax(
            [_smooth_noise(rng, rng.uniform(5, 25), rng.uniform(0.6, 1.4)) for _ in range(rng.integers(4, 10))], axis=0
        )
        image = rng.uniform(0, 0.65, blobs.max() + 1)[blobs]
        image = ndimage.gaussian_filter(image, 0.8)
        blood = rng.uniform(0.5, 1.0)
        for label, level in (
            (LV, blood),
            (RV, blood * rng.uniform(0.85, 1.1)),
            (MYOCARDIUM, rng.uniform(0.1, 0.45)),
        ):
            image[labels == label] = level
        return image + _smooth_noise(rng, sigma_mm=rng.uniform(2.5, 4.5), amplitude=rng.uniform(0.03, 0.12))


def _smooth_noise(rng: np.random.Generator, sigma_mm: float, amplitude: float) -> FloatArray:
    """A smooth random image of `SHAPE` whose largest absolute value is `amplitude`."""
    noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), sigma_mm / SPACING_MM[0], mode="wrap")
    return amplitude * noise / np.abs(noise).max()


def _acquire(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """The scanner: blur and noise."""
    blurred = ndimage.gaussian_filter(image, rng.uniform(0.5, 1.0))
    return blurred + rng.normal(0, rng.uniform(0.008, 0.03), SHAPE)

"""The cardiac phantom as an MR image of random contrast, after SynthMorph (Hoffmann et al., IEEE TMI 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.phantoms.appearance import blobs, smooth_noise
from elasreg_core.data.phantoms.cardiac_tissues import (
    FAT,
    LIVER,
    LUNG,
    LV,
    MATERIALS,
    MYOCARDIUM,
    RV,
    RV_WALL,
    SURROUNDINGS,
)
from elasreg_core.data.phantoms.phantom import MaterialMap

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Contrast:
    """How bright each material is, in arbitrary units.

    Attributes:
        level: of each material.
        spread: of the surroundings' regions around their level.
        texture: standard deviation of a fine texture everywhere.
        trabeculae: how much muscle reaches into the cavities.
    """

    level: FloatArray
    spread: float
    texture: float
    trabeculae: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Contrast:
        """Bright blood, dark muscle, darker lungs; the rest anything."""
        blood = rng.uniform(0.5, 1.0)
        muscle = rng.uniform(0.1, 0.42)
        level = np.empty(len(MATERIALS))
        level[[RV, LV]] = blood * rng.uniform(0.85, 1.1), blood
        level[[MYOCARDIUM, RV_WALL]] = muscle, muscle * rng.uniform(0.9, 1.2)
        level[FAT] = rng.uniform(0.2, 1.0)
        level[LUNG] = rng.uniform(0.02, 0.2)
        level[LIVER] = rng.uniform(0.15, 0.5)
        level[SURROUNDINGS] = rng.uniform(0.1, 0.5)
        return cls(level, rng.uniform(0.05, 0.3), rng.uniform(0.01, 0.05), rng.uniform(0, 0.6))

    def scene(
        self, rng: np.random.Generator, materials: MaterialMap, papillary: npt.NDArray[np.bool_], vox: FloatArray
    ) -> FloatArray:
        """The heart at end diastole, finely drawn: levels, random regions around, trabeculae, texture."""
        scene = self.level[materials]
        outside = np.isin(materials, (SURROUNDINGS, FAT, LIVER))
        regions = blobs(rng, materials.shape, (4 * vox.mean(), 22 * vox.mean()), int(rng.integers(4, 10)))
        scene += np.where(outside, rng.normal(0, self.spread, regions.max() + 1)[regions], 0)
        vessels = smooth_noise(rng, materials.shape, 3 * vox)
        scene = np.where((materials == LUNG) & (vessels > rng.uniform(2.0, 2.6)), rng.uniform(0.4, 1.0), scene)
        cavity = np.isin(materials, (LV, RV))
        muscle = self.level[MYOCARDIUM]
        rough = smooth_noise(rng, materials.shape, rng.uniform(1.2, 2.5) * vox)
        near_wall = ndimage.gaussian_filter((materials == MYOCARDIUM).astype(np.float32), 3 * vox)
        trabecular = np.clip(self.trabeculae * near_wall * (rough + 0.5) * 3, 0, 1) * cavity
        trabecular = np.maximum(trabecular, 0.9 * (papillary & (materials == LV)))
        scene = scene * (1 - trabecular) + muscle * trabecular
        scene += smooth_noise(rng, materials.shape, rng.uniform(1.5, 4.0) * vox, self.texture)
        return np.clip(scene, 0, None)

    def later(self, rng: np.random.Generator, scene: FloatArray, materials: MaterialMap) -> FloatArray:
        """The same tissue at end systole: each material a little brighter or darker, and the blood uneven."""
        gain = rng.normal(1, 0.08, len(MATERIALS))
        gain[[RV, LV]] *= rng.uniform(0.8, 1.15)
        flow = 1 + smooth_noise(rng, scene.shape, 0.03 * scene.shape[0], rng.uniform(0, 0.08))
        return scene * gain[materials] * np.where(np.isin(materials, (LV, RV)), flow, 1)


def acquire(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """The scanner: blur and Rician noise."""
    blurred = ndimage.gaussian_filter(image, rng.uniform(0.3, 0.9))
    noise = rng.uniform(0.005, 0.035) * rng.standard_normal((2, *image.shape))
    return np.hypot(blurred + noise[0], noise[1])

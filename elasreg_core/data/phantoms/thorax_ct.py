"""The thorax phantom as a CT image in Hounsfield units."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elasreg_core.data.phantoms.appearance import smooth_noise
from elasreg_core.data.phantoms.phantom import Scene, image_of
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.data.phantoms.thorax_tissues import (
    ABDOMEN,
    AIR,
    AIRWAY,
    BONE,
    CARTILAGE,
    FAT,
    HEART,
    HILUM,
    LIVER,
    LUNG,
    MATERIALS,
    MEDIASTINUM,
    WALL,
)

FloatArray = npt.NDArray[np.floating[Any]]

#: Ranges of the tissues' CT numbers, without contrast agent: Prokop & Galanski, Spiral and Multislice CT of the Body,
#: Thieme 2003; the lung from expiration to inspiration.
HOUNSFIELD = {
    AIR: (-1005, -990),
    WALL: (20, 60),
    FAT: (-120, -70),
    LUNG: (-870, -680),
    BONE: (250, 700),
    CARTILAGE: (70, 150),
    MEDIASTINUM: (10, 60),
    HEART: (30, 60),
    LIVER: (40, 70),
    ABDOMEN: (10, 60),
    AIRWAY: (-1000, -950),
    HILUM: (20, 60),
}


def chest_ct(scene: Scene, rng: np.random.Generator, through_plane: float) -> tuple[FloatArray, FloatArray]:
    """The fixed and the moving image; the air in the lungs thins out as they expand, the tissue in them does not.

    Args:
        scene: what is imaged.
        rng: of tissue levels, texture, vessels and noise.
        through_plane: share of lung vessels that only one of the two images shows.
    """
    vox = scene.factor / scene.raster.steps_mm  # fine voxels per mm
    sides = scene.materials.shape
    level = np.array([rng.uniform(*HOUNSFIELD[m]) for m in range(len(MATERIALS))])
    tissue = level[scene.materials]
    soft = np.isin(scene.materials, (WALL, MEDIASTINUM, HEART, LIVER, ABDOMEN, HILUM))
    tissue += soft * smooth_noise(rng, sides, rng.uniform(4, 9) * vox, rng.uniform(5, 25))
    tissue += (scene.materials == WALL) * 60 * np.minimum(smooth_noise(rng, sides, (3 * vox).mean()), 0)
    bone = scene.materials == BONE
    marrow = ndimage.uniform_filter(bone.astype(np.float32), 5) > 0.9
    tissue += bone * np.where(marrow, -rng.uniform(50, 200), rng.uniform(100, 500))
    tissue += (scene.materials == ABDOMEN) * np.where(smooth_noise(rng, sides, 14 * vox) > 1.6, -900, 0)
    lung = scene.materials == LUNG
    texture = smooth_noise(rng, sides, rng.uniform(2, 5) * vox, rng.uniform(5, 25))
    shared, only_fixed, only_moving = (_vessels(rng, sides, vox) for _ in range(3))
    images = []
    for frame, own, backwards in ((0, only_fixed, None), (1, only_moving, scene.backwards)):
        vessel = np.maximum(shared * (1 - through_plane * 0.5), own * through_plane)
        air = texture + level[LUNG]
        if frame:
            air = (air + 1000) / np.clip(scene.volume_ratio, 0.4, 2.5) * rng.uniform(0.85, 1.1) - 1000
        drawn = np.where(lung, air + vessel * (30 - air), tissue)
        images.append(_scan(rng, image_of(drawn, backwards, scene.factor)))
    seen = _field_of_view(rng, scene.raster)
    return np.where(seen, images[0], -1024), np.where(seen, images[1], -1024)


def _scan(rng: np.random.Generator, image: FloatArray) -> FloatArray:
    """The scanner: blur and noise."""
    image = ndimage.gaussian_filter(image, rng.uniform(0.3, 0.8))
    noise = rng.standard_normal(image.shape)
    image = image + rng.uniform(5, 45) * ndimage.gaussian_filter(noise, rng.uniform(0, 0.6))
    return np.clip(image, -1024, 3000)


def _field_of_view(rng: np.random.Generator, raster: Raster) -> npt.NDArray[np.bool_]:
    """Where both images were taken: everywhere, in a round field, or in a box that may cut the body."""
    points = raster.points_mm[..., raster.axes] - rng.normal(0, 12, len(raster.axes))
    kind = rng.choice(["all", "round", "box"], p=[0.4, 0.3, 0.3])
    if kind == "round":
        return np.linalg.norm(points, axis=-1) < rng.uniform(150, 210)
    if kind == "box":
        return np.all(np.abs(points) < rng.uniform(95, 190, len(raster.axes)), axis=-1)
    return np.ones(points.shape[:-1], dtype=bool)


def _vessels(rng: np.random.Generator, sides: tuple[int, ...], vox: FloatArray) -> FloatArray:
    """How much of each voxel is vessel: thin curves, broken into branches, and dots where they cross the plane."""
    curves = np.exp(-np.square(smooth_noise(rng, sides, rng.uniform(5, 9) * vox) / rng.uniform(0.08, 0.2)))
    curves *= smooth_noise(rng, sides, 9 * vox) > rng.uniform(0.2, 1.0)
    dots = smooth_noise(rng, sides, rng.uniform(1.8, 3.2) * vox) > rng.uniform(1.8, 2.4)
    return np.maximum(curves, dots)

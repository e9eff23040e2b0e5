"""A breathing thorax: ribs and diaphragm move, everything else follows by its stiffness.

Coordinates are RAS in mm with the origin in the middle of the chest: x to the right, y forwards, z up. The motion of
the bones (a lateral and a forward swing of the ribs) and of the diaphragm is prescribed; lungs, heart, liver and chest
wall are solved. In an axial plane the diaphragm cannot be seen moving; what is seen, the section of liver and heart
shrinking as they descend through the plane, is an active strain there. The fixed image is the state at rest.
Not modelled: the sliding of the lungs along the chest wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.phantoms.materials import Stiffness
from elasreg_core.data.phantoms.mechanics import ElasticBody, Load
from elasreg_core.data.phantoms.phantom import MaterialMap, Scene
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.data.phantoms.thorax_ct import chest_ct
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


@dataclass(frozen=True)
class Thorax:
    """One subject's draws, lengths in mm.

    Attributes:
        stiffness: of every material.
        seed: of what is drawn while imaging.
        body: half width and half depth of the trunk.
        cavity: half width and half depth of the chest cavity where it is widest.
        roundness: exponent of the sections' outline, 2 an ellipse, more a box.
        apex: height of the lungs' tips.
        fat: thickness under the skin.
        floor: height of the diaphragm at its rim.
        domes: height of the right and of the left dome above the rim.
        dome_width: of both.
        heart: centre, shape `(3,)`, relative to the diaphragm's floor.
        heart_axes: half axes.
        mediastinum: half width.
        ribs: distance between ribs, their tilt, their first height, half a rib's height.
        waves: amplitude `(3,)`, wave vector `(3,)` and phase of three waves that bend the anatomy, shape `(3, 7)`.
        vertebra: half width and half depth of a vertebral body.
        breath: +1: the moving image is breathed in more; −1: breathed out.
        descent: of the diaphragm's domes.
        swing: how far the ribs go sideways, forwards, and up in front.
        shrinking: linear strain of the organs' section in an axial plane.
        through_plane: share of lung vessels that only one of two slices shows.
        hila: of the right and the left lung's root, how far its centre lies beside the mediastinum, its y and z, its
            radius in an axial plane, and its half height, shape `(2, 5)`.
        hilar_strain: linear strain of their section in an axial plane: another one comes into view.
    """

    stiffness: tuple[Stiffness, ...]
    seed: int
    body: tuple[float, float]
    cavity: tuple[float, float]
    roundness: float
    apex: float
    fat: float
    floor: float
    domes: tuple[float, float]
    dome_width: tuple[float, float]
    heart: tuple[float, float, float]
    heart_axes: tuple[float, float, float]
    mediastinum: float
    ribs: tuple[float, float, float, float]
    waves: FloatArray
    vertebra: tuple[float, float]
    breath: int
    descent: float
    swing: tuple[float, float, float]
    shrinking: float
    through_plane: float
    hila: FloatArray
    hilar_strain: tuple[float, float]

    materials = MATERIALS

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Thorax:
        """A random chest, from slim to stout, from a shallow to a deep breath."""
        uniform = rng.uniform
        cavity = uniform(115, 150), uniform(75, 100)
        right_dome = uniform(35, 65)
        return cls(
            stiffness=tuple(material.stiffness.draw(rng) for material in MATERIALS),
            seed=int(rng.integers(2**32)),
            body=(cavity[0] + uniform(18, 42), cavity[1] + uniform(20, 40)),
            cavity=cavity,
            roundness=uniform(2.0, 2.7),
            apex=uniform(105, 145),
            fat=uniform(3, 16),
            floor=uniform(-95, -55),
            domes=(right_dome, right_dome - uniform(0, 22)),
            dome_width=(uniform(0.5, 0.75), uniform(0.5, 0.75)),
            heart=(uniform(-38, -12), uniform(0, 25), uniform(55, 85)),
            heart_axes=(uniform(42, 62), uniform(38, 52), uniform(42, 62)),
            mediastinum=uniform(20, 36),
            ribs=(uniform(25, 33), uniform(0.3, 0.8), uniform(0, 30), uniform(5.5, 8)),
            waves=np.concatenate(
                [uniform(-3, 3, (3, 3)), uniform(-0.05, 0.05, (3, 3)), uniform(-np.pi, np.pi, (3, 1))], axis=1
            ),
            vertebra=(uniform(16, 23), uniform(13, 19)),
            breath=1 if rng.random() < 0.7 else -1,
            descent=uniform(4, 38),
            swing=(uniform(0, 12), uniform(0, 25), uniform(0, 15)),
            shrinking=uniform(0.0, 0.3),
            through_plane=uniform(0.1, 0.7),
            hila=uniform((0, -25, -30, 7, 15), (18, 10, 35, 21, 40), (2, 5)),
            hilar_strain=(uniform(-0.6, 0.5), uniform(-0.6, 0.5)),
        )

    def material_at(self, points_mm: FloatArray) -> MaterialMap:
        """Which tissue lies at the points `(..., 3)` in the fixed image."""
        points_mm = self._bent(points_mm)
        x, y, z = np.moveaxis(points_mm, -1, 0)
        ring = self._ring_mm(x, y, z)  # distance from the cavity's wall, negative inside
        below = z < self._diaphragm(x, y)
        inside = ring < 0
        spine_y = self._spine_y
        vertebra = (x / self.vertebra[0]) ** 2 + ((y - spine_y) / self.vertebra[1]) ** 2 < 1
        process = (np.abs(x) < 4) & (y < spine_y) & (y > spine_y - 42)
        arch = (np.abs(np.hypot(x, y - spine_y + 24) - 13) < 4) & (y < spine_y)
        canal = np.hypot(x / 11, (y - spine_y + 24) / 8) < 1
        disc = vertebra & (np.mod(z, 28) < 6)
        along = np.mod(z + self.ribs[1] * y + self.ribs[2], self.ribs[0]) - self.ribs[0] / 2
        rib = (ring > 2.5) & (ring < 11.5) & (np.abs(along) < self.ribs[3]) & (z < self.apex + 10) & (z > -130)
        front = (y > 0) & (np.abs(x) < 45)
        sternum = (np.abs(x) < 17) & (np.abs(y - self.cavity[1] - 9) < 6) & (z > -50) & (z < 95)
        scapula = (np.abs(ring - 17) < 3) & (y < -15) & (np.abs(x) > 55) & (z > 15) & (z < 120)
        trachea = (np.hypot(x - 3, y + 12) < 8) & (z > 25)
        bronchi = (np.hypot(np.abs(x) - (25 - z) * 0.9, y + 12) < 6.5) & (z <= 25) & (z > -10)
        relative = points_mm - (self.heart[0], self.heart[1], self.floor + self.heart[2])
        heart = (np.square(relative / self.heart_axes).sum(axis=-1) < 1) & inside
        middle = (np.abs(x - 2) < self.mediastinum * (0.75 + 0.25 * np.cos(y / 40)) + 8 * (y < -20)) & inside
        oesophagus_gap = (y > 0.55 * self.cavity[1]) & (np.abs(x) > 9)  # lungs nearly meet in front
        middle &= ~oesophagus_gap
        beside, at_y, at_z, radius, height = np.moveaxis(self.hila[np.where(x > 2, 0, 1)], -1, 0)  # on this side
        across = np.hypot(np.abs(x - 2) - self.mediastinum - beside, y - at_y) / radius
        hilum = (np.hypot(across, (z - at_z) / height) < 1) & inside
        trunk = self._trunk(x, y, z)
        margin = self.floor - 80 + 45 * np.clip((60 - x) / 100, 0, 1) ** 2
        liver = below & inside & (x > -35 - 0.5 * (y + 20)) & (z > margin)
        return np.select(
            [
                canal & ~vertebra,
                disc,
                vertebra | process | arch,
                sternum,
                rib & ~front,
                rib,
                scapula & trunk,
                inside & ~below & (trachea | bronchi),
                liver,
                below & inside,
                heart,
                hilum,
                middle,
                inside & (z < self.apex),
                trunk & self._trunk(x, y, z, -self.fat),
                trunk,
            ],
            [
                WALL, CARTILAGE, BONE, BONE, BONE, CARTILAGE, BONE, AIRWAY,
                LIVER, ABDOMEN, HEART, HILUM, MEDIASTINUM, LUNG, WALL, FAT,
            ],
            default=AIR,
        ).astype(np.uint8)  # fmt: skip

    def displacement_mm(self, raster: Raster) -> FloatArray:
        """The solved motion at the raster's voxels, shape `(X, Y[, Z], D)`, in mm."""
        spacing = 5.0 if len(raster.axes) == 2 else 10.0
        first = raster.origin_mm
        last = first + (np.array(raster.shape) - 1) * raster.spacing_mm
        body = ElasticBody(
            tuple(np.linspace(first[a], last[a], round((last[a] - first[a]) / spacing) + 1) for a in raster.axes)
        )
        points = raster.embed(body.points_mm)
        material = self.material_at(points)
        lam = np.array([s.lam_kpa for s in self.stiffness])[material]
        mu = np.array([s.mu_kpa for s in self.stiffness])[material]
        if body.dim == 3:  # whose elements are wider than a rib
            bulk = body.element_means(lam + 2 / 3 * mu)  # air has no λ
            mu = body.element_means(mu)
            lam = bulk - 2 / 3 * mu
        strain = None
        if 2 not in raster.axes:
            strain = np.zeros((len(points), 2, 2))
            strain[np.isin(material, (HEART, LIVER, ABDOMEN))] = -self.breath * self.shrinking * np.eye(2)
            strain[material == MEDIASTINUM] = -self.breath * self.shrinking * 0.4 * np.eye(2)
            side = np.where(points[..., 0] > 2, *self.hilar_strain)[..., np.newaxis, np.newaxis] * np.eye(2)
            strain = np.where((material == HILUM)[..., np.newaxis, np.newaxis], side, strain)
        prescribed, values = self._prescribed(raster.embed(body.node_points_mm), spacing)
        rim = np.ones(prescribed.shape, dtype=bool)
        rim[(slice(1, -1),) * body.dim] = False
        values[rim & ~prescribed] = 0
        solution = body.solve(lam, mu, [Load(active_strain=strain)], prescribed | rim, values[..., raster.axes])[0]
        return body.interpolate(solution, raster.points_mm[..., raster.axes])

    def images(self, scene: Scene) -> tuple[FloatArray, FloatArray]:
        """CT images in Hounsfield units. A volume shows all vessels twice: nothing moves through its plane."""
        is_volume = len(scene.raster.axes) == 3
        return chest_ct(scene, np.random.default_rng(self.seed), 0.0 if is_volume else self.through_plane)

    def _bent(self, points_mm: FloatArray) -> FloatArray:
        amplitude, wave, phase = self.waves[:, :3], self.waves[:, 3:6], self.waves[:, 6]
        return points_mm + np.sin(points_mm @ wave.T + phase) @ amplitude

    @property
    def _spine_y(self) -> float:
        return -self.cavity[1] + 0.55 * self.vertebra[1]

    def _narrowing(self, z: FloatArray) -> FloatArray:
        """The sections' size at a height, 1 at the bottom, 0.35 at the apex and above."""
        up = np.clip((z + 40) / (self.apex + 40), 0, 1)
        return np.maximum((1 - up**2.6) ** 0.5, 0.35)

    def _ring_mm(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Distance outwards from the cavity's wall, in its horizontal section."""
        narrow = self._narrowing(z)
        n = self.roundness
        width, depth = self.cavity[0] * narrow, self.cavity[1] * (0.35 + 0.65 * narrow)
        radius = (np.abs(x / width) ** n + np.abs(y / depth) ** n) ** (1 / n)
        return (radius - 1) * np.hypot(x, y) / np.maximum(radius, 1e-6)

    def _trunk(self, x: FloatArray, y: FloatArray, z: FloatArray, grown: float = 0.0) -> npt.NDArray[np.bool_]:
        shoulder = np.clip((z - 95) / 60, 0, 1)
        width = self.body[0] * (1 - 0.55 * shoulder**2) + grown
        return (np.abs(x) / width) ** 2.4 + (np.abs(y) / (self.body[1] * (1 - 0.3 * shoulder) + grown)) ** 2.4 < 1

    def _dome(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Height of the diaphragm above its rim."""
        half = self.cavity[0]
        right = np.exp(-(((x - 0.45 * half) / (self.dome_width[0] * half)) ** 2))
        left = np.exp(-(((x + 0.5 * half) / (self.dome_width[1] * half)) ** 2))
        depth = np.exp(-((y / (0.9 * self.cavity[1])) ** 2))
        return np.maximum(self.domes[0] * right, self.domes[1] * left) * depth

    def _diaphragm(self, x: FloatArray, y: FloatArray) -> FloatArray:
        return self.floor + self._dome(x, y)

    def _prescribed(self, nodes_mm: FloatArray, spacing_mm: float) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Which nodes are moved, and to where: bones, and the diaphragm."""
        bone = self.material_at(nodes_mm) == BONE
        x, y, z = np.moveaxis(self._bent(nodes_mm), -1, 0)
        forwards = np.clip((y - self._spine_y - 15) / (2 * self.cavity[1]), 0, 1)
        lower = np.clip(0.35 + 0.65 * (self.apex - z) / (self.apex + 80), 0.35, 1.2)
        swing = np.stack(
            [
                self.swing[0] * np.clip(x / self.cavity[0], -1.2, 1.2) * lower * np.clip(forwards * 4, 0, 1),
                self.swing[1] * forwards * lower,
                self.swing[2] * forwards,
            ],
            axis=-1,
        )
        inwards = -self._ring_mm(x, y, z)
        at_diaphragm = (np.abs(z - self._diaphragm(x, y)) < 0.5 * spacing_mm) & (inwards > max(3.0, 0.6 * spacing_mm))
        descent = np.zeros_like(swing)
        attached = np.clip(inwards / 35, 0, 1)  # its rim hangs on the ribs
        descent[..., 2] = -self.descent * attached * self._dome(x, y) / max(self.domes)
        values = np.where(at_diaphragm[..., np.newaxis] & ~bone[..., np.newaxis], descent, swing)
        return bone | at_diaphragm, self.breath * values

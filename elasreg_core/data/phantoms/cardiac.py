"""A beating heart in short-axis view: the myocardium contracts, everything else follows by its stiffness.

End diastole is the state at rest and the fixed image. The left-ventricular wall and the right ventricle's free wall
shorten along their circumference and thicken (an active strain); the heart is carried and turned a little (a body
force). How much is not prescribed but drawn as what clinicians measure, the change of the cavities' areas, and the
loads are scaled until the solved motion has it. Blood is a soft, compressible filling: it leaves through the plane.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from elasreg_core.data.phantoms.appearance import smooth_noise
from elasreg_core.data.phantoms.cardiac_mr import Contrast, acquire
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
from elasreg_core.data.phantoms.materials import Stiffness
from elasreg_core.data.phantoms.mechanics import ElasticBody, Load, graded_nodes
from elasreg_core.data.phantoms.phantom import MaterialMap, Scene, image_of
from elasreg_core.data.phantoms.raster import Raster

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Heart:
    """One subject's draws. Lengths in mm; angles in radians; radii are those of the middle slice at end diastole.

    The left ventricle's axis is the third axis, with the middle slice at 0 and the base at positive heights.

    Attributes:
        stiffness: of every material.
        seed: of what is drawn while imaging.
        lv_radius_mm: mean radius of the LV cavity.
        wall_mm: mean thickness of the LV wall.
        outline: amplitude and phase of the second, third and fourth harmonic of the cavity's outline.
        wall_outline: the same of the wall's thickness, from the first harmonic on.
        rv_angle: the direction in which the RV lies.
        rv_opening: half the angle over which the RV embraces the LV.
        rv_depth_mm: its largest depth.
        rv_bulge: exponent of its shape: small is round, large is a beak.
        rv_wall_mm: thickness of its free wall.
        fat_mm: mean thickness of the epicardial fat.
        lung, liver: the direction and half the opening of the sector that each fills around the heart.
        lv_area_change, rv_area_change: cavity areas at end systole, as a share of end diastole.
        thickening: radial active strain as a multiple of the circumferential one, with the other sign.
        shift_mm, turn: how the heart is carried, and turned about its axis.
    """

    stiffness: tuple[Stiffness, ...]
    seed: int
    lv_radius_mm: float
    wall_mm: float
    outline: FloatArray
    wall_outline: FloatArray
    rv_angle: float
    rv_opening: float
    rv_depth_mm: float
    rv_bulge: float
    rv_wall_mm: float
    fat_mm: float
    lung: tuple[float, float]
    liver: tuple[float, float]
    lv_area_change: float
    rv_area_change: float
    thickening: float
    shift_mm: FloatArray
    turn: float

    materials = MATERIALS

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Heart:
        """A random heart, from normal to failing, thin-walled to hypertrophic."""
        rv_angle = rng.uniform(-np.pi, np.pi)
        lv_radius = rng.uniform(17, 32)
        return cls(
            stiffness=tuple(material.stiffness.draw(rng) for material in MATERIALS),
            seed=int(rng.integers(2**32)),
            lv_radius_mm=lv_radius,
            wall_mm=rng.uniform(5.5, 14),
            outline=np.stack([rng.uniform(0, (0.1, 0.05, 0.03)), rng.uniform(-np.pi, np.pi, 3)]),
            wall_outline=np.stack([rng.uniform(0, (0.25, 0.1, 0.08)), rng.uniform(-np.pi, np.pi, 3)]),
            rv_angle=rv_angle,
            rv_opening=rng.uniform(0.7, 1.35),
            rv_depth_mm=rng.uniform(10, 45),
            rv_bulge=rng.uniform(0.45, 1.3),
            rv_wall_mm=rng.uniform(2.5, 5),
            fat_mm=rng.uniform(0, 7),
            lung=(rv_angle + np.pi + rng.normal(0, 0.7), rng.uniform(0.2, 1.6)),
            liver=(rv_angle + rng.choice([-1, 1]) * rng.uniform(1.2, 2.2), rng.uniform(0.1, 0.8)),
            lv_area_change=rng.uniform(0.2, 0.85),
            rv_area_change=rng.uniform(0.4, 0.95),
            thickening=rng.uniform(1.2, 2.6),
            shift_mm=rng.normal(0, 2.0, 2),
            turn=rng.normal(0, 0.08),
        )

    def material_at(self, points_mm: FloatArray) -> MaterialMap:
        """Which tissue lies at the points `(..., 3)` at end diastole."""
        radius, angle = self._polar(points_mm)
        height = self._height_factor(points_mm[..., 2])
        endocardium, epicardium = self._contours(angle, height)
        rv_edge = epicardium + self._rv_depth(angle) * height
        has_rv = rv_edge > epicardium + 1e-6
        rv_outside = np.where(has_rv, rv_edge + self.rv_wall_mm, epicardium)
        beside = self._rv_depth(angle, widened=0.12) > 0  # the free wall closes around the RV's corners
        rv_outside = np.where(beside & ~has_rv, epicardium + self.rv_wall_mm, rv_outside)
        outside = rv_outside + self.fat_mm * (1 + 0.6 * np.cos(2 * angle + self.outline[1, 0]))
        exists = height > 0
        bent = angle + 0.3 * np.sin(radius / 22 + self.outline[1, 1])  # no straight edges around the heart
        return np.select(
            [
                exists & (radius < endocardium),
                exists & (radius < epicardium),
                exists & (radius < rv_edge),
                exists & (radius < rv_outside),
                exists & (radius < outside),
                _in_sector(bent, self.lung),
                _in_sector(bent, self.liver),
            ],
            [LV, MYOCARDIUM, RV, RV_WALL, FAT, LUNG, LIVER],
            default=SURROUNDINGS,
        ).astype(np.uint8)

    def displacement_mm(self, raster: Raster) -> FloatArray:
        """The solved motion from end diastole to end systole at the raster's voxels, in mm."""
        body = self._body(raster)
        points = raster.embed(body.points_mm)
        material = self.material_at(points)
        lam = np.array([s.lam_kpa for s in self.stiffness])[material]
        mu = np.array([s.mu_kpa for s in self.stiffness])[material]
        rim = np.ones([len(axis) for axis in body.nodes_mm], dtype=bool)
        rim[(slice(1, -1),) * body.dim] = False
        lv, rv, *carried = body.solve(lam, mu, list(self._loads(points, material, body.dim)), rim)
        motion = self._carry(body, carried)
        lv_contour, rv_contour = self._cavity_contours(body.dim)
        share_lv = share_rv = 0.0
        for _ in range(3):  # each ventricle's contraction also moves the other's contour a little
            share_lv = _scale_for_area(body, lv_contour, motion + share_rv * rv, lv, self.lv_area_change)
            share_rv = _scale_for_area(body, rv_contour, motion + share_lv * lv, rv, self.rv_area_change)
        return body.interpolate(motion + share_lv * lv + share_rv * rv, raster.points_mm[..., raster.axes])

    def images(self, scene: Scene) -> tuple[FloatArray, FloatArray]:
        """MR images of random contrast at both phases."""
        rng = np.random.default_rng(self.seed)
        raster, factor, materials = scene.raster, scene.factor, scene.materials
        contrast = Contrast.draw(rng)
        heart = contrast.scene(rng, materials, self._papillary(raster.refined(factor)), factor / raster.steps_mm)
        later = contrast.later(rng, heart, materials)
        fixed = image_of(heart, None, factor)
        moving = image_of(later, scene.backwards, factor)
        bias = 1 + smooth_noise(rng, raster.sides, 45 / raster.steps_mm, rng.uniform(0, 0.15))
        return acquire(rng, fixed * bias), acquire(rng, moving * bias)

    def _polar(self, points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.hypot(points_mm[..., 0], points_mm[..., 1]), np.arctan2(points_mm[..., 1], points_mm[..., 0])

    def _height_factor(self, height_mm: FloatArray) -> FloatArray:
        """How wide the heart is at a height, 1 in the middle slice, 0 beyond apex and base: a truncated ellipsoid."""
        apex, base, middle = -48.0, 34.0, 0.35
        along = (height_mm - apex) / -apex  # 0 at the apex, 1 in the middle slice
        shape = np.sqrt(np.clip(1 - (1 - along * (1 - middle)) ** 2, 0, None))
        return np.where(height_mm < base, shape / np.sqrt(1 - middle**2), 0.0)

    def _contours(self, angle: FloatArray, height: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Radii of endocardium and epicardium."""
        outline = 1 + sum(a * np.cos(n * angle + p) for n, (a, p) in enumerate(self.outline.T, start=2))
        wall = 1 + sum(a * np.cos(n * angle + p) for n, (a, p) in enumerate(self.wall_outline.T, start=1))
        endocardium = self.lv_radius_mm * height * outline
        return endocardium, endocardium + self.wall_mm * wall

    def _rv_depth(self, angle: FloatArray, widened: float = 0.0) -> FloatArray:
        """How far the RV reaches beyond the epicardium, 0 outside its opening."""
        opening = self.rv_opening + widened
        away = _angle_between(angle, self.rv_angle)
        skewed = np.clip(np.abs(away + 0.25 * self.outline[0, 1] / 0.05 * np.cos(away)) / opening, 0, 1)
        return self.rv_depth_mm * np.cos(np.pi / 2 * skewed) ** self.rv_bulge * (skewed < 1)

    def _body(self, raster: Raster) -> ElasticBody:
        """Fine around the heart, coarse towards the edge of the image, where it is held."""
        plane = len(raster.axes) == 2
        reach = self.lv_radius_mm + self.wall_mm + 12
        fine = 2.5 if plane else 4.0
        last = raster.origin_mm + (np.array(raster.shape) - 1) * raster.spacing_mm
        towards_rv = (self.rv_depth_mm) * np.array([np.cos(self.rv_angle), np.sin(self.rv_angle)])
        nodes = []
        for axis in raster.axes:
            low, high = raster.origin_mm[axis], last[axis]
            if axis == 2:
                nodes.append(np.linspace(low, high, max(3, round((high - low) / fine) + 1)))
                continue
            start = max(-reach + min(0.0, towards_rv[axis]), low + 5)
            stop = min(reach + max(0.0, towards_rv[axis]), high - 5)
            nodes.append(graded_nodes(low, high, start, stop, fine))
        return ElasticBody(tuple(nodes))

    def _loads(self, points_mm: FloatArray, material: MaterialMap, dim: int) -> Iterable[Load]:
        """LV contraction, RV contraction; a push along x, one along y; a turn. Each of size one."""
        _, angle = self._polar(points_mm)
        yield Load(active_strain=_contraction(angle, material == MYOCARDIUM, self.thickening, dim))
        rv_centre = self._rv_centre()
        rv_angle = np.arctan2(points_mm[..., 1] - rv_centre[1], points_mm[..., 0] - rv_centre[0])
        rv_strain = _contraction(rv_angle, material == RV_WALL, 0.5, dim)
        rv_strain[material == RV, :2, :2] = -4 * np.eye(2)  # the blood that leaves takes the wall along
        yield Load(active_strain=rv_strain)
        wall = np.isin(material, (MYOCARDIUM, RV_WALL))
        radius, _ = self._polar(points_mm)
        for direction in (
            np.broadcast_to((1.0, 0.0), (len(wall), 2)),
            np.broadcast_to((0.0, 1.0), (len(wall), 2)),
            np.stack([-np.sin(angle), np.cos(angle)], axis=-1) * radius[:, np.newaxis] / self.lv_radius_mm,
        ):
            force = np.zeros((len(wall), dim))
            force[wall, :2] = direction[wall]
            yield Load(body_force=force)

    def _rv_centre(self) -> FloatArray:
        """A point on the septum's RV side, about which the free wall bends."""
        _, epicardium = self._contours(np.array(self.rv_angle), np.array(1.0))
        return (epicardium + 0.2 * self.rv_depth_mm) * np.array([np.cos(self.rv_angle), np.sin(self.rv_angle)])

    def _carry(self, body: ElasticBody, carried: list[FloatArray]) -> FloatArray:
        """The push and the turn, scaled so that the LV's wall moves and turns as drawn."""
        angle = np.linspace(-np.pi, np.pi, 48, endpoint=False)
        endocardium, _ = self._contours(angle, np.ones_like(angle))
        ring = np.zeros((48, body.dim))
        ring[:, :2] = endocardium[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        tangent = np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
        seen = []
        for field in carried:
            moved = body.interpolate(field, ring)[:, :2]
            seen.append([*moved.mean(axis=0), np.mean(np.sum(moved * tangent, axis=-1) / endocardium)])
        shares = np.linalg.solve(np.array(seen).T, [*self.shift_mm, self.turn])
        return np.sum([share * field for share, field in zip(shares, carried, strict=True)], axis=0)

    def _cavity_contours(self, dim: int) -> tuple[FloatArray, FloatArray]:
        """Closed polygons around both cavities in the middle slice, shape `(N, D)`."""
        angle = np.linspace(-np.pi, np.pi, 180, endpoint=False)
        endocardium, _ = self._contours(angle, np.ones_like(angle))
        inner = np.linspace(-0.999, 0.999, 60) * self.rv_opening + self.rv_angle
        _, epicardium = self._contours(inner, np.ones_like(inner))
        outer = epicardium + self._rv_depth(inner)
        rv = np.concatenate([_at(inner, epicardium), _at(inner, outer)[::-1]])
        across = [(0, 0), (0, dim - 2)]
        return np.pad(_at(angle, endocardium), across), np.pad(rv, across)

    def _papillary(self, fine: Raster) -> npt.NDArray[np.bool_]:
        """Two papillary muscles in the LV cavity: part of the blood pool's label, dark in the image."""
        rng = np.random.default_rng([self.seed, 1])
        muscles = np.zeros(fine.sides, dtype=bool)
        for angle in self.rv_angle + np.pi + np.array([-1, 1]) * rng.uniform(0.5, 1.2, 2):
            centre = rng.uniform(0.55, 0.8) * self.lv_radius_mm * np.array([np.cos(angle), np.sin(angle)])
            size = rng.uniform(1.5, 5.0)
            muscles |= np.linalg.norm(fine.points_mm[..., :2] - centre, axis=-1) < size
        return muscles


def _contraction(angle: FloatArray, where: npt.NDArray[np.bool_], thickening: float, dim: int) -> FloatArray:
    """ε* of size one: −1 along the circumference, +thickening along the radius, −0.6 along the axis; `(Q, D, D)`."""
    radial = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    around = np.stack([-np.sin(angle), np.cos(angle)], axis=-1)
    strain = np.zeros((len(angle), dim, dim))
    strain[:, :2, :2] = thickening * _outer(radial) - _outer(around)
    if dim == 3:
        strain[:, 2, 2] = -0.6
    strain[~where] = 0
    return strain


def _scale_for_area(
    body: ElasticBody, contour: FloatArray, motion: FloatArray, contraction: FloatArray, area_change: float
) -> float:
    """How much of `contraction` brings the contour's area to `area_change` times what it was."""
    before = _area(contour)
    moved = contour + body.interpolate(motion, contour)
    step = body.interpolate(contraction, contour)

    def excess(share: float) -> float:
        return _area(moved + share * step) / before - area_change

    low, high = -0.3, 1.0
    if excess(low) * excess(high) > 0:
        return low if abs(excess(low)) < abs(excess(high)) else high
    return float(brentq(excess, low, high, xtol=1e-3))


def _area(polygon: FloatArray) -> float:
    """The shoelace formula, in the plane of the first two coordinates."""
    x, y = polygon[:, 0], polygon[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def _outer(vectors: FloatArray) -> FloatArray:
    return vectors[:, :, np.newaxis] * vectors[:, np.newaxis, :]


def _at(angle: FloatArray, radius: FloatArray) -> FloatArray:
    return radius[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _angle_between(angle: FloatArray, direction: float) -> FloatArray:
    return np.angle(np.exp(1j * (angle - direction)))


def _in_sector(angle: FloatArray, sector: tuple[float, float]) -> npt.NDArray[np.bool_]:
    direction, half = sector
    return np.abs(_angle_between(angle, direction)) < half

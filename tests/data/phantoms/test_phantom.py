"""How an anatomy becomes a pair, with an anatomy whose motion is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from elasreg_core.data.phantoms.materials import Material, Stiffness, StiffnessRange
from elasreg_core.data.phantoms.phantom import N_LANDMARKS, SMALLEST_JACOBIAN, image_of, render
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.physics.fields import jacobian_determinant

RANGE = StiffnessRange((1.0, 2.0), (0.1, 0.2), "made up")
AXIAL = Raster((20, 16, 1), (2.0, 1.5, 4.0))
CORONAL = Raster((20, 1, 16), (2.0, 4.0, 1.5))
VOLUME = Raster((14, 16, 9), (2.0, 1.5, 3.0))
RASTERS = pytest.mark.parametrize("raster", [AXIAL, CORONAL, VOLUME], ids=["axial", "coronal", "volume"])
STEP = {AXIAL: (2, -3), CORONAL: (2, -3), VOLUME: (2, -3, 1)}  # of the shift, in voxels


@dataclass
class Slab:
    """A brick of label 2, 12 × 9 × 9 mm, that moves as it is told."""

    motion_mm: Callable[[Raster], np.ndarray]
    scene: object = None

    materials = (Material("around", 0, RANGE), Material("brick", 2, RANGE))
    stiffness = (Stiffness(1.0, 0.1), Stiffness(2.0, 0.2))

    def material_at(self, points_mm):
        return np.all(np.abs(points_mm) < (6, 4.5, 4.5), axis=-1).astype(np.uint8)

    def displacement_mm(self, raster):
        return self.motion_mm(raster)

    def images(self, scene):
        self.scene = scene
        drawn = scene.materials + 0.25
        return tuple(image_of(drawn, backwards, scene.factor) for backwards in (None, scene.backwards))


def shifted(raster):
    """The brick, moved by `STEP` voxels."""
    slab = Slab(lambda r: np.broadcast_to(STEP[raster] * r.steps_mm, (*r.sides, len(r.axes))))
    return slab, render(slab, raster, np.random.default_rng(0))


@RASTERS
def test_everything_moves_by_the_displacement(raster):
    _, phantom = shifted(raster)
    axes = tuple(range(len(raster.axes)))
    assert phantom.displacement.dtype == np.float32
    np.testing.assert_allclose(phantom.displacement, np.broadcast_to(STEP[raster], phantom.displacement.shape))
    assert set(np.unique(phantom.fixed_labels)) == {0, 2}
    # warped(p) = moving(p + u): what lies at p in the fixed image lies at p + u in the moving one
    np.testing.assert_array_equal(phantom.moving_labels, np.roll(phantom.fixed_labels, STEP[raster], axes))
    np.testing.assert_allclose(phantom.moving, np.roll(phantom.fixed, STEP[raster], axes), atol=1e-5)
    np.testing.assert_array_equal(phantom.fixed_labels, 2 * phantom.materials)


@RASTERS
def test_landmarks_lie_in_the_tissues_and_move_with_them(raster):
    _, phantom = shifted(raster)
    fixed = phantom.landmarks_fixed.astype(int)
    inside = np.count_nonzero(phantom.fixed_labels)
    assert fixed.shape == (min(N_LANDMARKS, inside), 3)
    assert len(np.unique(fixed, axis=0)) == len(fixed)
    assert (phantom.fixed_labels.reshape(raster.shape)[tuple(fixed.T)] == 2).all()
    step = np.zeros(3)
    step[list(raster.axes)] = STEP[raster]  # nothing leaves its plane
    np.testing.assert_allclose(phantom.landmarks_moving - fixed, np.broadcast_to(step, fixed.shape))


@pytest.mark.parametrize(("raster", "factor"), [(AXIAL, 2), (CORONAL, 2), (VOLUME, 1)])
def test_a_scene_is_drawn_twice_as_fine_in_a_plane(raster, factor):
    slab, _ = shifted(raster)
    assert slab.scene.factor == factor
    assert slab.scene.materials.shape == tuple(factor * side for side in raster.sides)
    np.testing.assert_array_equal(slab.scene.materials, slab.material_at(raster.refined(factor).points_mm))
    expected = -factor * np.array(STEP[raster])  # in fine voxels
    np.testing.assert_allclose(slab.scene.backwards, np.broadcast_to(expected, slab.scene.backwards.shape), atol=1e-5)


@pytest.mark.parametrize("raster", [AXIAL, VOLUME], ids=["plane", "volume"])
def test_the_scene_knows_how_much_its_tissue_swells(raster):
    def grow(r):
        return r.points_mm[..., r.axes] * ([0.1, 0.2, 0.3][: len(r.axes)])

    slab = Slab(grow)
    render(slab, raster, np.random.default_rng(0))
    # 1.1 · 1.2 = 1.32 in the plane, · 1.3 = 1.716 in the volume
    np.testing.assert_allclose(slab.scene.volume_ratio, 1.32 if raster is AXIAL else 1.716, rtol=1e-4)
    assert slab.scene.volume_ratio.shape == slab.scene.materials.shape
    # what lies at q came from q / 1.1, q / 1.2, …: backwards = −q · .1 / 1.1, …, read between the image's voxels
    fine = raster.refined(slab.scene.factor)
    expected = -fine.points_mm[..., raster.axes] * np.array([0.1 / 1.1, 0.2 / 1.2, 0.3 / 1.3])[: len(raster.axes)]
    inside = (slice(1, -1),) * len(raster.axes)
    np.testing.assert_allclose((slab.scene.backwards * fine.steps_mm)[inside], expected[inside], atol=0.01)


def test_a_motion_that_folds_is_made_smaller():
    def fold(r):
        return r.points_mm[..., r.axes] * (-1.5, 0)  # det J = 1 − 1.5

    phantom = render(Slab(fold), AXIAL, np.random.default_rng(0))
    assert SMALLEST_JACOBIAN <= jacobian_determinant(phantom.displacement).min() < SMALLEST_JACOBIAN + 0.06
    # both images and landmarks show the smaller motion: u_x = −1.5 f x, with f in steps of a twentieth
    assert phantom.displacement[0, 0, 0] / 9.5 == pytest.approx(1.5 * 0.95**10, rel=1e-4)
    fixed = phantom.landmarks_fixed.astype(int)
    np.testing.assert_allclose(
        (phantom.landmarks_moving - fixed)[:, :2], phantom.displacement[fixed[:, 0], fixed[:, 1]], atol=1e-6
    )
    width_mm = 4 * np.count_nonzero(phantom.moving_labels.any(axis=1)) / 2
    assert width_mm == pytest.approx(12 * (1 - 1.5 * 0.95**10), abs=4)


def test_the_table_pairs_materials_with_the_subjects_stiffness():
    slab, phantom = shifted(AXIAL)
    assert phantom.table == tuple(zip(slab.materials, slab.stiffness, strict=True))

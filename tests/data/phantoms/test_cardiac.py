"""Beating hearts: as much contraction as drawn, solved motion, labels and images that follow it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import ndimage

from elasreg_core.data.phantoms import cardiac
from elasreg_core.data.phantoms.cardiac import LV, MYOCARDIUM, RV, Heart
from elasreg_core.data.phantoms.mechanics import ElasticBody
from elasreg_core.data.phantoms.phantom import SMALLEST_JACOBIAN, Phantom, render
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.metrics import dice_per_label
from elasreg_core.physics.fields import jacobian_determinant, warp_labels

RASTER = Raster((138, 126, 1), (2.0, 2.1, 10.0))
SEEDS = (0, 1, 4, 5)


@dataclass(frozen=True)
class Beat:
    heart: Heart
    phantom: Phantom
    volume_ratio: np.ndarray
    inwards_mm: np.ndarray


@pytest.fixture(scope="module")
def beats() -> list[Beat]:
    return [beat(Heart.draw(np.random.default_rng([5, seed]))) for seed in SEEDS]


def beat(heart: Heart) -> Beat:
    phantom = render(heart, RASTER, np.random.default_rng(0))
    points = RASTER.points_mm[..., :2]
    motion_mm = phantom.displacement * RASTER.steps_mm
    radial = points / np.linalg.norm(points, axis=-1, keepdims=True)
    return Beat(heart, phantom, jacobian_determinant(phantom.displacement), -np.sum(motion_mm * radial, axis=-1))


def test_the_cavity_empties_as_much_as_drawn(beats):
    for beat in beats:
        ratio = beat.volume_ratio[beat.phantom.materials == LV].mean()
        assert ratio == pytest.approx(beat.heart.lv_area_change, abs=0.03)
        ratio = beat.volume_ratio[beat.phantom.materials == RV].mean()
        assert ratio == pytest.approx(beat.heart.rv_area_change, abs=0.05)


def test_the_wall_moves_inwards_and_thickens(beats):
    for beat in beats:
        wall = beat.phantom.materials == MYOCARDIUM
        assert beat.inwards_mm[wall].mean() > 1
        # nearly incompressible, and shortened along its circumference and its axis: thicker in the plane
        assert 1 < beat.volume_ratio[wall].mean() < 1.3


def test_the_more_the_cavity_empties_the_further_its_rim_moves_inwards():
    heart = replace(Heart.draw(np.random.default_rng([5, 0])), shift_mm=np.zeros(2), turn=0.0)
    little, much = (beat(replace(heart, lv_area_change=change)) for change in (0.8, 0.5))
    cavity = little.phantom.materials == LV
    rim = cavity & ~ndimage.binary_erosion(cavity)
    # the radius shrinks by the square root of the area: 1 − √.8 = .106 and 1 − √.5 = .293, of about 24 mm
    for beating, share in ((little, 0.106), (much, 0.293)):
        assert beating.inwards_mm[rim].mean() == pytest.approx(share * heart.lv_radius_mm, rel=0.15)


def test_without_contraction_the_heart_is_carried_and_turned_as_drawn(monkeypatch):
    monkeypatch.setattr(cardiac, "_scale_for_area", lambda *_: 0.0)
    heart = replace(Heart.draw(np.random.default_rng([5, 0])), shift_mm=np.array([4.0, -2.5]), turn=0.1)
    cavity = heart.material_at(RASTER.points_mm) == LV
    moved, points = heart.displacement_mm(RASTER)[cavity], RASTER.points_mm[cavity][:, :2]
    np.testing.assert_allclose(moved.mean(axis=0), [4, -2.5], atol=0.3)
    # a turn by a small angle: u = angle · (−y, x), so angle = Σ (x u_y − y u_x) / Σ r²
    x, y = (points - points.mean(axis=0)).T
    assert np.sum(x * moved[:, 1] - y * moved[:, 0]) / np.sum(x**2 + y**2) == pytest.approx(0.1, abs=0.02)


def test_nothing_folds_and_the_rim_of_the_image_stays(beats):
    for beat in beats:
        assert beat.volume_ratio.min() >= SMALLEST_JACOBIAN
        u = beat.phantom.displacement
        assert np.abs(u).max() > 1
        for side in (u[0], u[-1], u[:, 0], u[:, -1]):
            assert np.abs(side).max() < 1e-6


def test_the_displacement_aligns_the_labels(beats):
    for beat in beats:
        phantom = beat.phantom
        warped = warp_labels(phantom.moving_labels, phantom.displacement)
        after = dice_per_label(warped, phantom.fixed_labels, 4)
        before = dice_per_label(phantom.moving_labels, phantom.fixed_labels, 4)
        assert after.min() > 0.9, after
        assert before.mean() < 0.75


def test_the_images_show_the_labels(beats):
    # blood ≥ .5 and muscle ≤ .42 at end diastole; papillary muscles and trabeculae, dark, count as blood
    for beat in beats:
        phantom = beat.phantom
        for image, labels in ((phantom.fixed, phantom.fixed_labels), (phantom.moving, phantom.moving_labels)):
            assert np.median(image[labels == LV]) > 1.1 * np.median(image[labels == MYOCARDIUM])


def test_where_the_wall_came_to_lie_the_moving_image_is_dark(beats):
    for beat in beats:
        moving, fixed = beat.phantom.moving_labels, beat.phantom.fixed_labels
        came = (moving == MYOCARDIUM) & (fixed == LV)
        stayed = (moving == MYOCARDIUM) & (fixed == MYOCARDIUM)
        image = beat.phantom.moving
        blood, muscle = np.median(image[moving == LV]), np.median(image[stayed])
        assert came.sum() > 50
        assert np.median(image[came]) < (blood + muscle) / 2


def test_a_heart_ends_at_apex_and_base():
    heart = Heart.draw(np.random.default_rng([5, 0]))
    heights = np.array([-60.0, -40, 0, 30, 40])
    columns = np.zeros((5, 3))
    columns[:, 2] = heights
    # the cavity reaches from above the apex at −48 mm to the base at 34 mm
    assert (heart.material_at(columns) == LV).tolist() == [False, True, True, True, False]
    assert heart._height_factor(np.array([0.0])) == pytest.approx(1)
    assert heart._height_factor(np.array([-40.0])) < heart._height_factor(np.array([-20.0])) < 1


def test_hearts_differ_in_shape_and_stiffness():
    hearts = [Heart.draw(np.random.default_rng([5, seed])) for seed in range(6)]
    areas = {np.count_nonzero(heart.material_at(RASTER.points_mm) == LV) for heart in hearts}
    assert len(areas) == 6
    assert len({heart.stiffness for heart in hearts}) == 6


def test_contraction_is_scaled_to_an_area():
    # u = −s p shrinks a circle's area to (1 − s)²: .49 at s = .3
    nodes = np.linspace(-20, 20, 9), np.linspace(-18, 18, 7)
    body = ElasticBody(nodes)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    circle = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    field = body.node_points_mm
    assert cardiac._scale_for_area(body, circle, 0 * field, -field, 0.49) == pytest.approx(0.3, abs=2e-3)
    # what moves it beforehand counts: after a shrinking by .1 another .2 is missing
    assert cardiac._scale_for_area(body, circle, -0.1 * field, -field, 0.49) == pytest.approx(0.2, abs=2e-3)
    # out of reach: a field that hardly moves anything goes to its end
    assert cardiac._scale_for_area(body, circle, 0 * field, -0.01 * field, 0.49) == 1

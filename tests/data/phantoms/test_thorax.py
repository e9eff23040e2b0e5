"""Breathing chests: where the organs lie, where they go, and how the air thins out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elasreg_core.data.phantoms.materials import Stiffness
from elasreg_core.data.phantoms.phantom import SMALLEST_JACOBIAN, Scene, render
from elasreg_core.data.phantoms.raster import Raster
from elasreg_core.data.phantoms.thorax import Thorax
from elasreg_core.data.phantoms.thorax_tissues import BONE, HEART, LIVER, LUNG, MATERIALS
from elasreg_core.metrics import dice_per_label
from elasreg_core.physics.fields import displacement_gradient, jacobian_determinant, warp_image, warp_labels

CORONAL = Raster((128, 1, 112), (3.0, 3.0, 3.1), (0.0, -12.0, 0.0))  # through the trachea
AXIAL = Raster((120, 96, 1), (3.0, 3.1, 3.0), (0.0, 0.0, -20.0))
SEEDS = (0, 1, 2)
DEEP = {"descent": 25.0, "swing": (5.0, 8.0, 4.0), "shrinking": 0.2}


@pytest.fixture(scope="module")
def chests():
    """Deep breaths, seen in both planes: (thorax, phantom) of each."""
    drawn = [replace(Thorax.draw(np.random.default_rng([5, seed])), breath=1, **DEEP) for seed in SEEDS]
    return [(chest, render(chest, raster, np.random.default_rng(0))) for chest in drawn for raster in (CORONAL, AXIAL)]


def in_plane(chests, raster):
    return [(chest, phantom) for chest, phantom in chests if phantom.raster is raster]


# Anatomy --------------------------------------------------------------------------------------------------------------


def test_the_liver_is_on_the_patients_right_and_the_heart_to_the_left(chests):
    x, _, z = np.moveaxis(CORONAL.points_mm, -1, 0)  # RAS: x to the right
    for _, phantom in in_plane(chests, CORONAL):
        materials = phantom.materials
        assert x[materials == LIVER].mean() > 20
        assert x[materials == HEART].mean() < -5
        assert z[materials == LIVER].mean() < z[materials == HEART].mean() < z[materials == LUNG].mean() + 20
        right, left = ((materials == LUNG) & (side * x > 0) for side in (1, -1))
        assert 0.5 < right.sum() / left.sum() < 2
        assert CORONAL.affine[0, 0] > 0  # and so the files say


def test_the_spine_is_behind_and_the_ribs_go_around(chests):
    x, y, _ = np.moveaxis(AXIAL.points_mm, -1, 0)
    for _, phantom in in_plane(chests, AXIAL):
        lung, bone = phantom.materials == LUNG, phantom.materials == BONE
        spine = bone & (np.abs(x) < 12) & (y < 0)
        assert spine.sum() > 20
        assert y[spine].mean() < y[lung].min() + 25
        assert np.abs(x[bone & (np.abs(x) > 60)]).max() > np.abs(x[lung]).max()


def test_every_tissue_is_somewhere(chests):
    seen = np.unique(np.concatenate([np.unique(phantom.materials) for _, phantom in chests]))
    assert seen.tolist() == list(range(len(MATERIALS)))


# Motion ---------------------------------------------------------------------------------------------------------------


def test_breathing_in_lowers_the_diaphragm_and_spreads_the_ribs(chests):
    x = CORONAL.points_mm[..., 0]
    for _, phantom in in_plane(chests, CORONAL):
        motion_mm = phantom.displacement * CORONAL.steps_mm
        ribs = (phantom.materials == BONE) & (np.abs(x) > 60)
        assert (motion_mm[..., 0] * np.sign(x))[ribs].mean() > 1
        assert motion_mm[..., 1][phantom.materials == LIVER].mean() < -3
        assert -25.5 < motion_mm[..., 1].min() < -15  # the domes go down by 25 mm
        assert jacobian_determinant(phantom.displacement)[phantom.materials == LUNG].mean() > 1.05


def test_breathing_in_shrinks_the_section_of_the_organs_in_an_axial_plane(chests):
    for _, phantom in in_plane(chests, AXIAL):
        ratio = jacobian_determinant(phantom.displacement)
        assert ratio[phantom.materials == LUNG].mean() > 1.02
        organs = np.isin(phantom.materials, (HEART, LIVER))
        assert (1 - 0.2) ** 2 - 0.1 < ratio[organs].mean() < 0.97  # by .2 along both axes, where they were free to


@pytest.mark.parametrize("raster", [CORONAL, AXIAL], ids=["coronal", "axial"])
def test_breathing_out_is_the_opposite(chests, raster):
    chest, _ = in_plane(chests, raster)[0]
    coarse = Raster(
        tuple(max(1, side // 2) for side in raster.shape), tuple(2 * s for s in raster.spacing_mm), raster.centre_mm
    )
    inwards, out = (replace(chest, breath=breath).displacement_mm(coarse) for breath in (1, -1))
    np.testing.assert_allclose(out, -inwards, atol=1e-6)
    assert np.abs(inwards).max() > 3


def test_nothing_folds_and_the_rim_of_the_image_stays(chests):
    for _, phantom in chests:
        assert jacobian_determinant(phantom.displacement).min() >= SMALLEST_JACOBIAN
        u = phantom.displacement
        for side in (u[0], u[-1], u[:, 0], u[:, -1]):
            assert np.abs(side).max() < 1e-6


def test_a_stiffer_organ_is_strained_less(chests):
    chest, phantom = in_plane(chests, CORONAL)[0]
    heart = phantom.materials == HEART

    def strain(youngs_modulus):
        stiffness = list(chest.stiffness)
        stiffness[HEART] = Stiffness(youngs_modulus, 0.47)
        gradient = displacement_gradient(replace(chest, stiffness=tuple(stiffness)).displacement_mm(CORONAL) / 3)
        return np.linalg.norm(gradient + gradient.swapaxes(-1, -2), axis=(-2, -1))[heart].mean()

    soft, stiff = strain(2.0), strain(200.0)
    assert stiff < 0.4 * soft


def test_the_displacement_aligns_the_labels(chests):
    for _, phantom in chests:
        warped = warp_labels(phantom.moving_labels, phantom.displacement)
        lung, bone, liver = dice_per_label(warped, phantom.fixed_labels, 4)
        assert lung > 0.95
        assert bone > 0.7  # ribs are 2 to 4 voxels thick
        assert np.isnan(liver) or liver > 0.95
        assert dice_per_label(phantom.moving_labels, phantom.fixed_labels, 4)[0] < 0.95


# Images ---------------------------------------------------------------------------------------------------------------


def test_the_images_are_in_hounsfield_units(chests):
    for _, phantom in chests:
        for image, labels in ((phantom.fixed, phantom.fixed_labels), (phantom.moving, phantom.moving_labels)):
            assert image.min() >= -1024
            assert image.max() <= 3000
            inside = image > -1024  # some scans end at a round field of view
            assert -900 < np.median(image[(labels == 1) & inside]) < -600
            assert np.median(image[(labels == 2) & inside]) > 200


def lung_scene(volume_ratio):
    """A plane of nothing but lung, twice as fine as its image."""
    raster = Raster((60, 1, 44), (3.0, 3.0, 3.1))
    sides = (120, 88)
    ratio = np.ones(sides)
    ratio[60:] = volume_ratio
    return Scene(raster, 2, np.full(sides, LUNG, np.uint8), np.zeros((*sides, 2)), ratio)


@pytest.mark.parametrize(("volume_ratio", "density"), [(2.0, 0.5), (0.5, 2.0)])
def test_the_air_thins_out_as_the_lung_expands(chests, volume_ratio, density):
    # the tissue between the air, HU + 1000, is spread over det J times the volume
    chest = replace(chests[0][0], through_plane=0.0)
    fixed, moving = chest.images(lung_scene(volume_ratio))
    still, swollen = (np.percentile(part + 1000, 40) for part in (moving[:30], moving[30:]))  # between the vessels
    assert swollen / still == pytest.approx(density, rel=0.15)
    left, right = (np.percentile(part + 1000, 40) for part in (fixed[:30], fixed[30:]))
    assert right / left == pytest.approx(1, rel=0.15)


def test_lungs_that_expand_are_darker_in_the_moving_image(chests):
    for _, phantom in in_plane(chests, CORONAL):
        warped = warp_image(phantom.moving, phantom.displacement)
        ratio = jacobian_determinant(phantom.displacement)
        seen = (phantom.materials == LUNG) & (phantom.fixed > -1024) & (warped > -1024)
        most, least = (seen & (ratio > np.median(ratio[seen]))), (seen & (ratio < np.median(ratio[seen])))
        change = warped - phantom.fixed
        assert np.median(change[most]) < np.median(change[least])


# In a volume ----------------------------------------------------------------------------------------------------------


def test_in_a_volume_everything_moves_about_as_far_as_the_bones_and_the_diaphragm():
    # The edge of a rib, thinner than an element, used to throw the fat beside it 10 cm; unfolding then left no breath.
    volume = Raster((48, 36, 44), (8.0, 8.0, 8.0))
    chest = replace(Thorax.draw(np.random.default_rng([1, 14])), breath=1, **DEEP)
    moved = np.linalg.norm(chest.displacement_mm(volume), axis=-1)
    materials = chest.material_at(volume.points_mm)
    assert moved.max() < 1.4 * DEEP["descent"]
    assert np.percentile(moved[materials == LIVER], 95) > 0.5 * DEEP["descent"]
    assert np.percentile(moved[materials == LUNG], 95) > 0.4 * DEEP["descent"]

"""The block with a rib: what stiffness does to it, and what of stiffness does nothing."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path

from elasreg_core.data.phantoms.ribbed_block import (
    PUSHES,
    SHAPE,
    SPACING_MM,
    RibbedBlock,
    rib_labels,
    rib_outline,
    rib_table,
    strain_size,
)
from elasreg_core.physics.fields import identity_grid
from elasreg_core.physics.simple_motions import MOTIONS


def test_the_plates_do_as_told():
    for push, moved in (("press", (0, -6)), ("slide", (6, 0))):  # 12 mm are 6 voxels
        u = RibbedBlock(0.5, 0.5, 100, push, 12).displacement
        np.testing.assert_allclose(u[:, 0], 0)
        np.testing.assert_allclose(u[:, -1], np.broadcast_to(moved, (SHAPE[0], 2)))


@pytest.mark.parametrize("push", PUSHES)
def test_only_ratios_of_stiffness_matter(push):
    u = RibbedBlock(0.2, 0.1, 50, push).displacement
    np.testing.assert_allclose(RibbedBlock(0.8, 0.4, 50, push).displacement, u, atol=1e-9)  # both four times
    assert np.abs(RibbedBlock(0.8, 0.1, 50, push).displacement - u).max() > 0.05


@pytest.mark.parametrize("push", PUSHES)
def test_twice_the_push_is_twice_the_motion(push):
    once, twice = (RibbedBlock(0.5, 0.3, 100, push, depth).displacement for depth in (5, 10))
    np.testing.assert_allclose(2 * once, twice, atol=1e-9)


@pytest.mark.parametrize("push", PUSHES)
def test_a_stiff_rib_moves_as_a_rigid_body_and_with_one_stiffness_it_does_not(push):
    inside = rib_labels() == 1
    points = identity_grid(SHAPE)[inside].astype(float)
    # u = t + ω (−p_1, p_0): three unknowns, fitted to both components
    ones, zeros = np.ones(len(points)), np.zeros(len(points))
    rigid = np.concatenate([np.stack([ones, zeros, -points[:, 1]], 1), np.stack([zeros, ones, points[:, 0]], 1)])

    def misfit(ratio: float) -> float:
        u = RibbedBlock(0.5, 0.3, ratio, push).displacement[inside].T.ravel()
        fitted = rigid @ np.linalg.lstsq(rigid, u, rcond=None)[0]
        return float(np.sqrt(np.mean((u - fitted) ** 2)))

    assert misfit(1e4) < 0.05 * misfit(1)


def test_the_outline_goes_around_the_rib():
    outline = rib_outline()
    np.testing.assert_allclose(outline[0], outline[-1])
    assert np.linalg.norm(np.diff(outline, axis=0), axis=1).max() < 1
    inside = Path(outline).contains_points(identity_grid(SHAPE).reshape(-1, 2)).reshape(SHAPE)
    np.testing.assert_array_equal(inside, rib_labels() == 1)
    assert 0.05 < inside.mean() < 0.2


def test_strain_of_known_motions():
    # ε of a stretch is (a, 0; 0, 0), of a shear (0, γ/2; γ/2, 0), of an infinitesimal rotation 0
    for name, size in (("Stretch", 0.2), ("Shear", 0.2 / np.sqrt(2)), ("Rotation", 0)):
        np.testing.assert_allclose(strain_size(MOTIONS[name].displacement((6, 9), 0.2)), size, atol=1e-12)


def test_the_table_says_what_each_setting_does_to_each_tissue():
    # a stretch of 10 % against no motion: strain and volume 10 %, the error the mean of |0.1 (p_0 − middle)| · 2 mm
    stretch = MOTIONS["Stretch"].displacement(SHAPE, 0.1)
    table = rib_table(stretch, np.zeros_like(stretch))
    assert list(table["tissue"]) == ["soft tissue", "rib"] * 2
    np.testing.assert_allclose(table["strain_percent"], [10, 10, 0, 0], atol=1e-9)
    np.testing.assert_allclose(table["volume_change_percent"], [10, 10, 0, 0], atol=1e-9)
    far = np.abs(identity_grid(SHAPE)[..., 0] - (SHAPE[0] - 1) / 2) * 0.1 * SPACING_MM
    labels = rib_labels()
    np.testing.assert_allclose(table["error_mm"], [far[labels == 0].mean(), far[labels == 1].mean(), 0, 0])

"""The grid of a phantom in millimetres."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.phantoms.raster import Raster

VOLUME = Raster((4, 3, 5), (2.0, 3.0, 7.0), (10.0, -1.0, 0.5), (-1, -1, 1))
CORONAL = Raster((4, 1, 5), (2.0, 3.0, 7.0), (10.0, -1.0, 0.5))


def test_the_voxels_lie_around_the_centre():
    # along x: 10 − 1.5 · 2 = 7, 9, 11, 13; along y: −4, −1, 2; along z: .5 − 2 · 7 = −13.5, …, 14.5
    points = VOLUME.points_mm
    assert points.shape == (4, 3, 5, 3)
    assert points[0, 0, 0].tolist() == [7, -4, -13.5]
    assert points[3, 1, 4].tolist() == [13, -1, 14.5]


def test_a_plane_has_no_third_axis_but_its_points_lie_in_space():
    assert CORONAL.axes == (0, 2)
    assert CORONAL.sides == (4, 5)
    assert CORONAL.steps_mm.tolist() == [2, 7]
    assert CORONAL.points_mm.shape == (4, 5, 3)
    assert CORONAL.points_mm[1, 4].tolist() == [9, -1, 14.5]
    assert (VOLUME.axes, VOLUME.sides) == ((0, 1, 2), (4, 3, 5))


@pytest.mark.parametrize("centre", [(10, -1, 0), (10.0, -1.0, 0.0)])
def test_points_of_a_plane_keep_their_fractions_whatever_the_centre_is_written_as(centre):
    raster = Raster((4, 1, 5), (2.0, 3.0, 7.0), centre)
    embedded = raster.embed(np.array([[[0.25, -0.75]], [[1.5, 2.5]]]))
    assert embedded.tolist() == [[[0.25, -1, -0.75]], [[1.5, -1, 2.5]]]


@pytest.mark.parametrize("raster", [VOLUME, CORONAL])
def test_embedding_undoes_leaving_an_axis_out(raster):
    np.testing.assert_array_equal(raster.embed(raster.points_mm[..., raster.axes]), raster.points_mm)


@pytest.mark.parametrize(("raster", "shape"), [(VOLUME, (12, 9, 15)), (CORONAL, (12, 1, 15))])
def test_a_refined_raster_fills_the_same_space(raster, shape):
    fine = raster.refined(3)
    assert fine.shape == shape
    assert fine.signs == raster.signs
    # the corners of the outermost voxels stay, and the mean of 3 × 3 (× 3) fine voxels is the coarse one
    for side in (-0.5, np.array(shape) - 0.5):
        coarse = -0.5 if isinstance(side, float) else np.array(raster.shape) - 0.5
        corner = [r.origin_mm + s * np.array(r.spacing_mm) for r, s in ((fine, side), (raster, coarse))]
        np.testing.assert_allclose(*corner)
    first = fine.points_mm[(slice(3),) * len(raster.axes)].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(first, raster.points_mm[(0,) * len(raster.axes)])
    np.testing.assert_allclose(raster.refined(1).points_mm, raster.points_mm)


def test_the_affine_carries_voxels_to_their_points_with_the_signs_of_the_header():
    voxel = [3, 1, 4, 1]
    # the point (13, −1, 14.5), counted to the left and to the back
    assert (VOLUME.affine @ voxel)[:3].tolist() == [-13, 1, 14.5]
    assert np.diag(VOLUME.affine).tolist() == [-2, -3, 7, 1]
    assert (CORONAL.affine @ [3, 0, 4, 1])[:3].tolist() == [13, -1, 14.5]

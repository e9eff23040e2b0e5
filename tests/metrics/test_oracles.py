"""Our metrics against independent tools on the same arrays: SimpleITK, surface-distance, Learn2Reg's formulas.

Grids have unequal sides and anisotropic voxels, so that a mixed-up axis would show.
"""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import surface_distance
from scipy import ndimage

from elasreg_core.metrics import (
    dice_per_label,
    hd95_mm,
    hd95_vox,
    learn2reg_sd_log_jacobian,
    negative_jacobian_percent,
    sd_log_jacobian,
)
from elasreg_core.physics.fields import jacobian_determinant, warp_image, warp_labels

CASES = {"2D": ((34, 27), (1.4, 2.5)), "3D": ((26, 21, 17), (1.4, 2.5, 1.1))}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def blobs(shape, seed) -> np.ndarray:
    """Labels 0 to 2, smooth random regions away from the rim."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3)
    labels = np.digitize(field / field.std(), [0.2, 1.0]).astype(np.uint8)
    inside = np.zeros(shape, dtype=bool)
    inside[(slice(3, -3),) * len(shape)] = True
    return labels * inside


def two_maps(shape, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Labels that overlap in part: the second two voxels further along the first axis, one back along the second."""
    labels = blobs(shape, seed)
    return labels, np.roll(labels, (2, -1), (0, 1))


def field(shape, amplitude=1.5, seed=3) -> np.ndarray:
    """A smooth random displacement in voxels, `(*shape, D)`."""
    rng = np.random.default_rng(seed)
    smooth = [ndimage.gaussian_filter(rng.normal(size=shape), 4) for _ in shape]
    return np.stack([amplitude * s / np.abs(s).max() for s in smooth], axis=-1).astype(np.float32)


def to_itk(array, spacing_mm) -> sitk.Image:
    """Our axis 0 is ITK's first: SimpleITK reads arrays with the axes reversed."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    image.SetSpacing(list(map(float, spacing_mm)))
    return image


def field_to_itk(displacement, spacing_mm) -> sitk.Image:
    """Voxels → mm along each axis; identity directions, so that ITK's axes are ours."""
    in_mm = (displacement * spacing_mm).astype(np.float64)
    image = sitk.GetImageFromArray(np.ascontiguousarray(np.moveaxis(in_mm, -1, 0).T), isVector=True)
    image.SetSpacing(list(map(float, spacing_mm)))
    return image


def test_dice_equals_simpleitks(case):
    shape, spacing_mm = case
    a, b = two_maps(shape)
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(to_itk(a, spacing_mm), to_itk(b, spacing_mm))
    expected = [overlap.GetDiceCoefficient(label) for label in (1, 2)]
    assert 0.1 < min(expected) < max(expected) < 0.9
    np.testing.assert_allclose(dice_per_label(a, b, 3), expected, rtol=1e-12)


def test_dice_equals_surface_distances(case):
    shape, _ = case
    a, b = (labels == 1 for labels in two_maps(shape))
    expected = surface_distance.compute_dice_coefficient(a, b)
    assert dice_per_label(a.astype("u1"), b.astype("u1"), 2)[0] == pytest.approx(expected, rel=1e-12)


def test_hd95_equals_simpleitks_distance_maps(case):
    shape, spacing_mm = case
    a, b = (labels == 1 for labels in two_maps(shape))

    def directed(of, to):
        contour = sitk.LabelContour(to_itk(to.astype("u1"), spacing_mm), fullyConnected=False)
        distance = sitk.SignedMaurerDistanceMap(contour, squaredDistance=False, useImageSpacing=True)
        surface = sitk.GetArrayFromImage(sitk.LabelContour(to_itk(of.astype("u1"), spacing_mm), fullyConnected=False))
        return np.abs(sitk.GetArrayFromImage(distance))[surface > 0]

    expected = max(np.percentile(directed(a, b), 95), np.percentile(directed(b, a), 95))
    assert expected > 2
    assert hd95_mm(a, b, spacing_mm) == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")  # inside surface-distance
@pytest.mark.parametrize("seed", [0, 2, 7])
def test_hd95_agrees_with_surface_distance_within_a_voxel(case, seed):
    # surface-distance lays its surfaces between voxels and weighs them by area: another definition of the same thing
    shape, spacing_mm = case
    a, b = (labels == 1 for labels in two_maps(shape, seed))
    distances = surface_distance.compute_surface_distances(a, b, spacing_mm)
    expected = surface_distance.compute_robust_hausdorff(distances, 95)
    assert hd95_mm(a, b, spacing_mm) == pytest.approx(expected, abs=max(spacing_mm))


def test_hd95_in_voxels_ignores_their_size(case):
    shape, _ = case
    a, b = (labels == 1 for labels in two_maps(shape))
    assert hd95_vox(a, b) == hd95_mm(a, b, (1.0,) * len(shape))


def test_the_jacobian_equals_simpleitks_inside(case):
    shape, spacing_mm = case
    displacement = field(shape)
    found = sitk.DisplacementFieldJacobianDeterminant(field_to_itk(displacement, spacing_mm), useImageSpacing=True)
    inside = (slice(1, -1),) * len(shape)  # ITK repeats the rim, we take one-sided differences there
    expected = sitk.GetArrayFromImage(found).T[inside]
    assert expected.std() > 0.1
    np.testing.assert_allclose(jacobian_determinant(displacement)[inside], expected, atol=1e-5)


def test_warping_equals_simpleitks_inside(case):
    shape, spacing_mm = case
    displacement = field(shape)
    image = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=shape), 1).astype(np.float32)
    labels = blobs(shape, 2)
    transform = sitk.DisplacementFieldTransform(field_to_itk(displacement, spacing_mm))
    inside = (slice(2, -2),) * len(shape)  # a motion of at most 1.5 voxels stays within the image
    for array, warp, how in ((image, warp_image, sitk.sitkLinear), (labels, warp_labels, sitk.sitkNearestNeighbor)):
        of = to_itk(array, spacing_mm)
        expected = sitk.GetArrayFromImage(sitk.Resample(of, of, transform, how)).T[inside]
        found = warp(array, displacement)[inside]
        if array is labels:
            assert np.mean(found != expected) < 1e-3  # ties
            assert np.mean(array[inside] != expected) > 0.05
        else:
            np.testing.assert_allclose(found, expected, atol=1e-4)


def learn2reg_determinant(displacement) -> np.ndarray:
    """The challenge's own code, for any number of dimensions: central differences by correlation, rim of 2 cut."""
    dim = displacement.shape[-1]
    gradient = np.stack(
        [
            np.stack(
                [
                    ndimage.correlate1d(displacement[..., k].astype(float), [-0.5, 0, 0.5], axis, mode="constant")
                    for k in range(dim)
                ],
                axis=-1,
            )
            for axis in range(dim)
        ],
        axis=-2,
    )
    return np.linalg.det(gradient + np.eye(dim))[(slice(2, -2),) * dim]


@pytest.mark.parametrize("amplitude", [1.5, 12.0])  # the second folds
def test_regularity_equals_learn2regs(case, amplitude):
    shape, _ = case
    displacement = field(shape, amplitude)
    theirs = learn2reg_determinant(displacement)
    assert (theirs.min() <= 0) == (amplitude > 2)
    ours = jacobian_determinant(displacement)
    expected = np.std(np.log((theirs + 3).clip(0.000000001, 1000000000)))
    assert learn2reg_sd_log_jacobian(ours) == pytest.approx(expected, rel=1e-4)
    inner = ours[(slice(2, -2),) * len(shape)]
    assert negative_jacobian_percent(inner) == pytest.approx(100 * np.mean(theirs <= 0), abs=1e-9)
    assert sd_log_jacobian(inner) == pytest.approx(np.std(np.log(theirs[theirs > 0])), rel=1e-4)


def test_inputs_are_never_changed(case):
    shape, spacing_mm = case
    a, b, displacement = *two_maps(shape), field(shape)
    kept = [array.copy() for array in (a, b, displacement)]
    for array in (a, b, displacement):
        array.setflags(write=False)
    dice_per_label(a, b, 3)
    hd95_mm(a == 1, b == 1, spacing_mm)
    learn2reg_sd_log_jacobian(jacobian_determinant(displacement))
    warp_labels(a, displacement)
    for array, before in zip((a, b, displacement), kept, strict=True):
        np.testing.assert_array_equal(array, before)

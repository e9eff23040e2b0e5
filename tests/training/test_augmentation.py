"""Random views: images and labels of a pair are read at the same points, on unequal sides."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from elasreg_core.networks.checkpoint import LARGEST_SPACING_RATIO
from elasreg_core.physics.fields import warp_image
from elasreg_core.training.augmentation import GAMMA, SHADE, STRETCH, ZOOM, RandomView


def view(matrix, offset, window, gamma=1.0, shades=(0.0, 0.0)):
    return RandomView(np.array(matrix, dtype=float), np.array(offset, dtype=float), window, gamma, shades)


def draws(sides, window, n=400, wobble=0.0):
    rng = np.random.default_rng(0)
    return [RandomView.draw(rng, sides, window, wobble) for _ in range(n)]


def test_a_quarter_turn_turns_an_image():
    image = np.arange(35, dtype=np.float32).reshape(5, 7) / 34
    # window voxel (i, j) reads the pair at M (i, j) + (4, 0) = (4 − j, i): numpy's turn by −90°
    turn = view([[0, -1], [1, 0]], [4, 0], (7, 5))
    np.testing.assert_allclose(turn.moving(image), np.rot90(image, -1), atol=1e-6)
    labels = (34 * image).astype(np.uint8)
    np.testing.assert_array_equal(turn.fixed_labels(labels), np.rot90(labels, -1))


def test_a_flip_and_a_zoom_read_every_second_voxel_backwards():
    image = np.arange(70, dtype=np.float32).reshape(10, 7) / 69
    zoomed = view([[-2, 0], [0, 1]], [9, 2], (4, 5))  # rows 9, 7, 5, 3; columns 2 … 6
    np.testing.assert_allclose(zoomed.fixed(image), image[9:2:-2, 2:], atol=1e-6)


def test_grey_values_are_curved_together_and_shifted_apart():
    image = np.full((4, 6), 0.25, np.float32)
    curved = view(np.eye(2), [0, 0], (4, 6), gamma=0.5, shades=(0.03, -0.02))
    np.testing.assert_allclose(curved.moving(image), 0.53, atol=1e-6)  # √.25 + .03
    np.testing.assert_allclose(curved.fixed(image), 0.48, atol=1e-6)


def test_displacements_turn_and_stretch_with_their_view():
    # u' = M⁻¹ u: under the quarter turn (2, −3) becomes (−3, −2); rows read at every second voxel backwards halve it
    u = np.broadcast_to(np.float32([2, -3]), (10, 7, 2))
    turned = view([[0, -1], [1, 0]], [9, 0], (7, 10)).displacement(u)
    np.testing.assert_allclose(turned, np.broadcast_to([-3, -2], (7, 10, 2)), atol=1e-6)
    halved = view([[-2, 0], [0, 1]], [9, 2], (4, 5)).displacement(u)
    np.testing.assert_allclose(halved, np.broadcast_to([-1, -3], (4, 5, 2)), atol=1e-6)


@pytest.mark.parametrize("wobble", [0.0, 1.0])
def test_a_view_of_a_displacement_aligns_the_views_of_the_images(wobble):
    x, y = np.meshgrid(np.arange(40.0), np.arange(36.0), indexing="ij")
    moving = np.exp(-((x - 18) ** 2 + 2 * (y - 16) ** 2) / 120).astype("f4")
    u = np.stack([2 + 0.05 * y, -1.5 + 0.03 * x], axis=-1).astype("f4")
    fixed = warp_image(moving, u)
    inside, unaligned = (slice(5, -5), slice(5, -5)), []
    for drawn in draws((40, 36), (20, 16), 20, wobble):
        drawn = replace(drawn, shades=(0.0, 0.0))
        seen, expected = drawn.moving(moving), drawn.fixed(fixed)
        warped = warp_image(seen, drawn.displacement(u))
        assert np.abs(warped - expected)[inside].mean() < 0.02
        unaligned.append(np.abs(seen - expected)[inside].mean())
    assert np.mean(unaligned) > 0.05


@pytest.mark.parametrize(("sides", "window"), [((40, 27), (24, 18)), ((14, 20, 17), (10, 12, 8)), ((12, 15), (20, 18))])
@pytest.mark.parametrize("axis", [0, 1])
def test_images_and_labels_are_read_at_the_same_points(sides, window, axis):
    ramp = np.indices(sides)[axis].astype(np.uint8)  # the value of a voxel is where it lies
    image = (ramp / 40).astype(np.float32)
    for drawn in draws(sides, window, 20):
        drawn = replace(drawn, shades=(0.0, 0.0))
        seen, labels = 40 * drawn.fixed(image) ** (1 / drawn.gamma), drawn.fixed_labels(ramp)
        assert seen.shape == labels.shape == window
        assert np.abs(seen - labels).max() < 0.5 + 1e-3  # linear against nearest
        assert np.ptp(labels) > 2


def test_in_2d_a_view_is_turned_stretched_and_flipped():
    matrices = np.array([drawn.matrix for drawn in draws((40, 27), (24, 18))])
    scales = np.linalg.norm(matrices, axis=1)  # a step along a window axis, in voxels of the pair
    directions = matrices / scales[:, np.newaxis]
    np.testing.assert_allclose(np.sum(directions[..., 0] * directions[..., 1], axis=1), 0, atol=1e-12)  # no shear
    angles = np.arctan2(directions[:, 1, 0], directions[:, 0, 0])
    shares = np.histogram(angles, bins=4, range=(-np.pi, np.pi))[0] / len(angles)
    np.testing.assert_allclose(shares, 0.25, atol=0.08)  # standard error √(3/16/400) = .02
    assert 0.4 < np.mean(np.linalg.det(matrices) < 0) < 0.6  # half of them are mirrored
    # exp of two uniform draws: at most e^.48 = 1.616 either way, and the axes differ by up to e^.36 = 1.43
    assert 1.4 < scales.max() <= np.exp(ZOOM + STRETCH)
    assert 1 / 1.4 > scales.min() >= np.exp(-ZOOM - STRETCH)
    assert 1.3 < (scales[:, 0] / scales[:, 1]).max() <= np.exp(2 * STRETCH)


def test_in_3d_a_view_is_stretched_flipped_and_turned_by_right_angles():
    matrices = np.array([drawn.matrix for drawn in draws((14, 20, 17), (10, 12, 8), 1000)])
    turns = np.sign(matrices).astype(int)
    np.testing.assert_array_equal(np.abs(turns) @ np.ones(3), 1)  # one axis of the pair for each of the view
    assert len({turn.tobytes() for turn in turns}) == 48  # all symmetries of a cube


def test_a_wobble_is_smooth_and_no_larger_than_asked_for():
    motions = [drawn.wobble for drawn in draws((40, 36, 44), (24, 18, 20), 60, wobble=0.8)]
    rms = np.sqrt([np.square(motion).mean() for motion in motions])
    assert 0.6 < rms.max() <= 0.8
    assert rms.min() < 0.2
    steps = [np.abs(np.diff(motion, axis=axis)).mean() for motion in motions for axis in range(3)]
    assert np.mean(steps) < 0.4 * rms.mean()  # of neighbours, who would differ by 1.1 rms if they were independent
    assert draws((40, 36), (20, 16), 1)[0].wobble is None


def test_checkpoints_take_the_voxel_sizes_that_training_has_seen():
    assert np.exp(ZOOM + STRETCH) <= LARGEST_SPACING_RATIO < 1.05 * np.exp(ZOOM + STRETCH)


def test_a_window_lies_anywhere_but_not_beyond_the_pair():
    sides, window = (100, 90), (30, 24)  # turned and stretched at most (29 + 23) · 1.616 = 84 voxels wide
    centres = []
    for drawn in draws(sides, window):
        corners = (
            np.array([[i, j] for i in (0, window[0] - 1) for j in (0, window[1] - 1)]) @ drawn.matrix.T + drawn.offset
        )
        assert (corners >= -1e-9).all()
        assert (corners <= np.array(sides) - 1 + 1e-9).all()
        centres.append(corners.mean(axis=0))
    assert (np.ptp(centres, axis=0) > 0.4 * np.array(sides)).all()
    np.testing.assert_allclose(np.mean(centres, axis=0), (np.array(sides) - 1) / 2, atol=3)


def test_a_window_larger_than_the_pair_is_centred_on_it():
    for drawn in draws((12, 15), (40, 44), 20):
        np.testing.assert_allclose(drawn.matrix @ [19.5, 21.5] + drawn.offset, [5.5, 7])


def test_brightness_varies_within_its_range():
    drawn = draws((12, 15), (8, 9))
    gammas, shades = np.log([d.gamma for d in drawn]), np.array([d.shades for d in drawn])
    for values, largest in ((gammas, GAMMA), (shades, SHADE)):
        assert -largest <= values.min() < -0.9 * largest
        assert 0.9 * largest < values.max() <= largest
    assert abs(np.corrcoef(shades.T)[0, 1]) < 0.2  # of one image against the other's


def test_a_view_is_a_function_of_the_generator():
    one, again, other = (RandomView.draw(np.random.default_rng(seed), (40, 27), (24, 18), 1.0) for seed in (0, 0, 1))
    for field in fields(RandomView):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(again, field.name))
    assert not np.array_equal(one.matrix, other.matrix)

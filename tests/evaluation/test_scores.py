"""All scores of one displacement, on the pair whose labels lie 2 rows (of 1.5 mm) apart."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from elasreg_core.data.keypoints import Keypoints
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import Scores, score_displacement
from tests.builders import block, make_pair, shift


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e7])
def test_a_field_that_is_not_finite_has_no_scores(value):
    pair = make_pair()
    field = shift(pair, 0, 0)
    field[3, 4, 1] = value
    with pytest.raises(InputError, match="of subject is not finite.*Received: 1 components of 216 that are not"):
        score_displacement(pair, field)


def test_the_unregistered_pair_is_scored_as_it_is():
    scores = score_displacement(make_pair())
    # blocks of 4 rows, 2 rows apart: half overlaps, Dice ½; the far row is 2 · 1.5 mm away
    assert scores.dice == {"wall": pytest.approx(0.5), "pool": pytest.approx(0.5)}
    assert scores.hd95_mm == {"wall": pytest.approx(3), "pool": pytest.approx(3)}
    assert scores.mean_dice == pytest.approx(0.5)
    assert (scores.neg_jacobian_percent, scores.sd_log_jacobian) == (0, 0)


def test_the_right_displacement_aligns_and_its_opposite_does_not():
    pair = make_pair()
    right, wrong = (score_displacement(pair, shift(pair, u, 0)) for u in (2, -2))
    assert right.dice == {"wall": 1, "pool": 1}
    assert right.hd95_mm == {"wall": 0, "pool": 0}
    # 4 rows apart: blocks of 4 rows do not touch
    assert wrong.dice == {"wall": 0, "pool": 0}


def test_distances_know_the_spacing_of_their_axis():
    pair = make_pair()
    # 1 column of 2.5 mm beside the aligned position: "wall" is 3 columns wide, a column of its surface is 2.5 mm away
    assert score_displacement(pair, shift(pair, 2, 1)).hd95_mm["wall"] == pytest.approx(2.5)


def test_an_absent_class_is_left_out_of_the_mean():
    pair = make_pair(fixed_labels=block((12, 9), slice(2, 6), slice(1, 4), 1))
    scores = score_displacement(pair)
    assert math.isnan(scores.dice["pool"])
    assert math.isnan(scores.hd95_mm["pool"])
    assert scores.mean_dice == pytest.approx(0.5)


def test_a_class_that_the_warp_makes_vanish_is_missed_not_absent():
    pair = make_pair()
    lost = score_displacement(pair, shift(pair, 0, 8))  # every voxel shows what lies 8 columns to its right: nothing
    assert lost.dice == {"wall": 0, "pool": 0}
    assert lost.mean_dice == 0
    assert all(map(math.isnan, lost.hd95_mm.values()))  # no surface, no distance


def test_landmarks_are_scored_in_mm_with_or_without_labels():
    # the labels' own motion, 2 rows of 1.5 mm, beside 1 column of 2.5 mm that no label shows
    points = Keypoints(np.array([[3.0, 2.0], [4.5, 5.5]]), np.array([[5.0, 3.0], [6.5, 6.5]]))
    for pair in (make_pair(keypoints=points), make_pair(keypoints=points, moving_labels=None)):
        assert score_displacement(pair).tre_mm == pytest.approx(np.hypot(3, 2.5))
        assert score_displacement(pair, shift(pair, 2, 0)).tre_mm == pytest.approx(2.5)
        assert score_displacement(pair, shift(pair, 2, 1)).to_dict()["tre_mm"] == pytest.approx(0)


@pytest.mark.parametrize("side", ["moving_labels", "fixed_labels"])
def test_without_labels_only_the_deformation_is_scored(side):
    pair = make_pair(**{side: None})
    stretched = shift(pair, 0, 0)
    stretched[..., 1] = 0.5 * np.arange(9)  # det = 1.5 everywhere
    scores = score_displacement(pair, stretched)
    assert list(scores.dice) == ["wall", "pool"]
    assert all(map(math.isnan, [*scores.dice.values(), *scores.hd95_mm.values(), scores.mean_dice, scores.tre_mm]))
    assert scores.neg_jacobian_percent == 0
    assert scores.sd_log_jacobian == pytest.approx(0, abs=1e-6)


def test_folding_and_roughness_are_those_of_the_displacement():
    # Along axis 0, φ is stretched twofold on rows 0 … 5 and steps back one row a row on rows 6 … 11:
    # central differences are 2 on rows 0 … 4, (φ6 − φ4) / 2 = (9 − 8) / 2 = ½ on row 5 and −1 from row 6 on.
    pair = make_pair()
    phi = np.array([0, 2, 4, 6, 8, 10, 9, 8, 7, 6, 5, 4])
    folded = shift(pair, 0, 0)
    folded[..., 0] = (phi - np.arange(12))[:, None]
    scores = score_displacement(pair, folded)
    assert scores.neg_jacobian_percent == pytest.approx(100 * 6 / 12)
    # logs: five log 2 and one −log 2, mean (4/6) log 2, variance (1 − 16/36) log² 2
    assert scores.sd_log_jacobian == pytest.approx(np.sqrt(20 / 36) * np.log(2))


def test_the_written_form_is_strict_json_with_null_where_undefined():
    pair = make_pair(fixed_labels=block((12, 9), slice(2, 6), slice(1, 4), 1))
    table = json.loads(json.dumps(score_displacement(pair).to_dict(), allow_nan=False))
    assert table["dice"] == {"wall": pytest.approx(0.5), "pool": None}
    assert table["tre_mm"] is None
    assert table["mean_dice"] == pytest.approx(0.5)


def test_losing_a_tissue_does_not_improve_the_mean_surface_distance():
    present = {"wall": 0.5, "pool": 0.4}
    kept = Scores(present, {"wall": 3.0, "pool": 5.0}, np.nan, 0.0, 0.1)
    lost = Scores({"wall": 0.5, "pool": 0.0}, {"wall": 3.0, "pool": np.nan}, np.nan, 0.0, 0.1)
    absent = Scores({"wall": 0.5, "pool": np.nan}, {"wall": 3.0, "pool": np.nan}, np.nan, 0.0, 0.1)
    assert kept.mean_hd95_mm == 4.0
    assert np.isnan(lost.mean_hd95_mm)
    assert absent.mean_hd95_mm == 3.0  # never there: left out of the mean

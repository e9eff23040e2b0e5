"""Scores of several registrations as a table."""

from __future__ import annotations

import numpy as np

from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.evaluation.side_by_side import for_reading, score_row, with_parameters
from tests.builders import make_pair, make_registration, shift


def rows_of(pair):
    before = score_row(score_displacement(pair), 0.25)
    after = score_row(score_displacement(pair, shift(pair, 2, 0)), 0.5, 0.012)
    return {"Unregistered": before, "Global": after}


def test_rows_are_read_with_their_difference():
    table = for_reading(rows_of(make_pair()), [("Gain", "Unregistered", "Global")])
    assert list(table.index) == ["Unregistered", "Global", "Gain"]
    assert list(table["Dice wall"]) == ["0.500", "1.000", "+0.500"]
    assert list(table["Local NCC of the image"]) == ["0.250", "0.500", "+0.250"]
    assert list(table["Took"]) == ["–", "12 ms", "–"]
    assert "TRE (mm)" not in table  # no landmarks: undefined everywhere


def test_without_labels_nothing_that_needs_them_is_shown():
    table = for_reading(rows_of(make_pair(moving_labels=None, fixed_labels=None)))
    assert list(table) == ["Local NCC of the image", "Folding (%)", "SDlogJ", "Took"]


def test_the_csv_says_what_each_registration_was_made_with():
    pair = make_pair()
    table = with_parameters(rows_of(pair), {"Global": make_registration(pair, shift(pair, 2, 0))}, pair)
    assert list(table["registration"]) == ["Unregistered", "Global"]
    assert np.isnan(table["mu wall"][0])
    assert table["mu wall"][1] == 0.1
    assert table["checkpoint"][1] == "a/elas-g"

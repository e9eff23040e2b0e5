"""The verdict claims no more than the paired differences show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.evaluation.verdict import told_apart, verdict

NAN = float("nan")
MEANS = pd.Series({"diff-g": 0.84, "elas-g": 0.85, "elas-sas": 0.86})


def differences(*rows: tuple[str, str, float, float, float, float], n: int = 30) -> pd.DataFrame:
    """Rows of a, b, difference, low, high, adjusted p."""
    table = pd.DataFrame(rows, columns=["a", "b", "difference", "low", "high", "p_adjusted"])
    return table.assign(n=n)


NONE = (
    ("elas-g", "diff-g", 0.01, -0.002, 0.022, 0.3),
    ("elas-sas", "diff-g", 0.02, -0.001, 0.041, 0.2),
    ("elas-sas", "elas-g", 0.01, -0.003, 0.023, 0.3),
)


def test_within_the_intervals_nobody_wins():
    said = verdict(MEANS, differences(*NONE))
    assert said.startswith(
        "No model is told apart from another by mean Dice: every difference is within chance, adjusted for 3 tests."
    )
    assert "elas-sas − diff-g, is +0.0200; 95 % interval -0.0010 to +0.0410, over 30 subjects." in said
    assert "highest" not in said


def test_the_highest_mean_is_named_with_whom_it_beats_and_whom_not():
    said = verdict(MEANS, differences(NONE[0], ("elas-sas", "diff-g", 0.02, 0.01, 0.03, 0.001), NONE[2]))
    assert said.startswith("elas-sas has the highest mean Dice, 0.860.")
    assert "It is told apart from diff-g (+0.0200; 95 % interval +0.0100 to +0.0300)." in said
    assert (
        "Its difference to elas-g (+0.0100; 95 % interval -0.0030 to +0.0230) is within chance, adjusted for 3 tests."
        in said
    )
    assert "others" not in said


def test_a_difference_is_told_from_the_side_of_the_best():
    # elas-g − elas-sas = −0.02 is elas-sas − elas-g = +0.02, its interval turned round
    said = verdict(MEANS[["elas-g", "elas-sas"]], differences(("elas-g", "elas-sas", -0.02, -0.03, -0.01, 0.001)))
    assert "told apart from elas-g (+0.0200; 95 % interval +0.0100 to +0.0300)" in said


def test_the_highest_mean_may_be_behind_on_the_subjects_that_both_have():
    said = verdict(MEANS, differences(NONE[0], NONE[1], ("elas-sas", "elas-g", -0.02, -0.03, -0.01, 0.001)))
    assert "told apart" not in said
    assert "On the subjects that both have, it is behind elas-g (-0.0200; 95 % interval -0.0300 to -0.0100)." in said


def test_differences_between_the_others_are_counted():
    clear = ("elas-g", "diff-g", 0.01, 0.005, 0.015, 0.01)
    said = verdict(MEANS, differences(clear, *NONE[1:]))
    assert "Of the differences between the others, 1 is more than chance." in said


def test_more_than_chance_needs_both_the_interval_and_the_test():
    table = differences(
        ("b", "a", 0.1, 0.05, 0.15, 0.01),
        ("b", "a", 0.1, 0.05, 0.15, 0.06),
        ("b", "a", 0.1, -0.05, 0.15, 0.01),
        ("b", "a", -0.1, -0.15, -0.05, 0.01),
        ("b", "a", 0.1, NAN, NAN, NAN),
    )
    assert told_apart(table).tolist() == [True, False, False, True, False]


def test_few_subjects_are_said_to_be_too_few():
    assert "With fewer than 6 subjects none could be told apart." in verdict(MEANS, differences(*NONE, n=5))
    assert "fewer" not in verdict(MEANS, differences(*NONE, n=6))


@pytest.mark.parametrize(
    ("means", "tests", "said"),
    [
        (MEANS[:1], pd.DataFrame(), "There is nothing to compare: one model alone."),
        (MEANS * np.nan, differences(*NONE), "No model has a Dice to compare."),
        (MEANS, differences(("elas-g", "diff-g", 0.1, NAN, NAN, NAN), n=1), "One subject says nothing about the next"),
    ],
)
def test_where_nothing_can_be_said_that_is_said(means, tests, said):
    assert verdict(means, tests).startswith(said)

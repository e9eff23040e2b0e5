"""Figures of estimated against true stiffness: every number at its place."""

from __future__ import annotations

import pandas as pd
import pytest

from elasreg_core.figures import correlation_figure, correlation_map

FOUND = pd.DataFrame(
    [
        ("uniform", "best Dice", "lambda", "wall", 0.4, 0.1, 0.6, 30),
        ("uniform", "best Dice", "mu", "wall", -0.1, -0.4, 0.2, 30),
        ("uniform", "best NCC", "lambda", "wall", float("nan"), float("nan"), float("nan"), 30),
        ("uniform", "best NCC", "mu", "wall", -0.5, -0.7, -0.2, 30),
        ("simplex", "best Dice", "lambda", "wall", 0.2, -0.1, 0.5, 30),
        ("simplex", "best Dice", "mu", "wall", 0.3, -0.1, 0.5, 30),
        ("simplex", "best NCC", "lambda", "wall", 0.1, -0.1, 0.5, 30),
        ("simplex", "best NCC", "mu", "wall", 0.6, 0.2, 0.8, 30),
    ],
    columns=["training", "setting", "parameter", "tissue", "rho", "low", "high", "subjects"],
)


def test_the_map_has_every_number_once_and_prints_those_that_exclude_zero_bold():
    of_lambda, of_mu = correlation_map(FOUND).data
    assert list(of_lambda.y) == ["uniform", "simplex"]
    assert list(of_lambda.x) == ["best Dice", "best NCC"]
    assert of_lambda.z.tolist() == [[0.4, pytest.approx(float("nan"), nan_ok=True)], [0.2, 0.1]]
    assert of_lambda.text.tolist() == [["<b>0.40</b>", ""], ["0.20", "0.10"]]
    assert of_mu.text.tolist() == [["-0.10", "<b>-0.50</b>"], ["0.30", "<b>0.60</b>"]]


def test_the_figure_of_one_training_has_a_mark_per_setting_and_its_interval():
    of_lambda, of_mu = correlation_figure(FOUND[FOUND["training"] == "simplex"]).data
    assert list(of_lambda.x) == [0.2, 0.1]
    assert list(of_mu.error_x.array) == pytest.approx([0.2, 0.2])
    assert list(of_mu.error_x.arrayminus) == pytest.approx([0.4, 0.4])
    assert of_lambda.y[0] < of_lambda.y[1]  # best NCC below best Dice: the axis is reversed

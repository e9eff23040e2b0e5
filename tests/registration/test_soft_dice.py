"""Soft Dice through the network: its value by hand, its gradient by finite differences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.identification.refinement import refine
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.physics.fields import warp_image
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.registration.registrar import Registrar

FIELDS = {
    "elas-sas": ParameterField(((0.0, 0.3), (0.2, 0.4), (0.9, 0.5))),
    "diff-sas": ParameterField(((0.1,), (0.4,), (0.7,))),
}


@pytest.fixture(scope="module")
def registrars(small_family):
    return {name: Registrar(checkpoint) for name, checkpoint in load_family(small_family).members.items()}


def by_hand(registrar, pair, field, labels=(1, 2)) -> float:
    displacement = registrar.displacement(pair, field)
    dice = []
    for label in labels:
        warped = warp_image((pair.moving_labels == label).astype("f4"), displacement)
        fixed = pair.fixed_labels == label
        dice.append(2 * (warped * fixed).sum() / (warped.sum() + fixed.sum()))
    return float(np.mean(dice))


@pytest.mark.parametrize("model", FIELDS)
def test_the_value_is_the_mean_over_the_tissues(registrars, small_pair, model):
    value, gradient = registrars[model].soft_dice(small_pair)(FIELDS[model].adaptive_vector())
    assert value == pytest.approx(by_hand(registrars[model], small_pair, FIELDS[model]), abs=1e-4)
    assert gradient.shape == FIELDS[model].adaptive_vector().shape


@pytest.mark.parametrize("model", FIELDS)
def test_the_gradient_is_that_of_finite_differences(registrars, small_pair, model):
    soft_dice = registrars[model].soft_dice(small_pair)
    vector = FIELDS[model].adaptive_vector()
    _, gradient = soft_dice(vector)
    step = 2e-4  # small: the network is piecewise smooth
    for i in range(len(vector)):
        there = np.zeros_like(vector)
        there[i] = step
        numeric = (soft_dice(vector + there)[0] - soft_dice(vector - there)[0]) / (2 * step)
        assert gradient[i] == pytest.approx(numeric, abs=0.03 * float(np.abs(gradient).max()) + 5e-4)
    assert np.abs(gradient).max() > 1e-3


def test_an_absent_class_has_no_say(registrars, small_pair):
    without = small_pair.moving_labels.copy()
    without[without == 2] = 0
    pair = dataclasses.replace(small_pair, moving_labels=without)
    value, _ = registrars["elas-sas"].soft_dice(pair)(FIELDS["elas-sas"].adaptive_vector())
    assert value == pytest.approx(by_hand(registrars["elas-sas"], pair, FIELDS["elas-sas"], labels=(1,)), abs=1e-4)
    with pytest.raises(InputError, match="share no class"):
        registrars["elas-sas"].soft_dice(dataclasses.replace(pair, moving_labels=without * 0))
    with pytest.raises(InputError, match="no moving labels"):
        registrars["elas-sas"].soft_dice(dataclasses.replace(pair, moving_labels=None))


def test_a_refinement_gains_by_its_own_measure(small_family, small_pair):
    registrar = LazyRegistrar(load_family(small_family).member("elas-sas"))
    found = refine(registrar.soft_dice(small_pair), FIELDS["elas-sas"])
    assert found.after > found.before
    value, _ = registrar.soft_dice(small_pair)(found.parameters.adaptive_vector())
    assert value == pytest.approx(found.after, abs=1e-5)
    assert found.parameters.nodes[0] == (0.0, pytest.approx(0.3))

"""One parameter moved while the others stay."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.one_parameter import VALUES, along, fields_along
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.measured import measure_displacement
from tests.builders import make_pair, shift

START = ParameterField(((0.0, 0.0), (0.1, 0.2), (0.3, 0.4)))


def test_one_tissues_parameter_moves_alone():
    low, high = fields_along(START, "mu", 2, [0.0, 1.0])
    assert low.nodes == ((0.0, 0.0), (0.1, 0.2), (0.3, 0.0))
    assert high.nodes == ((0.0, 0.0), (0.1, 0.2), (0.3, 1.0))


def test_the_images_parameter_moves_everywhere_and_stays_uniform():
    fields = fields_along(ParameterField.uniform((0.1, 0.2), 3), "lambda", None)
    assert [field.nodes[0][0] for field in fields] == list(VALUES)
    assert all(field.is_uniform and field.nodes[0][1] == 0.2 for field in fields)


def test_diffusion_has_one_to_move():
    assert fields_along(ParameterField.uniform((0.1,), 2), "lambda", None, [0.7])[0].nodes == ((0.7,),) * 2
    with pytest.raises(ValueError, match="not in tuple"):
        fields_along(ParameterField.uniform((0.1,), 2), "mu", None)


def test_every_value_is_registered_warped_and_scored():
    pair = make_pair()

    def measure(of, fields):  # the larger μ, the less it moves; 2 rows align the labels
        for field in fields:
            yield measure_displacement(of, shift(of, 2 * (1 - field.nodes[0][1]), 0))

    fields = fields_along(ParameterField.uniform((0.0, 0.0), 3), "mu", None, [0.0, 1.0])
    aligned, unmoved = along(measure, pair, fields, [0.0, 1.0])
    assert aligned.dice == (1.0, 1.0)
    # the walls of 4 rows are 2 rows apart: half of each overlaps, Dice 2·(2·3)/(12 + 12) = 0.5
    assert unmoved.dice[0] == pytest.approx(0.5)
    assert np.array_equal(unmoved.warped, pair.moving)
    assert np.array_equal(aligned.warped_labels[:10], pair.moving_labels[2:])
    assert unmoved.ncc != aligned.ncc


def test_a_pair_without_labels_is_registered_all_the_same():
    pair = make_pair(moving_labels=None, fixed_labels=None)
    measure = lambda of, fields: (measure_displacement(of, shift(of, 1, 0)) for _ in fields)  # noqa: E731
    (step,) = along(measure, pair, fields_along(ParameterField.uniform((0.0, 0.0), 3), "mu", None, [0.5]), [0.5])
    assert step.warped_labels is None
    assert np.isnan(step.dice).all()
    assert 0 <= step.ncc <= 1

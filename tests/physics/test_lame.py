"""Lamé fields: class order, what the networks are fed, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.physics.lame import LameField

TISSUES = ("RV", "LV-Myo", "LV-BP")


def test_tissues_come_in_label_order_behind_the_background():
    parameters = {"LV-BP": (0.5, 0.6), "RV": (0.1, 0.2), "LV-Myo": (0.3, 0.4)}
    field = LameField.from_tissues(parameters, TISSUES, background=(0.0, 0.9))
    assert field.lam == (0.0, 0.1, 0.3, 0.5)
    assert field.mu == (0.9, 0.2, 0.4, 0.6)


def test_a_given_background_wins():
    parameters = {"RV": (0.1, 0.2), "LV-Myo": (0.3, 0.4), "LV-BP": (0.5, 0.6), "background": (0.7, 0.8)}
    field = LameField.from_tissues(parameters, TISSUES, background=(0.0, 0.0))
    assert (field.lam[0], field.mu[0]) == (0.7, 0.8)


def test_the_adaptive_vector_is_every_lambda_then_every_mu():
    vector = LameField((0.0, 0.25, 0.5), (1.0, 0.75, 0.125)).adaptive_vector()
    assert vector.tolist() == [0.0, 0.25, 0.5, 1.0, 0.75, 0.125]
    assert vector.dtype == np.float32


def test_the_global_vector_is_lambda_and_mu():
    field = LameField.uniform(0.25, 0.75, 4)
    assert field.global_vector().tolist() == [0.25, 0.75]
    assert len(field.adaptive_vector()) == 8


@pytest.mark.parametrize("field", [LameField((0.1, 0.2), (0.3, 0.3)), LameField((0.1, 0.1), (0.3, 0.4))])
def test_a_global_network_refuses_tissue_wise_parameters(field):
    assert not field.is_uniform
    with pytest.raises(InputError, match=r"one \(λ, μ\) for the whole image.*Received: λ = .*Cure: .*elas-sas"):
        field.global_vector()


@pytest.mark.parametrize(
    ("parameters", "received"),
    [
        ({"RV": (0.1, 0.1), "LV-Myo": (0.1, 0.1)}, "Received: RV, LV-Myo"),
        ({"RV": (0.1, 0.1), "LV-Myo": (0.1, 0.1), "LV-BP": (0.1, 0.1), "lung": (0.1, 0.1)}, "LV-BP, lung"),
        ({}, "Received: none"),
    ],
)
def test_tissues_must_be_those_of_the_checkpoint(parameters, received):
    with pytest.raises(InputError, match=f"Expected: RV, LV-Myo, LV-BP.*{received}"):
        LameField.from_tissues(parameters, TISSUES, (0.0, 0.0))


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_parameters_stay_in_the_trained_range(value):
    with pytest.raises(InputError, match=rf"Expected: λ and μ in \[0, 1\]. Received: {value:g}"):
        LameField((0.0, 0.5), (value, 0.5))


def test_one_lambda_and_one_mu_for_every_class():
    with pytest.raises(InputError, match="one λ and one μ for every class. Received: 2 λ and 1 μ"):
        LameField((0.0, 0.5), (0.5,))


def test_the_written_form_reads_back():
    field = LameField((0.0, 0.1, 0.2, 0.3), (0.9, 0.8, 0.7, 0.6))
    table = field.by_tissue(TISSUES)
    assert table["LV-Myo"] == {"lambda": 0.2, "mu": 0.7}
    read = {name: (value["lambda"], value["mu"]) for name, value in table.items()}
    assert LameField.from_tissues(read, TISSUES, (0.5, 0.5)) == field

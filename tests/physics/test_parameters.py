"""Parameter fields: class order, what the networks are fed, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.physics.parameters import DIFFUSION, ELASTIC, ParameterField, regularizer_of

TISSUES = ("RV", "LV-Myo", "LV-BP")


def test_tissues_come_in_label_order_behind_the_background():
    parameters = {"LV-BP": (0.5, 0.6), "RV": (0.1, 0.2), "LV-Myo": (0.3, 0.4)}
    field = ParameterField.from_tissues(parameters, TISSUES, background=(0.0, 0.9))
    assert field.nodes == ((0.0, 0.9), (0.1, 0.2), (0.3, 0.4), (0.5, 0.6))


def test_a_given_background_wins():
    parameters = {"RV": (0.1, 0.2), "LV-Myo": (0.3, 0.4), "LV-BP": (0.5, 0.6), "background": (0.7, 0.8)}
    field = ParameterField.from_tissues(parameters, TISSUES, background=(0.0, 0.0))
    assert field.nodes[0] == (0.7, 0.8)


def test_the_adaptive_vector_is_every_lambda_then_every_mu():
    vector = ParameterField(((0.0, 1.0), (0.25, 0.75), (0.5, 0.125))).adaptive_vector()
    assert vector.tolist() == [0.0, 0.25, 0.5, 1.0, 0.75, 0.125]
    assert vector.dtype == np.float32


def test_the_global_vector_is_lambda_and_mu():
    field = ParameterField.uniform((0.25, 0.75), 4)
    assert field.global_vector().tolist() == [0.25, 0.75]
    assert len(field.adaptive_vector()) == 8


def test_diffusion_has_one_lambda_for_every_class():
    field = ParameterField.from_tissues({"RV": (0.5,), "LV-Myo": (0.25,), "LV-BP": (1,)}, TISSUES, background=(0,))
    assert field.nodes == ((0.0,), (0.5,), (0.25,), (1.0,))
    assert field.adaptive_vector().tolist() == [0.0, 0.5, 0.25, 1.0]
    uniform = ParameterField.uniform((0.25,), 4)
    assert (uniform.is_uniform, uniform.global_vector().tolist()) == (True, [0.25])
    assert len(uniform.adaptive_vector()) == 4


@pytest.mark.parametrize(("node", "regularizer"), [((0.3, 0.1), ELASTIC), ((0.3,), DIFFUSION)])
def test_a_field_knows_whose_parameters_it_holds(node, regularizer):
    assert ParameterField.uniform(node, 3).regularizer == regularizer_of(node) == regularizer


@pytest.mark.parametrize(
    ("regularizer", "node", "text"),
    [
        (ELASTIC, (0.3, 0.1), "λ = 0.3, μ = 0.1"),
        (ELASTIC, (1.0, 0.0), "λ = 1, μ = 0"),
        (DIFFUSION, (0.125,), "λ = 0.125"),
    ],
)
def test_a_node_is_shown_with_its_symbols(regularizer, node, text):
    assert regularizer.shown(node) == text


def test_a_node_of_the_other_regularizer_is_not_shown():
    with pytest.raises(ValueError, match="shorter"):
        ELASTIC.shown((0.3,))


@pytest.mark.parametrize(
    "field",
    [
        ParameterField(((0.1, 0.3), (0.2, 0.3))),
        ParameterField(((0.1, 0.3), (0.1, 0.4))),
        ParameterField(((0.1,), (0.2,))),
    ],
)
def test_a_global_network_refuses_tissue_wise_parameters(field):
    assert not field.is_uniform
    with pytest.raises(InputError, match=r"one setting .* for the whole image.*Received: \(\(0\.1,.*Cure: .*elas-sas"):
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
        ParameterField.from_tissues(parameters, TISSUES, (0.0, 0.0))


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_parameters_stay_in_the_trained_range(value):
    with pytest.raises(InputError, match=rf"Expected: λ and μ in \[0, 1\]. Received: {value:g}"):
        ParameterField(((0.0, value), (0.5, 0.5)))
    with pytest.raises(InputError, match=rf"Expected: λ in \[0, 1\]. Received: {value:g}"):
        ParameterField(((0.0,), (value,)))


@pytest.mark.parametrize("nodes", [((0.0, 0.5), (0.5,)), ((0.5,), (0.0, 0.5)), ((0.1, 0.2, 0.3),) * 2, ((), ()), ()])
def test_every_class_has_the_parameters_of_one_regularizer(nodes):
    with pytest.raises(InputError, match=r"not those of one regularizer. Expected: one λ and one μ for every class"):
        ParameterField(nodes)


def test_a_background_of_the_other_regularizer_is_refused():
    with pytest.raises(InputError, match="not those of one regularizer"):
        ParameterField.from_tissues({"RV": (0.5,), "LV-Myo": (0.25,), "LV-BP": (1.0,)}, TISSUES, background=(0.0, 0.0))


@pytest.mark.parametrize(
    "field",
    [
        ParameterField(((0.0, 0.875), (0.125, 0.75), (0.25, 0.625), (0.375, 0.5))),
        ParameterField(((0.0,), (0.125,), (0.25,), (0.375,))),
    ],
)
def test_the_adaptive_vector_reads_back(field):
    # all values are sums of powers of two, so that 32 bits hold them exactly
    assert ParameterField.from_adaptive_vector(field.adaptive_vector(), field.regularizer) == field


def test_the_same_vector_is_other_parameters_under_the_other_regularizer():
    vector = [0.0, 0.1, 0.5, 0.6]
    assert ParameterField.from_adaptive_vector(vector, ELASTIC).nodes == ((0.0, 0.5), (0.1, 0.6))
    assert ParameterField.from_adaptive_vector(vector, DIFFUSION).nodes == ((0.0,), (0.1,), (0.5,), (0.6,))


def test_the_written_form_reads_back():
    field = ParameterField(((0.0, 0.9), (0.1, 0.8), (0.2, 0.7), (0.3, 0.6)))
    table = field.by_tissue(TISSUES)
    assert table["LV-Myo"] == {"lambda": 0.2, "mu": 0.7}
    read = {name: (value["lambda"], value["mu"]) for name, value in table.items()}
    assert ParameterField.from_tissues(read, TISSUES, (0.5, 0.5)) == field
    smooth = ParameterField(((0.0,), (0.1,), (0.2,), (0.3,)))
    assert smooth.by_tissue(TISSUES) == {
        "background": {"lambda": 0.0},
        "RV": {"lambda": 0.1},
        "LV-Myo": {"lambda": 0.2},
        "LV-BP": {"lambda": 0.3},
    }

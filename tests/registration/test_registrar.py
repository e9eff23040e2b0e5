"""A registrar: the convention end to end, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_family, save_checkpoint
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registrar import Registrar

SOFT = ParameterField.uniform((0.1, 0.2), 3)
MIXED = ParameterField(((0.0, 0.0), (0.1, 0.4), (0.9, 0.2)))
SMOOTH = ParameterField.uniform((0.1,), 3)
SMOOTH_MIXED = ParameterField(((0.0,), (0.1,), (0.9,)))


@pytest.fixture(scope="module")
def registrars(small_family):
    return {name: Registrar(checkpoint) for name, checkpoint in load_family(small_family).members.items()}


@pytest.mark.parametrize(
    ("model", "parameters"),
    [("elas-g", SOFT), ("elas-sas", MIXED), ("diff-g", SMOOTH), ("diff-sas", SMOOTH_MIXED)],
)
def test_a_registration_is_its_displacement_applied_by_the_convention(registrars, small_pair, model, parameters):
    before = small_pair.moving.copy()
    registration = registrars[model].register(small_pair, parameters)
    u = registration.displacement
    assert u.shape == (16, 20, 2)
    assert np.abs(u).max() > 0.3
    np.testing.assert_array_equal(registration.warped, warp_image(small_pair.moving, u))
    np.testing.assert_array_equal(registration.warped_labels, warp_labels(small_pair.moving_labels, u))
    np.testing.assert_array_equal(small_pair.moving, before)
    assert (registration.pair_id, registration.checkpoint) == ("small", f"small/{model}")


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("elas-g", [ParameterField.uniform((value, value), 3) for value in (0.0, 1.0)]),
        ("elas-sas", [MIXED, ParameterField(((0.0, 0.0), (0.9, 0.2), (0.1, 0.4)))]),
        ("diff-g", [ParameterField.uniform((value,), 3) for value in (0.0, 1.0)]),
        ("diff-sas", [SMOOTH_MIXED, ParameterField(((0.0,), (0.9,), (0.1,)))]),
    ],
)
def test_parameters_matter_and_each_tissue_has_its_own(registrars, small_pair, model, parameters):
    one, other = (registrars[model].displacement(small_pair, field) for field in parameters)
    assert np.abs(one - other).max() > 1e-2


@pytest.mark.parametrize("model", ["elas-g", "elas-sas"])
def test_a_field_that_is_not_finite_is_flagged_where_it_arises(small_family, small_pair, tmp_path, model):
    """Weights that are finite, each of them, and overflow together."""
    checkpoint = load_family(small_family).member(model)
    huge = {name: np.sign(array) * 6e4 for name, array in checkpoint.read_weights().items()}
    card = dataclasses.asdict(checkpoint.card)
    kept = {name: value for name, value in card.items() if name not in ("format", "weights", "weights_sha256")}
    registrar = Registrar(save_checkpoint(tmp_path / "huge" / model, huge, kept))
    told = (
        r"The displacement of small is not finite. Expected: vectors of at most 1e\+06 voxels. Received: .* Cure: Take"
    )
    for attempt in (
        lambda: registrar.register(small_pair, SOFT),
        lambda: list(registrar.measured(small_pair, [SOFT])),
        lambda: registrar.optimized(small_pair, SOFT, 2),
    ):
        with pytest.raises(InputError, match=told):
            attempt()


@pytest.mark.parametrize(("model", "parameters"), [("elas-g", MIXED), ("diff-g", SMOOTH_MIXED)])
def test_a_global_network_refuses_tissue_wise_parameters(registrars, small_pair, model, parameters):
    with pytest.raises(InputError, match=r"A global network takes one setting of the parameters.*elas-sas"):
        registrars[model].register(small_pair, parameters)


@pytest.mark.parametrize(
    ("model", "parameters", "words"),
    [
        ("elas-g", SMOOTH, r"Expected: λ and μ \(elastic\). Received: λ \(diffusion\)"),
        ("elas-sas", SMOOTH_MIXED, r"Expected: λ and μ \(elastic\). Received: λ \(diffusion\)"),
        ("diff-g", SOFT, r"Expected: λ \(diffusion\). Received: λ and μ \(elastic\)"),
        ("diff-sas", MIXED, r"Expected: λ \(diffusion\). Received: λ and μ \(elastic\)"),
    ],
)
def test_parameters_of_another_regularizer_are_refused(registrars, small_pair, model, parameters, words):
    for attempt in (registrars[model].register, lambda pair, of: registrars[model].measured(pair, [of])):
        with pytest.raises(InputError, match=f"small/{model} takes the parameters of another regularizer. {words}"):
            attempt(small_pair, parameters)


def cut_to(pair, rows, columns):
    """The pair's upper left corner, on a grid of its own."""
    names = ("moving", "fixed", "moving_labels", "fixed_labels")
    return dataclasses.replace(pair, **{name: getattr(pair, name)[:rows, :columns] for name in names})


def test_a_pair_of_another_grid_is_registered_as_by_a_network_for_that_grid(registrars, small_pair, small_family):
    pair = cut_to(small_pair, 12, 18)
    registration = registrars["elas-sas"].register(pair, MIXED)
    checkpoint = load_family(small_family).member("elas-sas")
    network = HyperRegistrationNetwork(checkpoint.card.network, (12, 18), 6)
    network.set_weights(checkpoint.read_weights())
    images = (image[np.newaxis, ..., np.newaxis] for image in (pair.moving, pair.fixed))
    expected = network.displacement(*images, MIXED.adaptive_vector()[np.newaxis])
    np.testing.assert_allclose(registration.displacement, expected[0], atol=1e-5)
    assert registration.warped.shape == (12, 18)
    # and the checkpoint's own grid is served as before
    assert registrars["elas-sas"].displacement(small_pair, MIXED).shape == (16, 20, 2)


def test_sixteen_bits_hold_the_weights_well_enough(small_family, small_pair):
    checkpoint = load_family(small_family).member("elas-g")
    network = HyperRegistrationNetwork(checkpoint.card.network, (16, 20), 2)
    rng = np.random.default_rng(3)
    weights = {name: rng.normal(0, 0.25, array.shape).astype("f4") for name, array in network.weights().items()}

    def displacement(of):
        network.set_weights(of)
        images = (image[np.newaxis, ..., np.newaxis] for image in (small_pair.moving, small_pair.fixed))
        return network.displacement(*images, np.float32([[0.1, 0.2]])).numpy()

    full, half = displacement(weights), displacement({k: w.astype("f2").astype("f4") for k, w in weights.items()})
    assert np.abs(full).max() > 0.3
    assert 0 < np.abs(full - half).max() < 0.01


def test_a_pair_of_another_voxel_size_is_refused(registrars, small_pair):
    with pytest.raises(InputError, match=r"another voxel size.*Expected: about 2 mm"):
        registrars["elas-g"].register(dataclasses.replace(small_pair, spacing_mm=(2.0, 3.4)), SOFT)
    registrars["elas-g"].register(dataclasses.replace(small_pair, spacing_mm=(1.8, 2.5)), SOFT)


def test_a_pair_without_moving_labels_registers_all_the_same(registrars, small_pair):
    registration = registrars["elas-g"].register(dataclasses.replace(small_pair, moving_labels=None), SOFT)
    assert registration.warped_labels is None
    assert registration.warped.shape == (16, 20)

"""A warm start: a network begins as the one it starts from, and its training is as reproducible as any."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.checkpoint import Checkpoint, load_family
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.networks.weights import by_name
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.loop import train_model
from elasreg_core.training.plan import Plan
from elasreg_core.training.state import fingerprint
from elasreg_core.training.trainer import Trainer
from elasreg_core.training.warm_start import LINE

NETWORK = Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5)
CONFIG = RunConfig(
    models=("elas-g", "elas-sas"),
    data=DataConfig("acdc", "nowhere"),
    training=TrainingConfig(
        steps=6, batch_size=2, learning_rate=1e-3, schedule="cosine", save_every=2, seed=3, warm_start_steps=4
    ),
    preprocessing=Preprocessing(grid_shape=(16, 20), spacing_mm=2.0),
    network=NETWORK,
)


def with_training(**changes) -> RunConfig:
    return dataclasses.replace(CONFIG, training=dataclasses.replace(CONFIG.training, **changes))


@pytest.fixture(scope="module")
def pairs() -> TrainingSet:
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, 4, 16, 20)).astype("f4")
    return TrainingSet(moving, fixed, rng.integers(0, 3, (4, 16, 20)).astype("u1"), ("a", "b"))


@pytest.fixture(scope="module")
def start(small_family) -> Checkpoint:
    return load_family(small_family).member("elas-g")


@pytest.fixture(scope="module")
def warm(start) -> Trainer:
    """An adaptive network that took up the global one's weights."""
    trainer = Trainer(CONFIG, "elas-sas", 3)
    trainer.warm_start(start)
    return trainer


def of_network(network):
    """Its displacement of one pair, as a function of the parameters."""
    images = tf.constant(np.random.default_rng(1).random((2, 1, 16, 20, 1)), tf.float32)
    return lambda parameters: network.displacement(*images, tf.constant([parameters], tf.float32)).numpy()


def of_checkpoint(checkpoint):
    network = HyperRegistrationNetwork(NETWORK, (16, 20), checkpoint.model.n_parameters(3))
    network.set_weights(checkpoint.read_weights())
    return of_network(network)


@pytest.fixture(scope="module")
def displacements(start, warm):
    """Of the global and of the adaptive network, as functions of the parameters."""
    return of_checkpoint(start), of_network(warm.network)


@pytest.mark.parametrize(("lam", "mu"), [(0.0, 0.0), (0.2, 0.9), (1.0, 0.3)])
def test_where_all_classes_are_alike_it_begins_as_the_global_network(displacements, lam, mu):
    of_global, of_adaptive = displacements
    expected = of_global([lam, mu])
    np.testing.assert_allclose(of_adaptive([lam] * 3 + [mu] * 3), expected, atol=1e-5)
    assert np.abs(expected).max() > 0.3
    assert np.abs(of_adaptive([mu] * 3 + [lam] * 3) - expected).max() > 1e-3 or lam == mu


def test_where_they_differ_it_begins_between_them(displacements):
    # the first layer takes a third of each class's row: λ = (.1 + .4 + .7) / 3 = .4 and μ = (0 + 0 + .6) / 3 = .2
    of_global, of_adaptive = displacements
    np.testing.assert_allclose(of_adaptive([0.1, 0.4, 0.7, 0.0, 0.0, 0.6]), of_global([0.4, 0.2]), atol=1e-5)


@pytest.mark.parametrize("first", ["diff-g", "elas-g"])
@pytest.mark.parametrize("model", ["diff-g", "diff-sas"])
def test_a_diffusion_network_begins_as_the_one_it_starts_from(small_family, first, model):
    trainer = Trainer(CONFIG, model, 3)
    checkpoint = load_family(small_family).member(first)
    trainer.warm_start(checkpoint)
    begun, found = of_checkpoint(checkpoint), of_network(trainer.network)
    n_classes = 3 if model == "diff-sas" else 1
    for lam in (0.0, 0.3, 1.0):
        expected = begun([lam] * len(checkpoint.model.regularizer.parameters))  # an elastic one with μ = λ
        np.testing.assert_allclose(found([lam] * n_classes), expected, atol=1e-5)
        assert np.abs(expected).max() > 0.3
    if model == "diff-sas":  # a third of each class's row: λ = (.1 + .4 + .7) / 3 = .4
        expected = begun([0.4] * len(checkpoint.model.regularizer.parameters))
        np.testing.assert_allclose(found([0.1, 0.4, 0.7]), expected, atol=1e-5)


@pytest.mark.parametrize("model", ["elas-g", "elas-sas"])
def test_an_elastic_network_does_not_start_from_a_diffusion_one(small_family, model):
    with pytest.raises(
        InputError, match=f"{model} cannot start from this network. Expected: the weights of elas-g. Received"
    ):
        Trainer(CONFIG, model, 3).warm_start(load_family(small_family).member("diff-g"))


def test_without_a_start_a_warm_start_names_the_network_that_is_missing(pairs, tmp_path):
    for model, needed in (("elas-sas", "elas-g"), ("diff-sas", "diff-g")):
        sentence = f"{model} should start from the weights of {needed}.*Cure: Train {needed} first"
        with pytest.raises(InputError, match=sentence):
            train_model(CONFIG, model, pairs, tmp_path / model)


def test_it_takes_its_own_number_of_steps_at_half_the_learning_rate(warm, monkeypatch):
    assert (warm.is_warm, warm.steps) == (True, 4)
    # cosine: 1e-3 · (1 + cos(π k / n)) / 2, of which the warm one has half
    assert [warm.learning_rate(k) for k in (0, 2, 4)] == pytest.approx([5e-4, 2.5e-4, 0], abs=1e-12)
    monkeypatch.setattr(warm, "settings", with_training(schedule="constant").training)
    assert warm.learning_rate(3) == 5e-4
    cold = Plan(with_training(warm_start_steps=None), "elas-sas", 3)
    assert (cold.is_warm, cold.steps) == (False, 6)


def test_the_global_network_is_trained_in_full():
    trainer = Trainer(CONFIG, "elas-g", 3)
    assert (trainer.is_warm, trainer.steps) == (False, 6)
    assert [trainer.learning_rate(k) for k in (0, 3, 6)] == pytest.approx([1e-3, 5e-4, 0], abs=1e-12)


def test_the_true_motion_fades_out_of_the_global_networks_loss_and_never_enters_the_warm_ones(warm, monkeypatch):
    settings = with_training(supervision_steps=4).training
    trainer = Trainer.__new__(Trainer)  # these two are all that is asked
    trainer.settings, trainer.is_warm = settings, False
    assert [trainer.supervision(step) for step in (0, 1, 3, 4, 5)] == [1, 0.75, 0.25, 0, 0]
    trainer.settings = with_training().training
    assert trainer.supervision(0) == 0
    monkeypatch.setattr(warm, "settings", settings)
    assert warm.supervision(0) == 0


def test_a_global_network_may_go_on_from_one_trained_elsewhere(pairs, start, tmp_path):
    config = dataclasses.replace(with_training(steps=1, learning_rate=1e-9), start="small")
    found = train_model(config, "elas-g", pairs, tmp_path / "out", start=start)
    for name, array in start.read_weights().items():
        np.testing.assert_allclose(found.read_weights()[name], array, atol=1e-6)
    assert found.card.training["start"] == {"name": "small/elas-g", "weights_sha256": start.card.weights_sha256}
    assert f"| start | from the weights of small/elas-g (sha256 {start.card.weights_sha256[:12]}…) |" in (
        found.folder / "MODEL_CARD.md"
    ).read_text(encoding="utf-8")


def test_a_global_diffusion_network_may_go_on_from_an_elastic_one(pairs, start, tmp_path):
    config = dataclasses.replace(with_training(steps=1, learning_rate=1e-9), start="small")
    found = train_model(config, "diff-g", pairs, tmp_path / "out", start=start)
    begun, ended = start.read_weights(), found.read_weights()
    (first,) = (name for name in begun if begun[name].shape != ended[name].shape)
    np.testing.assert_allclose(ended[first], begun[first].sum(axis=0, keepdims=True), atol=1e-3)  # rounded to 16 bits
    for name in begun.keys() - {first}:
        np.testing.assert_allclose(ended[name], begun[name], atol=1e-6)
    assert found.card.training["start"] == {"name": "small/elas-g", "weights_sha256": start.card.weights_sha256}


def test_another_warm_start_or_window_is_another_run(pairs):
    configs = [
        CONFIG,
        with_training(warm_start_steps=None),
        with_training(warm_start_steps=5),
        with_training(augment=True),
        with_training(augment=True, window=(8, 12)),
        with_training(hyper_learning_rate=1e-4),
        with_training(supervision_steps=3),
        with_training(label_weight=1.0),
        with_training(sampling="log_uniform"),
        with_training(regularized="velocity"),
        dataclasses.replace(CONFIG, start="small"),
    ]
    assert len({fingerprint(config, "elas-sas", pairs) for config in configs}) == len(configs)
    assert fingerprint(CONFIG, "diff-sas", pairs) != fingerprint(CONFIG, "elas-sas", pairs)


class KilledError(Exception):
    """Stands for kill -9: nothing after it runs."""


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(pairs, tmp_path, start):
    straight = train_model(CONFIG, "elas-sas", pairs, tmp_path / "straight", start=start)
    assert straight.card.training["steps"] == 4

    def die(progress):
        assert progress.steps == 4
        if progress.step == 3:  # after the state of step 2 was saved
            raise KilledError

    with pytest.raises(KilledError):
        train_model(CONFIG, "elas-sas", pairs, tmp_path / "killed", on_step=die, start=start)
    resumed = train_model(CONFIG, "elas-sas", pairs, tmp_path / "killed", resume=True, start=start)
    assert resumed.card.weights_sha256 == straight.card.weights_sha256
    columns = ["step", "loss", "similarity", "energy", "learning_rate"]
    one, other = (pd.read_csv(tmp_path / name / "history.csv")[columns] for name in ("straight", "killed"))
    pd.testing.assert_frame_equal(one, other, check_exact=True)

    # it did begin as the global network: four steps of at most 5e-4 each led it no further than 2e-3 away
    begun, ended = start.read_weights(), straight.read_weights()
    assert all(
        np.abs(ended[name] - begun[name]).max() < 3e-3 for name in begun if begun[name].shape == ended[name].shape
    )


def test_every_parameter_has_a_line_of_its_own(warm):
    drawn = np.random.default_rng(2).random((5, 6), dtype=np.float32)
    np.testing.assert_allclose(warm.network.hyper_features(drawn)[:, -6:], LINE * drawn, rtol=1e-6)
    assert warm.architecture.hyper_units == NETWORK.hyper_units + 6


def test_what_is_read_off_the_lines_leaves_the_mean_of_the_law_where_it_is(start):
    trainer = Trainer(CONFIG, "elas-sas", 3)
    trainer.warm_start(start)
    found = of_network(trainer.network)
    at_mean, elsewhere = found([0.5] * 6), found([1.0] * 6)
    before = trainer._lines.readouts()
    for name, variable in by_name(trainer.network.trainable_variables).items():
        if name.endswith("hyperkernel_kernel"):
            variable.assign_add(np.pad(np.full((6, variable.shape[1]), 0.1), ((NETWORK.hyper_units, 0), (0, 0))))
    trainer._lines.keep_centred(before)
    np.testing.assert_allclose(found([0.5] * 6), at_mean, atol=0.02)  # the law's mean is that of 4,096 draws
    assert np.abs(found([1.0] * 6) - elsewhere).max() > 0.1


def test_the_gradients_of_the_readouts_are_those_of_the_distance_to_the_mean(warm):
    variables = warm._groups[0][0]
    names = list(by_name(variables))
    kernel = next(i for i, name in enumerate(names) if name.endswith("hyperkernel_kernel"))
    bias = names.index(names[kernel].removesuffix("kernel") + "bias")
    gradients = [tf.ones_like(variable) for variable in variables]
    # two samples at 0 and 1 with the gradients −1 and 3 by the kernel: Σ x g = 3 LINE, Σ (x − ½) g = 2 LINE
    gradients[kernel], gradients[bias] = 3 * LINE * gradients[kernel], 2 * gradients[bias]
    centred = warm._lines.centred(gradients)[kernel]
    np.testing.assert_allclose(centred[-6:], 2 * LINE, rtol=0.03)
    np.testing.assert_allclose(centred[:-6], 3 * LINE, rtol=1e-6)


def test_the_hypernetworks_own_layers_stay_as_they_are(pairs, tmp_path, start):
    trained = train_model(CONFIG, "elas-sas", pairs, tmp_path / "out", start=start)
    begun = Trainer(CONFIG, "elas-sas", 3)
    begun.warm_start(start)
    weights = begun.network.weights()
    for name, array in trained.read_weights().items():
        if "_hyp_dense_" in name:
            np.testing.assert_allclose(array, weights[name], atol=1e-3)  # rounded to 16 bits
        elif name.endswith("hyperkernel_kernel"):
            assert np.abs(array[-6:]).min() > 0  # something is read off every line now

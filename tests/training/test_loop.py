"""Training: deterministic under a seed; resumed runs equal uninterrupted ones, loss by loss and weight by weight."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, Architecture
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.loss import LossTerms, parameter_maps
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.diffusion import diffusion_energy_density
from elasreg_core.physics.elasticity import elastic_energy_density
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registrar import Registrar
from elasreg_core.training import state as state_module
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.loop import train_model
from elasreg_core.training.plan import Plan
from elasreg_core.training.state import HISTORY_COLUMNS, RunFolder, read_curve
from elasreg_core.training.trainer import Trainer
from elasreg_core.training.unfinished import last_state
from tests.builders import make_pair

pytestmark = pytest.mark.slow

CONFIG = RunConfig(
    models=("elas-sas",),
    data=DataConfig("acdc", "nowhere"),
    training=TrainingConfig(
        steps=6,
        batch_size=2,
        learning_rate=1e-3,
        schedule="cosine",
        augment=True,
        window=(8, 12),
        supervision_steps=3,
        label_weight=0.5,
        save_every=2,
        seed=3,
    ),
    preprocessing=Preprocessing(grid_shape=(16, 20), spacing_mm=2.0),
    network=Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=4, integration_steps=3),
)


class KilledError(Exception):
    """Stands for kill -9: nothing after it runs."""


@pytest.fixture(scope="module")
def pairs() -> TrainingSet:
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, 4, 16, 20)).astype("f4")
    labels, truth = rng.integers(0, 3, (4, 16, 20)).astype("u1"), rng.normal(size=(4, 16, 20, 2)).astype("f4")
    return TrainingSet(moving, fixed, labels, ("a", "b"), moving_labels=labels[::-1].copy(), truth=truth)


@pytest.fixture(scope="module")
def uninterrupted(pairs, tmp_path_factory):
    return train_model(CONFIG, "elas-sas", pairs, tmp_path_factory.mktemp("straight"))


def losses(folder):
    return pd.read_csv(folder / "history.csv")[["step", "loss", "similarity", "energy", "overlap", "supervision"]]


def test_the_checkpoint_describes_its_training(uninterrupted):
    card = uninterrupted.card
    assert card.model == "elas-sas"
    assert card.tissues == ("a", "b")
    assert (card.sampling, card.regularization_scale, card.regularized) == ("uniform", 1.0, "displacement")
    assert card.background == (0.0, 0.0)
    assert card.training["config"]["steps"] == 6
    history = pd.read_csv(uninterrupted.folder / "history.csv")
    assert tuple(history.columns) == HISTORY_COLUMNS
    assert list(history["step"]) == list(range(6))
    terms = history[["similarity", "energy", "overlap", "supervision"]]
    assert (history["overlap"] > 0).all()
    np.testing.assert_allclose(history["loss"], terms.sum(axis=1), rtol=1e-5)


def test_a_diffusion_network_has_one_parameter_a_class(pairs, tmp_path):
    training = dataclasses.replace(CONFIG.training, steps=2, sampling="log_uniform", regularized="velocity")
    checkpoint = train_model(dataclasses.replace(CONFIG, training=training), "diff-sas", pairs, tmp_path)
    card = checkpoint.card
    assert (card.model, card.background, card.sampling, card.regularized) == (
        *("diff-sas", (0.0,), "log_uniform", "velocity"),
    )
    # λ of the background and of both tissues are what the hypernetwork's first layer takes
    assert next(w for name, w in checkpoint.read_weights().items() if name.endswith("hyp_dense_1/kernel")).shape[0] == 3
    text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "one λ per tissue class" in text
    assert "| regularizer | diffusion, of the velocity |" in text
    assert "| background at inference | λ = 0 |" in text


@pytest.mark.parametrize("model", ["elas-sas", "diff-sas"])
@pytest.mark.parametrize("regularized", ["displacement", "velocity"])
def test_the_energy_is_that_of_the_displacement_or_of_the_velocity(model, regularized):
    rng = np.random.default_rng(0)
    grid = (15, 22)  # of which the U-Net sees (16, 24)
    moving, fixed = rng.random((2, 2, *grid)).astype("f4")
    pairs = TrainingSet(moving, fixed, rng.integers(0, 3, (2, *grid)).astype("u1"), ("a", "b"))
    config = dataclasses.replace(
        CONFIG,
        training=TrainingConfig(steps=1, batch_size=2, regularized=regularized, regularization_scale=1.5),
        preprocessing=Preprocessing(grid_shape=grid, spacing_mm=2.0),
    )
    trainer = Trainer(config, model, 3)
    network = trainer.network
    network.set_weights({name: rng.normal(0, 0.3, w.shape).astype("f4") for name, w in network.weights().items()})
    batch = trainer.batch(pairs, 0)
    assert batch.parameters.shape == (2, MODELS[model].n_parameters(3))
    velocity = network.velocity(*map(tf.constant, (batch.moving, batch.fixed, batch.parameters)))
    fields = {"displacement": network.integrate(velocity), "velocity": velocity[:, :15, :22]}
    maps = parameter_maps(tf.constant(batch.parameters), tf.constant(batch.labels), MODELS[model])
    density = {"elas-sas": elastic_energy_density, "diff-sas": diffusion_energy_density}[model]
    expected = {name: 1.5 * float(tf.reduce_mean(density(field, *maps))) for name, field in fields.items()}
    assert abs(expected["displacement"] / expected["velocity"] - 1) > 0.05  # else they could not be told apart
    assert float(trainer.step(batch, 0).energy) == pytest.approx(expected[regularized], rel=1e-4)


def test_the_true_motion_leads_at_first_and_then_no_more(uninterrupted):
    supervision = losses(uninterrupted.folder)["supervision"]
    # noise of SD 1 in both components is √(π/2) = 1.25 voxels long, and the network hardly moves yet;
    # turned and stretched into the view, and weighted by 1, 2/3, 1/3 and then 0
    np.testing.assert_allclose(supervision[:3] / [1, 2 / 3, 1 / 3], 1.0, atol=0.5)
    assert (supervision[3:] == 0).all()


def test_the_overlap_of_labels_needs_moving_labels(pairs, tmp_path):
    with pytest.raises(InputError, match="not every pair has moving labels. Cure: Leave out label_weight"):
        train_model(CONFIG, "elas-sas", dataclasses.replace(pairs, moving_labels=None), tmp_path)


def test_a_network_trained_on_windows_registers_the_whole_grid(uninterrupted):
    assert uninterrupted.card.preprocessing.grid_shape == (16, 20)
    HyperRegistrationNetwork(CONFIG.network, (16, 20), 6).set_weights(uninterrupted.read_weights())


@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_killed_and_resumed_equals_uninterrupted(pairs, uninterrupted, tmp_path, killed_after):
    def die(progress):
        if progress.step == killed_after:
            raise KilledError

    with pytest.raises(KilledError):
        train_model(CONFIG, "elas-sas", pairs, tmp_path, on_step=die)
    resumed = train_model(CONFIG, "elas-sas", pairs, tmp_path, resume=True)
    pd.testing.assert_frame_equal(losses(tmp_path), losses(uninterrupted.folder), check_exact=True)
    assert resumed.card.weights_sha256 == uninterrupted.card.weights_sha256


@pytest.mark.parametrize("stopped_after", [3, 6])
def test_stopped_between_two_steps_keeps_them_all_and_goes_on_as_uninterrupted(
    pairs, uninterrupted, tmp_path, stopped_after
):
    def stop(progress):
        if progress.step == stopped_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(CONFIG, "elas-sas", pairs, tmp_path, on_step=stop)
    assert RunFolder(tmp_path, "").saved_step() == stopped_after
    assert len(losses(tmp_path)) == stopped_after
    resumed = train_model(CONFIG, "elas-sas", pairs, tmp_path, resume=True)
    pd.testing.assert_frame_equal(losses(tmp_path), losses(uninterrupted.folder), check_exact=True)
    assert resumed.card.weights_sha256 == uninterrupted.card.weights_sha256


def test_the_history_is_live_and_cut_to_the_state_that_is_taken_up(pairs, uninterrupted, tmp_path, monkeypatch):
    monkeypatch.setattr(state_module, "LIVE_PAUSE_S", 0.0)
    seen = []

    def watch(progress):
        seen.append(len(read_curve(tmp_path / "history.csv")))
        if progress.step == 5:
            with (tmp_path / "history.csv").open("a") as stream:
                stream.write("5,0.12")  # as if killed in the middle of a line
            raise KilledError

    with pytest.raises(KilledError):
        train_model(CONFIG, "elas-sas", pairs, tmp_path, on_step=watch)
    assert seen == [1, 2, 3, 4, 5]
    assert len(read_curve(tmp_path / "history.csv")) == 5  # the cut line is no row
    seen.clear()  # the last state is that of step 4

    resumed = train_model(
        CONFIG,
        "elas-sas",
        pairs,
        tmp_path,
        resume=True,
        on_step=lambda p: seen.append(read_curve(tmp_path / "history.csv")),
    )
    assert [list(curve["step"]) for curve in seen] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]]
    pd.testing.assert_frame_equal(losses(tmp_path), losses(uninterrupted.folder), check_exact=True)
    assert resumed.card.weights_sha256 == uninterrupted.card.weights_sha256


def test_a_training_in_its_midst_registers(pairs, uninterrupted, tmp_path):
    plan, folder = Plan(CONFIG, "elas-sas", 3), RunFolder(tmp_path, "")
    assert last_state(plan, folder, ("a", "b")) is None

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(CONFIG, "elas-sas", pairs, tmp_path, on_step=stop)
    now = last_state(plan, folder, ("a", "b"))
    assert (now.step, now.card.training["steps"], now.is_adaptive) == (1, 1, True)
    images = {"moving": pairs.moving[0], "fixed": pairs.fixed[0]}
    images |= {"moving_labels": pairs.moving_labels[0], "fixed_labels": pairs.labels[0]}
    space = {"affine": np.diag([2.0, 2.0, 1.0, 1.0]), "spacing_mm": (2.0, 2.0)}
    pair = make_pair(**images, **space, tissues=TissueTable(("a", "b")))
    registration = Registrar(now).register(pair, ParameterField.uniform((0.1, 0.1), 3))
    assert registration.displacement.shape == (16, 20, 2)
    (tmp_path / "training_state.safetensors").unlink()
    with pytest.raises(InputError, match="The state of .* cannot be read"):
        now.read_weights()


def test_another_seed_is_another_training(pairs, uninterrupted, tmp_path):
    config = dataclasses.replace(CONFIG, training=dataclasses.replace(CONFIG.training, seed=4))
    other = train_model(config, "elas-sas", pairs, tmp_path)
    assert other.card.weights_sha256 != uninterrupted.card.weights_sha256


def test_a_finished_training_is_not_overwritten(pairs, uninterrupted):
    with pytest.raises(InputError, match=r"holds a training already.*--resume"):
        train_model(CONFIG, "elas-sas", pairs, uninterrupted.folder)


def test_a_finished_training_is_left_as_it_is_even_without_its_state(pairs, uninterrupted, tmp_path):
    folder = tmp_path / "shipped"
    shutil.copytree(uninterrupted.folder, folder)
    (folder / "training_state.safetensors").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert train_model(CONFIG, "elas-sas", pairs, folder, resume=True).card == uninterrupted.card
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_card_that_a_kill_has_prevented_is_written(pairs, uninterrupted, tmp_path):
    folder = tmp_path / uninterrupted.folder.name
    shutil.copytree(uninterrupted.folder, folder)
    card = folder / "MODEL_CARD.md"
    expected = card.read_text().splitlines()[1:]  # the first one names the folder
    card.unlink()
    train_model(CONFIG, "elas-sas", pairs, folder, resume=True)
    assert card.read_text().splitlines()[1:] == expected


def test_resuming_on_other_data_is_refused(pairs, uninterrupted):
    other = dataclasses.replace(pairs, moving=pairs.moving[::-1])
    with pytest.raises(InputError, match="another configuration or of other data"):
        train_model(CONFIG, "elas-sas", other, uninterrupted.folder, resume=True)


def test_resuming_under_another_configuration_is_refused(pairs, uninterrupted):
    config = dataclasses.replace(CONFIG, training=dataclasses.replace(CONFIG.training, learning_rate=1e-2))
    with pytest.raises(InputError, match="another configuration or of other data"):
        train_model(config, "elas-sas", pairs, uninterrupted.folder, resume=True)


def test_a_displacement_that_is_not_finite_ends_the_training(pairs, tmp_path):
    dark = dataclasses.replace(pairs, fixed=np.full_like(pairs.fixed, np.nan))
    with pytest.raises(InputError, match="The loss of step 0 is not finite. Cure: Lower learning_rate; the last saved"):
        train_model(CONFIG, "elas-sas", dark, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]  # neither a state nor weights


def test_a_loss_that_is_not_finite_ends_the_training(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(
        Trainer, "step", lambda trainer, batch, step: LossTerms(np.inf if step == 3 else 0.5, 0, 0.5, 0, 0)
    )
    with pytest.raises(InputError, match="The loss of step 3 is not finite"):
        train_model(CONFIG, "elas-sas", pairs, tmp_path)
    assert len(pd.read_csv(tmp_path / "history.csv")) == 2  # saved every two steps


def test_a_network_that_is_no_longer_finite_is_not_saved_over_the_last_one_that_was(pairs, tmp_path, monkeypatch):
    """The loss of step 3 is of the weights before it; what the step made of them shows in no loss until the next."""
    step = Trainer.step

    def breaking(trainer, batch, number):
        terms = step(trainer, batch, number)
        if number == 3:
            trainer.network.trainable_variables[0].assign_add(
                tf.fill(trainer.network.trainable_variables[0].shape, np.inf)
            )
        return terms

    monkeypatch.setattr(Trainer, "step", breaking)
    with pytest.raises(InputError, match="After step 3 the network is not finite. Received: NaN or infinity in weig"):
        train_model(CONFIG, "elas-sas", pairs, tmp_path)
    state, done, history = RunFolder(tmp_path, "").load()
    assert (done, len(history)) == (2, 2)  # saved every two steps
    assert all(np.isfinite(array).all() for array in state.values())
    assert not (tmp_path / "model.json").exists()


def test_a_hypernetwork_that_died_ends_the_training(pairs, tmp_path, monkeypatch):
    off = np.zeros((2, 4), np.float32)
    monkeypatch.setattr(HyperRegistrationNetwork, "hyper_features", lambda network, parameters: off)
    with pytest.raises(InputError, match="At step 1 the hypernetwork no longer responds to λ and μ.*Cure: Lower hyper"):
        train_model(CONFIG, "elas-sas", pairs, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]  # neither a state nor weights


def test_the_hypernetwork_learns_at_its_own_rate(pairs):
    training = dataclasses.replace(CONFIG.training, hyper_learning_rate=1e-5, schedule="constant")
    trainer = Trainer(dataclasses.replace(CONFIG, training=training), "elas-g", 3)
    before = trainer.network.weights()
    trainer.step(trainer.batch(pairs, 0), 0)
    after = trainer.network.weights()
    # Adam's first step is the learning rate, or less where a gradient is tiny: 1e-5 there, 1e-3 elsewhere
    moved = {name: float(np.abs(after[name] - before[name]).max()) for name in before}
    hyper = [name for name in before if "_hyp_dense_" in name]
    assert len(hyper) == 4  # kernel and bias of two layers
    assert all(1e-6 < moved[name] < 1.05e-5 for name in hyper)
    assert 3e-4 < max(moved[name] for name in moved if name not in hyper) < 1.05e-3


def test_training_lowers_the_loss(tmp_path):
    # one pair, shifted by two voxels along the first axis, the soft corner of the parameters dominates the loss:
    # after a few steps the network must do better than standing still
    x, y = np.meshgrid(np.arange(16), np.arange(20), indexing="ij")
    fixed = np.exp(-((x - 7) ** 2 + (y - 10) ** 2) / 12).astype("f4")
    moving = np.roll(fixed, 2, axis=0)
    pair = TrainingSet(moving[None], fixed[None], (fixed[None] > 0.5).astype("u1"), ("a",))
    training = TrainingConfig(steps=60, batch_size=1, learning_rate=5e-3, save_every=60)
    train_model(dataclasses.replace(CONFIG, training=training), "elas-g", pair, tmp_path)
    history = losses(tmp_path)
    parameters = np.array([pair.batch(0, s, 1, (2, 1), "uniform").parameters[0] for s in range(60)])
    per_weight = history["similarity"] / (2 - parameters.sum(axis=1))  # −NCC, without the drawn weight
    assert per_weight[-10:].mean() < per_weight[:10].mean() - 0.05

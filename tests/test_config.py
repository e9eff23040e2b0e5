"""Configurations: presets and TOML files."""

from __future__ import annotations

import dataclasses

import pytest

from elasreg_core.config import DataConfig, RunConfig, TrainingConfig, preset_names, read_config
from elasreg_core.data.phantoms import Cohort
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.tables import from_table

FOUR = "diff-g, diff-sas, elas-g, elas-sas"
MINIMAL = """
models = ["elas-g"]
[data]
layout = "pairs"
root = "mine"
[training]
steps = 10
"""


def test_every_preset_reads():
    assert {"cardiac", "cardiac-quick", "thorax"} <= set(preset_names())
    for name in preset_names():
        config, text = read_config(name)
        assert isinstance(config, RunConfig)
        assert text.startswith("#")  # opens with what it gives


def test_training_can_be_set_from_outside_and_the_text_tells_it(tmp_path):
    config, text = read_config("cardiac-small", {"seed": "7", "sampling": "log_uniform", "regularized": '"velocity"'})
    training = config.training
    assert (training.seed, training.sampling, training.regularized) == (7, "log_uniform", "velocity")
    (tmp_path / "kept.toml").write_text(text)
    assert read_config(tmp_path / "kept.toml") == (config, text)  # what a run keeps trains the same run again


def test_what_is_set_goes_into_training_and_nowhere_else(tmp_path):
    (tmp_path / "run.toml").write_text(MINIMAL + "[data.phantom]\nkind = 'cardiac'\nsubjects = 2\nseed = 5\n")
    config, _ = read_config(tmp_path / "run.toml", {"seed": "7"})
    assert (config.training.seed, config.data.phantom.seed) == (7, 5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"sead": "1"}, "unknown key"),
        ({"steps": "many"}, "steps"),
        ({"sampling": "evenly"}, "sampling has an unknown value"),
    ],
)
def test_what_is_set_is_checked_like_the_file(setting, message):
    with pytest.raises(InputError, match=message):
        read_config("cardiac-small", setting)


def test_a_setting_without_a_training_table_is_refused(tmp_path):
    (tmp_path / "run.toml").write_text('models = ["elas-g"]\n')
    with pytest.raises(InputError, match=r"no table \[training\]"):
        read_config(tmp_path / "run.toml", {"seed": "7"})


@pytest.mark.parametrize(
    ("name", "sides", "kind", "layout"),
    [("cardiac", (128, 128), "cardiac", "acdc"), ("thorax", (192, 192), "thorax", "nlst")],
)
def test_the_presets_of_the_shipped_checkpoints_are_what_their_comments_say(name, sides, kind, layout):
    config, _ = read_config(name)
    assert config.models == ("elas-g", "elas-sas")
    assert config.preprocessing.grid_shape == sides
    assert config.background == (0.0, 0.0)
    assert config.data.phantom is not None
    assert (config.data.phantom.kind, config.data.phantom.layout, config.data.layout) == (kind, layout, layout)
    assert config.training.augment
    assert config.training.warm_start_steps < config.training.steps
    # sides divide by the U-Net's factor: 2 to the number of encoder levels, 4
    assert config.network.divisor == 16
    assert all(side % config.network.divisor == 0 for side in (*sides, *config.training.window))


def test_the_defaults_are_the_papers(tmp_path):
    (tmp_path / "run.toml").write_text(MINIMAL)
    config, text = read_config(tmp_path / "run.toml")
    assert text == MINIMAL
    assert config.training.learning_rate == 1e-4
    assert config.training.regularization_scale == 1
    assert config.training.sampling == "uniform"
    assert config.training.regularized == "displacement"
    assert (config.network.hyper_layers, config.network.hyper_units) == (6, 128)
    assert config.network.encoder == (16, 32, 32, 32)
    assert config.background == (0.0, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("steps = 10", "steps = 10\nstep_size = 3", r"run\.toml: training has an unknown key.*Received: step_size"),
        ("steps = 10", "batch_size = 2", r"training lacks a key. Expected: steps. Received: batch_size"),
        ("steps = 10", 'steps = "ten"', "training: steps has a value of the wrong kind. Expected: int. Received: ten"),
        ("steps = 10", "steps = 0", "steps must be positive. Received: 0"),
        ("steps = 10", "steps = 10\nlearning_rate = -1e-4", "learning_rate must be positive. Received: -0.0001"),
        ("steps = 10", "steps = 10\nlearning_rate = nan", "learning_rate must be positive. Received: nan"),
        ("steps = 10", "steps = 10\nregularization_scale = -1", "regularization_scale must not be negative"),
        ("steps = 10", 'steps = 10\nsampling = "normal"', "sampling has an unknown value.*uniform.*Received: normal"),
        (
            "steps = 10",
            'steps = 10\nregularized = "warp"',
            "regularized has an unknown value. Expected: one of displacement, velocity. Received: warp",
        ),
        ("steps = 10", 'steps = 10\nschedule = "step"', "schedule has an unknown value.*constant, cosine"),
        (
            "steps = 10",
            "steps = 10\nwindow = [64, 48]",
            "A window is part of augmentation. Cure: Set augment = true",
        ),
        (
            "steps = 10",
            "steps = 10\naugment = true\nwindow = [64, 48, 32]",
            r"window has another number of sides than grid_shape. Expected: 2 sides. Received: \(64, 48, 32\)",
        ),
        ("steps = 10", "steps = 10\nwobble = 1.0", "wobble is part of augmentation. Cure: Set augment = true"),
        ("steps = 10", "steps = 10\nwobble = -1.0", "wobble must not be negative. Received: -1.0"),
        ("steps = 10", "steps = 10\nwarm_start_steps = 0", "warm_start_steps must be positive. Received: 0"),
        ("steps = 10", "steps = 10\nsupervision_steps = 0", "supervision_steps must be positive. Received: 0"),
        ("steps = 10", "steps = 10\nhyper_learning_rate = 0.0", "hyper_learning_rate must be positive. Received: 0"),
        ('["elas-g"]', '["elas"]', f"models has an unknown value. Expected: one of {FOUR}. Received: elas"),
        ('["elas-g"]', "[]", f"models is empty. Expected: some of {FOUR}"),
        ('["elas-g"]', '"elas-g"', "models has a value of the wrong kind.*Received: elas-g"),
        ("[data]", "[data", r"run\.toml is not TOML. Received: "),
        (
            "[training]",
            "[preprocessing]\ngrid_shape = [8, 8, 8]\nslice_axis = 2\n[training]",
            "grid_shape and slice_axis contradict",
        ),
    ],
)
def test_a_wrong_configuration_is_refused(tmp_path, old, new, sentence):
    assert old in MINIMAL
    (tmp_path / "run.toml").write_text(MINIMAL.replace(old, new))
    with pytest.raises(InputError, match=sentence):
        read_config(tmp_path / "run.toml")


def test_a_configuration_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "run.toml").write_bytes(b"models = ['\xff\xfe']")
    with pytest.raises(InputError, match=r"run\.toml is not TOML"):
        read_config(tmp_path / "run.toml")


def test_a_missing_configuration_is_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no configuration .*run\.toml\. Cure"):
        read_config(tmp_path / "run.toml")
    with pytest.raises(InputError, match=r"a \.toml file or one of the presets .*cardiac, .*Received: heart"):
        read_config("heart")


def test_a_3d_run_can_be_described(tmp_path):
    """TOML has no null, so "no slice" must follow from the three sides."""
    (tmp_path / "run.toml").write_text(MINIMAL + "\n[preprocessing]\ngrid_shape = [48, 32, 16]\n")
    preprocessing = read_config(tmp_path / "run.toml")[0].preprocessing
    assert (preprocessing.dim, preprocessing.slice_axis) == (3, None)


@pytest.mark.parametrize("law", ["uniform", "log_uniform", "simplex"])
@pytest.mark.parametrize("regularized", ["displacement", "velocity"])
def test_sampling_and_what_is_regularized_can_be_described(tmp_path, law, regularized):
    (tmp_path / "run.toml").write_text(MINIMAL + f'sampling = "{law}"\nregularized = "{regularized}"\n')
    training = read_config(tmp_path / "run.toml")[0].training
    assert (training.sampling, training.regularized) == (law, regularized)


def test_all_four_models_may_start_warm_each_behind_its_global_one():
    training = TrainingConfig(steps=2, warm_start_steps=1)
    models = ("diff-g", "elas-g", "elas-sas", "diff-sas")
    assert RunConfig(models, DataConfig("acdc", "x"), training).models == models


def test_a_warm_start_in_windows_can_be_described(tmp_path):
    text = MINIMAL.replace('["elas-g"]', '["elas-g", "elas-sas"]')
    (tmp_path / "run.toml").write_text(text + "augment = true\nwindow = [64, 48]\nwarm_start_steps = 5\n")
    training = read_config(tmp_path / "run.toml")[0].training
    assert (training.augment, training.window, training.warm_start_steps) == (True, (64, 48), 5)


def test_a_phantom_cohort_is_described_by_its_kind_and_plane(tmp_path):
    phantom = 'phantom = { kind = "thorax", subjects = 3, seed = 7, plane = "axial" }\n[training]'
    (tmp_path / "run.toml").write_text(MINIMAL.replace("[training]", phantom))
    assert read_config(tmp_path / "run.toml")[0].data.phantom == Cohort("thorax", 3, 7, 2, "axial")


def test_the_training_configuration_checks_itself_in_code_too():
    with pytest.raises(InputError, match="save_every must be positive. Received: 0"):
        TrainingConfig(steps=5, save_every=0)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"preprocessing": {"grid_shape": 128}}, "grid_shape has a value of the wrong kind"),
        ({"preprocessing": {"slice_axis": 3}}, "no such slice_axis. Expected: 0, 1 or 2. Received: 3"),
        ({"network": {"encoder": []}}, "architecture is not one"),
        ({"network": {"hyper_units": 0}}, "architecture is not one"),
        ({"training": {"steps": 1, "seed": -1}}, "seed must not be negative"),
        (
            {"data": {"layout": "acdc", "root": "x", "phantom": {"kind": "cardiac", "subjects": 0, "seed": 1}}},
            "subjects",
        ),
        (
            {"data": {"layout": "acdc", "root": "x", "phantom": {"kind": "lung", "subjects": 1, "seed": 1}}},
            "There is no phantom 'lung'. Expected: cardiac or thorax",
        ),
        (
            {
                "data": {
                    "layout": "nlst",
                    "root": "x",
                    "phantom": {"kind": "thorax", "subjects": 1, "seed": 1, "dim": 4},
                }
            },
            "2 or 3 dimensions",
        ),
        (
            {"models": ["elas-sas", "elas-g"], "training": {"steps": 1, "warm_start_steps": 1}},
            "A warm start of elas-sas needs the global network of the same run first. Exp.*models = .*elas-g.*elas-sas",
        ),
        (  # the global network of the other regularizer will not do
            {"models": ["elas-g", "diff-sas"], "training": {"steps": 1, "warm_start_steps": 1}},
            "A warm start of diff-sas needs the global network of the same run first. Exp.*models = .*diff-g.*diff-sas",
        ),
        ({"background": [0.0, 2.0]}, "outside the range"),
    ],
)
def test_what_cannot_be_run_is_refused_when_it_is_read(broken, words):
    good = {"models": ["elas-g"], "data": {"layout": "acdc", "root": "x"}, "training": {"steps": 1}}
    assert from_table(RunConfig, good, "t").models == ("elas-g",)
    with pytest.raises(InputError, match=words):
        from_table(RunConfig, good | broken, "t")


@pytest.mark.parametrize(
    ("preset", "layout", "preprocessing"),
    [
        ("acdc-2d", "acdc", Preprocessing((128, 128), 1.8, 2, centre="labels")),
        ("nlst-2d", "nlst", Preprocessing((224, 224), 1.5, 1, (0, 100), (-980, 1518), "image")),
        ("l2r-lung-3d", "lungct", Preprocessing((192, 128, 192), 2.0, None, (0, 100), (-980, 600), "image")),
    ],
)
def test_the_presets_of_the_paper_have_its_settings(preset, layout, preprocessing):
    # HyperMorph's network, Adam at 1e-4, U(0, 1), scale 1, of the displacement; nothing that the paper has not
    config, _ = read_config(preset)
    assert (config.data.layout, config.models) == (layout, ("diff-g", "diff-sas", "elas-g", "elas-sas"))
    assert dataclasses.replace(preprocessing, intensity_percentiles=config.preprocessing.intensity_percentiles) == (
        config.preprocessing
    )
    assert config.network == Architecture((16, 32, 32, 32), (32, 32, 32, 32, 32, 16, 16), 6, 128, 7)
    assert config.background == (0.0, 0.0)
    training = config.training
    assert dataclasses.replace(training, steps=1, save_every=1, seed=0) == TrainingConfig(
        steps=1, save_every=1, batch_size=1, learning_rate=1e-4, regularization_scale=1.0, sampling="uniform"
    )

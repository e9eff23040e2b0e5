"""Checkpoints on disk, with made-up weights: no TensorFlow here."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import safetensors.numpy

from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, Architecture
from elasreg_core.networks.checkpoint import load_checkpoint, load_family
from tests.builders import make_checkpoint, make_family, make_pair


@pytest.fixture
def folder(tmp_path):
    """A saved checkpoint's folder."""
    return make_checkpoint(tmp_path / "heart" / "elas-g").folder


def edit(folder, **changes):
    """Changes keys of model.json behind the checkpoint's back; a value of ... removes the key."""
    table = json.loads((folder / "model.json").read_text()) | changes
    (folder / "model.json").write_text(json.dumps({key: value for key, value in table.items() if value is not ...}))


def test_a_checkpoint_reads_back_as_it_was_saved(tmp_path):
    weights = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b/c": np.float32([-1.5])}
    preprocessing = Preprocessing((16, 12, 8), 1.75, None, (1.0, 99.0))
    network = Architecture(encoder=(2, 4), decoder=(4, 2), hyper_layers=2, hyper_units=3, integration_steps=5)
    saved = make_checkpoint(
        tmp_path / "heart" / "elas-sas", weights, preprocessing=preprocessing, network=network, background=(0.25, 0.5)
    )
    loaded = load_checkpoint(tmp_path / "heart" / "elas-sas")
    assert loaded == saved
    assert loaded.name == "heart/elas-sas"
    assert loaded.is_adaptive
    assert loaded.model == MODELS["elas-sas"]
    assert loaded.tissues == TissueTable(("wall", "pool"))
    assert loaded.card.preprocessing == preprocessing
    assert loaded.card.network == network
    assert loaded.card.background == (0.25, 0.5)
    read = loaded.read_weights()
    assert set(read) == {"a", "b/c"}
    for name, array in weights.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, 1e5])
def test_weights_that_16_bits_do_not_hold_are_not_written(tmp_path, value):
    with pytest.raises(InputError, match="cannot be kept. Expected: finite numbers up to 65504. Received: others in w"):
        make_checkpoint(tmp_path / "heart" / "elas-g", {"w": np.float32([1, value])})
    assert not (tmp_path / "heart").exists()


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_reads_back(tmp_path, model):
    background = (0.25, 0.5)[: len(MODELS[model].regularizer.parameters)]
    make_checkpoint(tmp_path / "heart" / model, background=background, regularized="velocity")
    loaded = load_checkpoint(tmp_path / "heart" / model)
    assert (loaded.model, loaded.is_adaptive) == (MODELS[model], model.endswith("sas"))
    assert (loaded.card.background, loaded.card.regularized) == (background, "velocity")


def test_a_card_from_before_velocities_could_be_regularized_is_of_a_displacement(folder):
    edit(folder, regularized=...)
    assert load_checkpoint(folder).card.regularized == "displacement"


def test_saving_again_replaces_the_weights(folder):
    old = load_checkpoint(folder).card.weights
    new = make_checkpoint(folder, {"w": np.zeros(4, np.float32)})
    assert new.card.weights != old
    assert sorted(path.name for path in folder.iterdir()) == sorted(["model.json", new.card.weights])


def test_a_crash_before_the_card_leaves_the_old_checkpoint(folder, monkeypatch):
    before = load_checkpoint(folder).read_weights()
    import elasreg_core.networks.checkpoint as module

    write = module.write_atomic

    def crash(path, content):
        if path.name == "model.json":
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(module, "write_atomic", crash)
    with pytest.raises(KeyboardInterrupt):
        make_checkpoint(folder, {"w": np.zeros(4, np.float32)})
    assert set(load_checkpoint(folder).read_weights()) == set(before)


def test_altered_weights_are_not_those_of_the_card(folder):
    path = next(folder.glob("weights-*"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # one bit
    path.write_bytes(content)
    with pytest.raises(InputError, match="weights of heart/elas-g are not those.*Expected: sha256 .*Received: sha256"):
        load_checkpoint(folder).read_weights()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_must_be_finite(folder, value):
    """Of another hand: `save_checkpoint` writes none that are not."""
    card = json.loads((folder / "model.json").read_text())
    content = safetensors.numpy.save({"fine": np.ones(2, np.float16), "bad": np.float16([0, value])})
    (folder / card["weights"]).write_bytes(content)
    (folder / "model.json").write_text(json.dumps(card | {"weights_sha256": hashlib.sha256(content).hexdigest()}))
    checkpoint = load_checkpoint(folder)
    with pytest.raises(InputError, match="weights of heart/elas-g are not finite. Received: NaN or infinity in bad"):
        checkpoint.read_weights()


def test_missing_weights_are_named(folder):
    next(folder.glob("weights-*")).unlink()
    with pytest.raises(InputError, match=r"heart/elas-g has no weights. Expected: .*safetensors\. Cure: Copy it again"):
        load_checkpoint(folder).read_weights()


def test_weights_of_another_kind_are_refused(folder):
    import hashlib

    content = b"these are not weights"
    next(folder.glob("weights-*")).write_bytes(content)
    edit(folder, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(InputError, match="is not a safetensors file"):
        load_checkpoint(folder).read_weights()


def test_weights_outside_the_folder_are_not_read(folder):
    outside = folder.parent / "weights.safetensors"
    outside.write_bytes(next(folder.glob("weights-*")).read_bytes())
    for name in ("../weights.safetensors", str(outside)):
        edit(folder, weights=name)
        with pytest.raises(InputError, match=r"names weights outside its folder. Received: .*weights\.safetensors"):
            load_checkpoint(folder).read_weights()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 2}, r"model\.json has another format. Expected: format 1. Received: format 2"),
        ({"format": ...}, "another format. Expected: format 1. Received: format None"),
        ({"colour": "blue"}, r"model\.json has an unknown key.*Received: colour"),
        ({"tissues": ...}, r"model\.json lacks a key. Expected: tissues"),
        ({"tissues": "heart"}, r"model\.json: tissues has a value of the wrong kind"),
        ({"preprocessing": {"grid_size": [8, 8]}}, "preprocessing has an unknown key.*Received: grid_size"),
        ({"background": ["soft"]}, "background has a value of the wrong kind. Expected: float. Received: soft"),
        ({"background": 0.0}, "background has a value of the wrong kind"),
        (
            {"model": "elas-x"},
            "names an unknown model. Expected: diff-g or diff-sas or elas-g or elas-sas. Received: elas-x",
        ),
    ],
)
def test_a_wrong_card_is_refused(folder, changes, sentence):
    edit(folder, **changes)
    with pytest.raises(InputError, match=sentence):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", r"model\.json is not JSON\. .*Received: .*Cure: Copy it again, or mend it"),
        (b"\xff\xfe", r"model\.json is not JSON"),
        (b"[]", "another format"),
        (b"null", "another format"),
    ],
)
def test_a_damaged_card_is_refused(folder, content, sentence):
    (folder / "model.json").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        load_checkpoint(folder)


def test_a_folder_without_a_card_is_no_checkpoint(tmp_path):
    with pytest.raises(InputError, match=r"is not a checkpoint. Expected: a folder with model\.json"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (
            {"tissues": TissueTable(("pool", "wall"))},
            "other tissues than subject has. Expected: wall, pool. Rec.*pool, wall",
        ),
        (
            {"spacing_mm": (1.5, 2.5)},  # 2.5 / 1.5 = 1.67
            r"at another voxel size than subject has. Expected: about 1.5 mm, within a factor of 1.65. "
            r"Received: \(1.5, 2.5\) mm. Cure: Load the pair",
        ),
        ({"spacing_mm": (0.9, 1.5)}, "at another voxel size"),  # 1.5 / .9 = 1.67
    ],
)
def test_a_pair_must_fit(tmp_path, pair, sentence):
    checkpoint = make_checkpoint(tmp_path / "heart" / "elas-g", preprocessing=Preprocessing((12, 9), 1.5, 2))
    checkpoint.require_fits(make_pair(spacing_mm=(1.5, 1.5)))
    with pytest.raises(InputError, match=sentence):
        checkpoint.require_fits(make_pair(**({"spacing_mm": (1.5, 1.5)} | pair)))


def test_a_pair_must_have_as_many_dimensions(tmp_path):
    checkpoint = make_checkpoint(tmp_path / "heart" / "elas-g", preprocessing=Preprocessing((12, 9, 8), 1.5, None))
    with pytest.raises(
        InputError,
        match=r"heart/elas-g was trained in 3 dimensions. Expected: 3 sides such as \(12, 9, 8\). Received: \(12, 9\)",
    ):
        checkpoint.require_fits(make_pair(spacing_mm=(1.5, 1.5)))


@pytest.mark.parametrize("spacing_mm", [(1.5, 1.5), (0.95, 2.4), (2.45, 0.92)])  # 1.5 / 1.65 = .91; 1.5 · 1.65 = 2.475
def test_another_grid_and_voxels_of_about_the_same_size_fit(tmp_path, spacing_mm):
    checkpoint = make_checkpoint(tmp_path / "heart" / "elas-g", preprocessing=Preprocessing((16, 20), 1.5, 2))
    assert checkpoint.require_fits(make_pair(spacing_mm=spacing_mm)) is None


def test_weights_are_kept_in_half_the_space(tmp_path):
    # 30 000 numbers of two bytes, and a header
    weights = {"w": np.random.default_rng(0).normal(0, 0.1, (300, 100)).astype("f4")}
    checkpoint = make_checkpoint(tmp_path / "heart" / "elas-g", weights)
    assert 60_000 < (checkpoint.folder / checkpoint.card.weights).stat().st_size < 60_300
    read = checkpoint.read_weights()["w"]
    assert read.dtype == np.float32
    # half precision has 11 significant bits: rounded by at most 2⁻¹¹ of the value
    np.testing.assert_allclose(read, weights["w"], rtol=2**-11, atol=1e-7)
    assert not np.array_equal(read, weights["w"])


@pytest.mark.parametrize(
    ("model", "n_parameters"),
    [("diff-g", 1), ("diff-sas", 4), ("elas-g", 2), ("elas-sas", 8)],  # λ or (λ, μ): once, or for 0 and three tissues
)
def test_the_parameter_vector_has_a_node_per_class_or_one(model, n_parameters):
    assert MODELS[model].n_parameters(4) == n_parameters


def test_the_models_are_the_papers_in_its_order():
    assert list(MODELS) == ["diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert [(model.name, model.regularizer.name, model.is_adaptive) for model in MODELS.values()] == [
        ("diff-g", "diffusion", False),
        ("diff-sas", "diffusion", True),
        ("elas-g", "elastic", False),
        ("elas-sas", "elastic", True),
    ]
    assert [model.global_name for model in MODELS.values()] == ["diff-g", "diff-g", "elas-g", "elas-g"]


# Families -------------------------------------------------------------------------------------------------------------


def test_a_family_is_read_from_its_folder_or_a_members(tmp_path):
    folder = make_family(tmp_path / "heart")
    for path in (folder, folder / "elas-g", folder / "elas-sas"):
        family = load_family(path)
        assert family.name == "heart"
        assert {model: checkpoint.card.model for model, checkpoint in family.members.items()} == {
            "elas-g": "elas-g",
            "elas-sas": "elas-sas",
        }


def test_a_family_of_all_models_is_read_in_the_papers_order(tmp_path):
    family = load_family(make_family(tmp_path / "heart", ("elas-sas", "diff-sas", "elas-g", "diff-g")))
    assert [(model, checkpoint.card.model) for model, checkpoint in family.members.items()] == [
        (model, model) for model in MODELS
    ]


def test_a_missing_member_is_named_with_the_cure(folder):
    family = load_family(folder.parent)
    with pytest.raises(InputError, match=r"heart has no elas-sas.*elas-sas/model\.json.*Rec.*elas-g. Cure: Train it"):
        family.member("elas-sas")


def test_a_folder_without_members_is_no_family(tmp_path):
    with pytest.raises(
        InputError, match=r"holds no checkpoint.*diff-g/model\.json and .*elas-sas/model\.json.*without them"
    ):
        load_family(tmp_path)
    with pytest.raises(InputError, match="holds no checkpoint.*Received: no such folder"):
        load_family(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tissues": ("wall", "lung")}, "lung"),
        ({"tissues": ("pool", "wall")}, "pool"),
        ({"preprocessing": Preprocessing((16, 12), 3.25, 2)}, r"3\.25"),
    ],
)
def test_members_of_a_family_belong_together(tmp_path, changes, words):
    make_checkpoint(tmp_path / "heart" / "elas-g")
    make_checkpoint(tmp_path / "heart" / "elas-sas", **changes)
    with pytest.raises(
        InputError, match=f"heart/elas-g and heart/elas-sas do not belong together.*Received: .*{words}"
    ):
        load_family(tmp_path / "heart")


def test_a_member_is_what_its_folder_says(tmp_path):
    """A global network in the folder of the adaptive one would be asked for tissue-wise parameters."""
    make_checkpoint(tmp_path / "heart" / "elas-g")
    make_checkpoint(tmp_path / "heart" / "elas-sas", model="elas-g")
    with pytest.raises(InputError, match="elas-sas"):
        load_family(tmp_path / "heart")


def test_a_checkpoint_under_another_name_is_not_mistaken_for_its_neighbour(tmp_path):
    """Whoever names the folder `best` wants the network in it, not the `elas-g` that lies beside it."""
    make_checkpoint(tmp_path / "heart" / "elas-g")
    best = make_checkpoint(tmp_path / "heart" / "best", {"w": np.zeros(2, np.float32)})
    try:
        family = load_family(best.folder)
    except InputError:
        return
    assert best.card.weights_sha256 in {checkpoint.card.weights_sha256 for checkpoint in family.members.values()}

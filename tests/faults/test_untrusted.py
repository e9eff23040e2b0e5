"""Checkpoints from strangers: nothing in them is executed, nothing huge is allocated, each is refused in a sentence."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_checkpoint, load_family
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace import paths
from tests.builders import make_card, make_checkpoint


class Payload:
    """Runs when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (Path.touch, (self.canary,))


def pickled(canary: Path) -> bytes:
    return pickle.dumps(Payload(canary))


def npz_of_objects(canary: Path) -> bytes:
    content = io.BytesIO()
    np.savez(content, weights=np.array([Payload(canary)], dtype=object))
    return content.getvalue()


def keras_with_a_lambda(canary: Path) -> bytes:
    """As `model.save("x.keras")` writes it, with a layer that runs code."""
    layer = {"class_name": "Lambda", "config": {"function": {"code": f"open({str(canary)!r}, 'w')"}}}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}}))
    return content.getvalue()


def zip_bomb(_: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", bytes(2**26))
    return content.getvalue()


def hdf5(_: Path) -> bytes:
    return b"\x89HDF\r\n\x1a\n" + bytes(4096)


def safetensors_that_promise_terabytes(_: Path) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    return struct.pack("<Q", len(header)) + header


def safetensors_with_an_endless_header(_: Path) -> bytes:
    return struct.pack("<Q", 2**62) + b"{}"


CONTENTS = (
    *(pickled, npz_of_objects, keras_with_a_lambda, zip_bomb, hdf5),
    *(safetensors_that_promise_terabytes, safetensors_with_an_endless_header),
)


def put(folder: Path, content: bytes, **changes) -> Path:
    """A checkpoint folder whose card vouches for the content."""
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights-x.safetensors").write_bytes(content)
    card = {"format": 1, **make_card(model=folder.name), "weights": "weights-x.safetensors", "weights_sha256": digest}
    card["preprocessing"] = (
        card["preprocessing"] if isinstance(card["preprocessing"], dict) else vars(card["preprocessing"])
    )
    card["network"] = card["network"] if isinstance(card["network"], dict) else vars(card["network"])
    (folder / "model.json").write_text(json.dumps(card | changes))
    return folder


@pytest.mark.parametrize("content", CONTENTS)
def test_weights_that_are_something_else_are_refused_and_not_run(content, tmp_path):
    canary = tmp_path / "canary"
    folder = put(tmp_path / "family" / "elas-g", content(canary))
    with pytest.raises(InputError, match="is not a safetensors file"):
        load_checkpoint(folder).read_weights()
    with pytest.raises(InputError, match="is not a safetensors file"):
        Registrar(load_checkpoint(folder))
    assert not canary.exists()


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "weights.npz", "saved_model.pb", "model.pkl"])
def test_models_of_other_tools_are_no_checkpoints(name, tmp_path):
    (paths.home() / "checkpoints" / "stranger" / "elas-g").mkdir(parents=True)
    (paths.home() / "checkpoints" / "stranger" / "elas-g" / name).write_bytes(pickled(tmp_path / "canary"))
    assert "stranger" not in paths.family_names()
    with pytest.raises(InputError, match="There is no checkpoint stranger"):
        paths.find_family("stranger")
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", ["../weights-x.safetensors", "/etc/passwd", "..", "a/../weights-x.safetensors", ""])
def test_weights_are_looked_for_in_the_folder_alone(name, tmp_path):
    good = safetensors.numpy.save({"w": np.ones(3, np.float32)})
    (tmp_path / "family").mkdir()
    (tmp_path / "family" / "weights-x.safetensors").write_bytes(good)
    folder = put(tmp_path / "family" / "elas-g", good, weights=name)
    with pytest.raises(InputError, match="outside its folder|has no weights"):
        load_checkpoint(folder).read_weights()


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"w": np.array([1, np.nan], np.float32)}, "are not finite"),
        ({"w": np.array([np.inf], np.float32)}, "are not finite"),
        ({"w": np.ones((2, 2), np.float32)}, "are those of another network"),
        ({}, "are those of another network"),
    ],
)
def test_numbers_that_no_network_has_are_refused(weights, words, tmp_path):
    folder = put(tmp_path / "family" / "elas-g", safetensors.numpy.save(weights))
    with pytest.raises(InputError, match=words):
        Registrar(load_checkpoint(folder))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": {"encoder": [1] * 1000, "decoder": [1] * 1000}}, "larger than any network"),
        ({"network": {"encoder": [10**9], "decoder": [1]}}, "larger than any network"),
        ({"network": {"hyper_layers": 10**8}}, "larger than any network"),
        ({"network": {"integration_steps": 10**6}}, "larger than any network"),
        (
            {"preprocessing": {"grid_shape": [10**6, 10**6], "spacing_mm": 1.0, "slice_axis": 2}},
            "larger than any image",
        ),
        ({"preprocessing": {"grid_shape": [64, 64], "spacing_mm": 1e999, "slice_axis": 2}}, "degenerate"),
        ({"tissues": ["a", "a"]}, "not told apart by their names"),
        ({"format": 99}, "another format"),
        ({"run": "rm -rf /"}, "unknown key"),
    ],
)
def test_cards_that_describe_no_network_are_refused_before_anything_is_built(changes, words, tmp_path):
    folder = put(tmp_path / "family" / "elas-g", safetensors.numpy.save({"w": np.ones(3, np.float32)}), **changes)
    with pytest.raises(InputError, match=words):
        Registrar(load_checkpoint(folder))


@pytest.mark.parametrize(
    "text", ["[" * 10**5, '{"a":' * 10**5, " " * (5 * 2**20), "\xff\xfe", "null", "[]", '"format"']
)
def test_cards_that_are_no_tables_are_refused(text, tmp_path):
    folder = tmp_path / "family" / "elas-g"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"model\.json (is not JSON|is too large|has another format)"):
        load_family(folder.parent)


def test_a_good_checkpoint_passes_all_of_this(tmp_path):
    """Or the tests above would show nothing."""
    checkpoint = make_checkpoint(tmp_path / "family" / "elas-g")
    folder = put(tmp_path / "other" / "elas-g", (checkpoint.folder / checkpoint.card.weights).read_bytes())
    assert load_checkpoint(folder).read_weights().keys() == checkpoint.read_weights().keys()

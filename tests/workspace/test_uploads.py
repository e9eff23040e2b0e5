"""Uploaded pairs: checked, one session's alone, gone with it."""

from __future__ import annotations

import gzip
import io
import os
import stat

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.workspace import uploads as module
from elasreg_core.workspace.uploads import UploadedFile, Uploads
from tests.builders import make_family, make_volumes, oblique_affine


@pytest.fixture
def family(tmp_path):
    return load_family(make_family(tmp_path / "small"))


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    found = Uploads()
    yield found
    found.close()


def upload(data, name, affine=None):
    image = nib.Nifti1Image(data, oblique_affine() if affine is None else affine)
    return UploadedFile(name, io.BytesIO(gzip.compress(image.to_bytes())))


def pair(**changes):
    files = {role: upload(data, f"anna-{role}.nii.gz") for role, data in make_volumes().items()}
    return {role: file for role, file in (files | changes).items() if file is not None}


def test_a_good_pair_becomes_a_data_set_of_the_family(uploads, family):
    assert uploads.add(pair(), family) == ("uploaded-small", "pair-1")
    assert uploads.add(pair(), family) == ("uploaded-small", "pair-2")
    root, layout = uploads.datasets["uploaded-small"]
    data = open_dataset(root, layout)
    assert data.subjects == ("pair-1", "pair-2")
    assert data.tissues == family.members["elas-g"].tissues
    loaded = data.load("pair-1", family.members["elas-g"].card.preprocessing)
    assert loaded.moving_labels is not None
    assert uploads.n_pairs == 2
    assert not any("anna" in path.name for path in uploads.folder.rglob("*"))


def test_labels_may_be_absent(uploads, family):
    name, subject = uploads.add(pair(fixed_labels=None, moving_labels=None), family)
    root, layout = uploads.datasets[name]
    assert open_dataset(root, layout).case(subject).fixed_labels is None


def test_the_folder_is_this_users_alone_and_goes_when_closed(uploads, family):
    uploads.add(pair(), family)
    folder = uploads.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    uploads.close()
    assert not folder.exists()
    assert uploads.datasets == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"moving": None}, "needs a fixed and a moving image"),
        ({"moving": UploadedFile("notes.nii.gz", io.BytesIO(b"some text" * 99))}, "notes.nii.gz is not compressed"),
        ({"fixed": upload(np.zeros((20, 24, 3), "f4"), "flat.nii.gz")}, "flat.nii.gz is constant"),
        ({"fixed": upload(np.full((20, 24, 3), np.nan, "f4"), "nan.nii.gz")}, "nan.nii.gz holds values"),
        (
            {"fixed_labels": upload(np.full((20, 24, 3), 7, "u1"), "seven.nii.gz")},
            "seven.nii.gz holds labels that the tissue table does not know",
        ),
        (
            {"fixed_labels": upload(np.ones((20, 24, 4), "u1"), "other.nii.gz")},
            "other.nii.gz does not lie on the grid of its image anna-fixed.nii.gz",
        ),
        (
            {
                "moving_labels": None,
                "moving": upload(np.random.default_rng(0).random((20, 24, 3)), "far.nii.gz", np.diag([1, 1, 1, 1.0])),
            },
            "lie in different places",
        ),
    ],
)
def test_what_cannot_be_used_is_a_sentence_without_the_servers_paths(uploads, family, changes, words):
    with pytest.raises(InputError, match=words) as error:
        uploads.add(pair(**changes), family)
    assert str(uploads.folder) not in str(error.value)
    assert uploads.datasets == {}
    assert not any(path.is_file() for path in uploads.folder.rglob("*"))


def test_a_session_holds_so_many_pairs(uploads, family, monkeypatch):
    monkeypatch.setattr(module, "MAX_PAIRS", 1)
    uploads.add(pair(), family)
    with pytest.raises(InputError, match="as many pairs as it may"):
        uploads.add(pair(), family)


def test_what_a_killed_server_left_is_removed_and_a_living_ones_is_not(uploads, family, tmp_path, monkeypatch):
    dead, alive = tmp_path / "elasreg-upload-999999999-x", tmp_path / f"elasreg-upload-{os.getpid()}-y"
    for folder in (dead, alive):
        folder.mkdir()
    uploads.add(pair(), family)
    assert not dead.exists()
    assert alive.exists()

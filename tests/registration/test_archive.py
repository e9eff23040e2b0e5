"""Registrations as one ZIP file."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import nibabel as nib
import numpy as np

from elasreg_core.networks.checkpoint import load_family
from elasreg_core.registration.archive import registrations_zip
from tests.builders import make_family, make_pair, make_registration, shift


def test_every_registration_has_a_folder_that_other_tools_read(tmp_path):
    pair = make_pair()
    made = {"a": make_registration(pair, shift(pair, 2, 0)), "b": make_registration(pair, shift(pair, 0, 1))}
    checkpoint = load_family(make_family(tmp_path / "a")).member("elas-g")
    found = registrations_zip(pair, made, [checkpoint])
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {"a", "b", "provenance.json"}
        assert {"a/warped.nii.gz", "a/displacement_itk.nii.gz", "a/displacement_learn2reg.nii.gz"} <= set(names)
        said = json.loads(archive.read("provenance.json"))
        assert said["pair"] == pair.digest
        assert said["registrations"]["b"] == {
            "checkpoint": "a/elas-g",
            "weights_sha256": checkpoint.card.weights_sha256,
            "displacement": made["b"].digest,
        }
        assert said["versions"]["numpy"] == np.__version__
        assert json.loads(archive.read("a/parameters.json"))["wall"] == {"lambda": 0, "mu": 0.1}
        field = nib.Nifti1Image.from_bytes(gzip.decompress(archive.read("b/displacement_learn2reg.nii.gz")))
    assert np.array_equal(np.asarray(field.dataobj)[0, 0, 0], [0, 1, 0])

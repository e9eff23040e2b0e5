"""Registrations as one ZIP file."""

from __future__ import annotations

import gzip
import io
import zipfile

import nibabel as nib
import numpy as np

from elasreg_core.registration.archive import registrations_zip
from tests.builders import make_pair, make_registration, shift


def test_every_registration_has_a_folder_that_other_tools_read():
    pair = make_pair()
    found = registrations_zip(
        pair, {"a": make_registration(pair, shift(pair, 2, 0)), "b": make_registration(pair, shift(pair, 0, 1))}
    )
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {"a", "b"}
        assert {"a/warped.nii.gz", "a/displacement_itk.nii.gz", "a/displacement_learn2reg.nii.gz"} <= set(names)
        field = nib.Nifti1Image.from_bytes(gzip.decompress(archive.read("b/displacement_learn2reg.nii.gz")))
    assert np.array_equal(np.asarray(field.dataobj)[0, 0, 0], [0, 1, 0])

"""Who the patient is stays where it was: no header field, no path, no file name in anything that is handed on."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.workspace.paths import store_path
from tests.builders import make_volumes, oblique_affine

pytestmark = pytest.mark.slow

SECRETS = ("DOE^JANE", "JaneDoe1970", "St. Elsewhere")  # long ones: pictures in reports are text, too


def write_telling(path: Path, data: np.ndarray) -> None:
    """An image that says whose it is in every place that NIfTI has for words."""
    image = nib.Nifti1Image(data, oblique_affine())
    image.header["descrip"] = b"DOE^JANE, JaneDoe1970"
    image.header["aux_file"] = b"JaneDoe1970.hdr"
    image.header["intent_name"] = b"DOE^JANE"
    for code in ("comment", "dicom", "ecode"):
        image.header.extensions.append(
            nib.nifti1.Nifti1Extension(code if code != "ecode" else 0, b"DOE^JANE, St. Elsewhere")
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)


@pytest.fixture
def data(tmp_path) -> Path:
    """Two subjects, the second one damaged, in a folder that should not have been called so."""
    root = tmp_path / "JaneDoe1970" / "scans"
    for subject in ("s1", "s2"):
        for role, volume in make_volumes().items():
            write_telling(root / subject / f"{role}.nii.gz", volume)
    damaged = root / "s2" / "moving.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    (root / "tissues.json").write_text(json.dumps(["a", "b"]))
    return root


def said_in(path: Path) -> str:
    """All that a file says, unpacked."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return content.decode("latin-1") + path.name


def test_nothing_that_is_handed_on_tells_whose_images_they_are(data, tmp_path, small_family, capfd):
    out = tmp_path / "out"
    cohort = ["--data", str(data), "--dataset", "pairs"]
    search = ["search", "--checkpoint", str(small_family), *cohort, "--grid", "3"]
    assert main([*search, "--out", str(out / "sweep.csv")]) == 2  # one of the two is damaged
    compare = ["compare", "--models", str(small_family), *cohort, "--grid", "3"]
    assert main([*compare, "--out", str(out / "comparison")]) == 2
    files = [w for role in ("fixed", "moving") for w in (f"--{role}", str(tmp_path / f"JaneDoe1970-{role}.nii.gz"))]
    files += [
        w for role in ("fixed", "moving") for w in (f"--{role}-labels", str(data / "s1" / f"{role}_labels.nii.gz"))
    ]
    for role in ("fixed", "moving"):
        write_telling(tmp_path / f"JaneDoe1970-{role}.nii.gz", make_volumes()[role])
    register = ["register", *files, "--checkpoint", str(small_family), "--grid", "3"]
    assert main([*register, "--out", str(out / "registered")]) == 0
    apply = ["apply", "--field", str(out / "registered" / "original" / "displacement_itk.nii.gz")]
    assert main([*apply, "--image", str(data / "s1" / "moving.nii.gz"), "--out", str(out / "warped.nii.gz")]) == 0
    capfd.readouterr()  # sentences on the terminal name files, or nobody would find them

    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) > 30
    told = {(path.name, secret) for path in written for secret in SECRETS if secret.lower() in said_in(path).lower()}
    assert told == set()
    faults = json.loads((out / "comparison" / "comparison.json").read_text())["faults"]
    assert any(fault.startswith("s2/moving.nii.gz ") for fault in faults)  # named within the data set


def test_the_report_calls_a_pair_what_it_is_told_to(data, tmp_path, small_family, capfd):
    files = [
        w
        for role in ("fixed", "moving", "fixed_labels")
        for w in (f"--{role.replace('_', '-')}", str(data / "s1" / f"{role}.nii.gz"))
    ]
    (tmp_path / "own.json").write_text(json.dumps({name: {"lambda": 0, "mu": 0.5} for name in "ab"}))
    register = ["register", *files, "--checkpoint", str(small_family), "--parameters", str(tmp_path / "own.json")]
    assert main([*register, "--id", "case 17", "--out", str(tmp_path / "registered")]) == 0
    assert "case 17: registered with small/elas-sas" in (tmp_path / "registered" / "report.html").read_text()
    assert main([*register, "--out", str(tmp_path / "registered")]) == 0
    assert "pair: registered with small/elas-sas" in (tmp_path / "registered" / "report.html").read_text()


def test_the_store_keeps_subjects_and_numbers_alone(data, tmp_path, small_family, capfd):
    search = ["search", "--checkpoint", str(small_family), "--data", str(data), "--dataset", "pairs", "--grid", "3"]
    assert main([*search, "--subject", "s1"]) == 0
    with sqlite3.connect(store_path()) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert "s1" in dump
    assert [secret for secret in SECRETS if secret.lower() in dump.lower()] == []

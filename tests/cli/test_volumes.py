"""The command line on volumes: search, register, apply and compare, from files on oblique grids of their own."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from elasreg_core.cli import main
from elasreg_core.data.nifti import read_image
from tests.builders import block, oblique_affine, write_nifti

pytestmark = pytest.mark.slow

FIXED, MOVING = (14, 18, 10), (16, 17, 12)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One subject in the pairs layout: two volumes of different shapes and voxel sizes."""
    root = tmp_path_factory.mktemp("volumes")
    folder, rng = root / "s1", np.random.default_rng(3)
    affines = {"fixed": oblique_affine((3.0, 3.0, 4.0)), "moving": oblique_affine((2.8, 3.2, 3.5))}
    for role, shape in (("fixed", FIXED), ("moving", MOVING)):
        write_nifti(folder / f"{role}.nii.gz", rng.random(shape, dtype=np.float32), affines[role])
        labels = block(shape, slice(3, 8), slice(4, 9), 1) + block(shape, slice(3, 8), slice(10, 14), 2)
        write_nifti(folder / f"{role}_labels.nii.gz", labels, affines[role])
    (root / "tissues.json").write_text('["a", "b"]')
    return root


def pair(root):
    files = {role: f"{role.replace('-', '_')}.nii.gz" for role in ("fixed", "moving", "fixed-labels", "moving-labels")}
    return [text for role, name in files.items() for text in (f"--{role}", str(root / "s1" / name))]


def test_a_volume_is_searched_registered_exported_and_opened_again(root, volume_family, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["register", *pair(root), "--checkpoint", str(volume_family), "--grid", "3", "--out", str(out)]
    assert main(command) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["registered"]["mean_dice"] is not None
    assert nib.load(out / "displacement_learn2reg.nii.gz").shape == (16, 20, 12, 3)
    warped = read_image(out / "original" / "warped.nii.gz")
    assert warped.data.shape == FIXED
    np.testing.assert_allclose(warped.affine, oblique_affine((3.0, 3.0, 4.0)), atol=1e-4)
    assert not (out / "original" / "displacement_learn2reg.nii.gz").exists()  # the files' shapes differ

    # the exported field, applied to the moving file, makes the same image again
    field, moving = out / "original" / "displacement_itk.nii.gz", root / "s1" / "moving.nii.gz"
    again = tmp_path / "again.nii.gz"
    assert main(["apply", "--field", str(field), "--image", str(moving), "--out", str(again)]) == 0
    np.testing.assert_allclose(read_image(again).data, warped.data, atol=1e-3)
    assert "14 × 18 × 10 voxels, linear" in capsys.readouterr().out


def test_a_cohort_of_volumes_is_searched_and_compared(root, volume_family, tmp_path):
    data = ["--data", str(root), "--dataset", "pairs", "--grid", "3"]
    sweep = tmp_path / "sweep.csv"
    assert main(["search", "--checkpoint", str(volume_family), *data, "--out", str(sweep)]) == 0
    assert len(pd.read_csv(sweep)) == 2 * 8  # tissues × nodes
    assert main(["compare", "--models", str(volume_family), *data, "--out", str(tmp_path / "table")]) == 0
    rows = pd.read_csv(tmp_path / "table" / "per_subject.csv")
    assert list(rows["model"]) == ["initial", "diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert rows["sd_log_jacobian"].notna().all()


def test_networks_for_slices_take_the_middle_slice_of_a_volume(root, small_family, tmp_path):
    out = tmp_path / "out"
    assert main(["register", *pair(root), "--checkpoint", str(small_family), "--grid", "3", "--out", str(out)]) == 0
    assert read_image(out / "original" / "warped.nii.gz").data.shape == (14, 18, 1)

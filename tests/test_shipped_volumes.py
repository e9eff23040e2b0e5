"""What the shipped checkpoints for volumes promise: on a phantom that they have not seen, and on real volumes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.data.nifti import read_image, read_labels
from elasreg_core.data.phantoms import Cohort
from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.metrics import dice_per_label
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import find_family, open_data

pytestmark = pytest.mark.slow


def test_a_chest_that_was_never_seen_is_registered_by_both_networks(tmp_path):
    data = open_data(ensure_phantom(Cohort("thorax", 1, seed=99, dim=3), tmp_path / "chests"), "lungct")
    family = find_family("thorax-3d")
    assert set(family.members) == {"elas-g", "elas-sas"}
    for checkpoint in family.members.values():
        pair = data.load(data.subjects[0], checkpoint.card.preprocessing)
        before = score_displacement(pair)
        u = Registrar(checkpoint).displacement(pair, ParameterField.uniform((0.1, 0.1), 4))
        after = score_displacement(pair, u)
        assert after.mean_dice > before.mean_dice + 0.03
        assert after.tre_mm < 0.9 * before.tre_mm
        assert after.neg_jacobian_percent < 0.5


def test_a_real_heart_of_thick_slices_is_registered_as_a_volume(real_data, tmp_path):
    patient = real_data / "acdc" / "training" / "patient067"
    if not patient.is_dir():
        pytest.skip(f"no ACDC patient067 in {real_data}")
    files = {"fixed": "frame01", "fixed-labels": "frame01_gt", "moving": "frame10", "moving-labels": "frame10_gt"}
    named = [text for role, of in files.items() for text in (f"--{role}", patient / f"patient067_{of}.nii.gz")]
    metrics = register(tmp_path, *named, "--checkpoint", "cardiac-3d", "--grid", 6)
    assert metrics["initial"]["mean_dice"] == pytest.approx(0.539, abs=0.005)
    assert metrics["registered"]["mean_dice"] > 0.77
    assert metrics["registered"]["neg_jacobian_percent"] < 0.01
    moving, fixed = (read_image(patient / f"patient067_{of}.nii.gz") for of in ("frame10", "frame01"))
    warped = read_image(tmp_path / "out" / "original" / "warped.nii.gz")
    np.testing.assert_allclose(warped.grid.points_mm(), fixed.grid.points_mm(), atol=1e-3)
    assert warped.data.std() > 0.8 * moving.data.std()


def register(tmp_path, *arguments: object) -> dict:
    """Runs `elasreg register`; its metrics."""
    assert main(["register", *map(str, arguments), "--out", str(tmp_path / "out")]) == 0
    return json.loads((tmp_path / "out" / "metrics.json").read_text())


@pytest.mark.long
def test_a_real_lung_is_searched_registered_exported_and_opened_again(real_data, tmp_path):
    lung = real_data / "lung3d_small"
    if not lung.is_dir():
        pytest.skip(f"no lung3d_small in {real_data}")
    points = {}
    for role in ("fixed", "moving"):  # row 20 is an outlier
        points[role] = tmp_path / f"{role}.csv"
        rows = np.loadtxt(lung / f"landmarks_{role}_voxel.csv", delimiter=",")
        np.savetxt(points[role], np.delete(rows, 20, axis=0), delimiter=",", fmt="%.3f")
    fixed, mask = lung / "fixed_baseline_small_REAL.nii.gz", lung / "fixed_lungmask.nii.gz"
    metrics = register(
        tmp_path,
        *("--fixed", fixed, "--fixed-labels", mask, "--fixed-keypoints", points["fixed"]),
        *(
            "--moving",
            lung / "moving_followup_RECONSTRUCTED.nii.gz",
            "--moving-labels",
            lung / "moving_lungmask.nii.gz",
        ),
        *("--moving-keypoints", points["moving"], "--checkpoint", "thorax-3d"),
        *("--grid", 4, "--rule", "most_regular", "--instance-steps", 60),
    )
    assert metrics["initial"]["tre_mm"] == pytest.approx(4.47, abs=0.01)
    assert metrics["registered"]["tre_mm"] < 2.5
    assert metrics["registered"]["dice"]["lung"] > 0.97
    # in the files' own space the warped labels lie on the fixed ones as well
    warped = read_labels(tmp_path / "out" / "original" / "warped_labels.nii.gz")
    assert warped.data.shape == read_image(fixed).data.shape
    assert dice_per_label(warped.data, read_labels(mask).data, 2)[0] > 0.96

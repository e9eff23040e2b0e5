"""`elasreg submission`: fields as Learn2Reg evaluates them, for a whole cohort."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from elasreg_core.cli import main, submission
from elasreg_core.data.nifti import write_volume
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from tests.builders import make_family, write_learn2reg_subject

SETTINGS = Preprocessing((16, 18, 8), 3.0, None, centre="image")
SHIFT_MM = np.array([4.5, -2.5, 7.0])  # along the axes of the files: 3, −1 and 1 of their voxels


class Shifting:
    """A network that moves everything by SHIFT_MM along the array's axes; s2 cannot be registered."""

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint

    def displacement(self, pair, parameters):
        if pair.id.endswith("2"):
            raise InputError("LungCT_0002 is bad.")
        return np.broadcast_to((SHIFT_MM / 3.0).astype("f4"), (*pair.grid_shape, 3)).copy()


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    for number in (1, 2, 3):
        write_learn2reg_subject(tmp_path / "data", f"LungCT_{number:04d}")
    tissues = ("lung", "bone", "liver")
    make_family(tmp_path / "fam", preprocessing=SETTINGS, tissues=tissues)
    (tmp_path / "p.json").write_text(json.dumps({tissue: {"lambda": 0.1, "mu": 0.3} for tissue in tissues}))
    monkeypatch.setattr(submission, "LazyRegistrar", Shifting)
    files = ["--parameters", str(tmp_path / "p.json"), "--out", str(tmp_path / "out")]
    return [
        "submission",
        "--data",
        str(tmp_path / "data"),
        "--dataset",
        "lungct",
        "--checkpoint",
        str(tmp_path / "fam"),
        *files,
    ]


def test_every_subject_has_its_field_and_a_bad_one_costs_nobody_elses(arguments, tmp_path, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "2 of 3 displacement fields" in captured.out
    assert "LungCT_0002 is bad." in captured.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "disp_0001_0001.nii.gz",
        "disp_0003_0003.nii.gz",
        "provenance.json",
    ]
    field = nib.load(tmp_path / "out" / "disp_0001_0001.nii.gz")
    assert field.shape == (20, 24, 3, 3)
    np.testing.assert_allclose(field.get_fdata(), np.broadcast_to([3, -1, 1], field.shape), atol=1e-4)


def test_the_challenges_own_formula_reads_it_as_the_same_motion(arguments, tmp_path):
    # its TRE: the field at the fixed points, linear, added to them, against the moving points, times the spacing
    main(arguments)
    field = nib.load(tmp_path / "out" / "disp_0003_0003.nii.gz").get_fdata()
    fixed = np.array([[5.0, 6.0, 1.0], [10.25, 12.5, 0.5]])
    moving = fixed + np.array([3, -1, 2])
    found = np.array([ndimage.map_coordinates(field[..., k], fixed.T, order=1) for k in range(3)]).T
    tre = np.linalg.norm((fixed + found - moving) * (1.5, 2.5, 7.0), axis=1)
    np.testing.assert_allclose(tre, 7.0, atol=1e-3)  # one voxel through the slices is missing


def test_slices_and_differing_shapes_have_no_submission(arguments, tmp_path, capsys):
    make_family(tmp_path / "flat", preprocessing=Preprocessing((16, 18), 3.0, 2), tissues=("lung", "bone", "liver"))
    flat = [str(tmp_path / "flat") if part == str(tmp_path / "fam") else part for part in arguments]
    assert main(flat) == 2
    assert "registers slices. Expected: a checkpoint for volumes" in capsys.readouterr().err


def test_a_field_is_read_again_before_it_counts(tmp_path):
    write_volume(tmp_path / "fixed.nii", np.zeros((5, 4, 3), "f4"), np.eye(4))
    good, short, broken = (np.zeros((x, 4, 3, 3), "f4") for x in (5, 4, 5))
    broken[0, 0, 0, 0] = np.nan
    for name, data in (("good", good), ("short", short), ("broken", broken)):
        write_volume(tmp_path / f"{name}.nii", data, np.eye(4))
    submission.require_valid(tmp_path / "good.nii", tmp_path / "fixed.nii")
    with pytest.raises(InputError, match=r"not what Learn2Reg evaluates. Expected: shape \(5, 4, 3, 3\)"):
        submission.require_valid(tmp_path / "short.nii", tmp_path / "fixed.nii")
    with pytest.raises(InputError, match="components up to nan"):
        submission.require_valid(tmp_path / "broken.nii", tmp_path / "fixed.nii")

"""Genuine files, where they are at hand (`ELASREG_REAL_DATA`); they are never part of the repository."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.datasets import detect_layout, open_dataset
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.metrics import dice_per_label


def test_an_acdc_patient_loads_in_its_official_layout(real_data):
    root = real_data / "acdc"
    if not (root / "training" / "patient067").is_dir():
        pytest.skip(f"no ACDC patient067 in {root}")
    assert detect_layout(root) == "acdc"
    dataset = open_dataset(root, "acdc")
    case = dataset.case("patient067")
    assert (case.fixed.name, case.moving.name) == ("patient067_frame01.nii.gz", "patient067_frame10.nii.gz")

    pair = dataset.load("patient067", Preprocessing())
    assert (pair.grid_shape, pair.spacing_mm) == ((128, 128), (1.8, 1.8))
    # the sform says 1 × 1 × 1 mm
    assert any("pixdim says 1.367 × 1.367 × 10 mm; took pixdim" in note for note in pair.notes)
    assert np.linalg.norm(pair.affine[:3, 2]) == pytest.approx(10)
    assert set(np.unique(pair.fixed_labels)) == {0, 1, 2, 3}
    # Unregistered, other tools find a mean of .525 on this slice.
    dice = dice_per_label(pair.moving_labels, pair.fixed_labels, 4)
    assert 0.50 < dice.mean() < 0.55, dice

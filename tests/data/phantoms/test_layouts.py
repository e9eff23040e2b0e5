"""Phantoms on disk, read by the loaders of the real data sets."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.datasets import detect_layout, open_dataset
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.metrics import dice_per_label, tre_mm
from elasreg_core.physics.fields import warp_labels

CARDIAC = Preprocessing(grid_shape=(96, 88), spacing_mm=2.5)
CHEST = Preprocessing(grid_shape=(120, 104), spacing_mm=3.0, slice_axis=1, intensity_range=(-980, 1518))


@pytest.mark.parametrize(
    ("name", "layout", "subjects", "settings"),
    [
        ("hearts", "acdc", ("patient001", "patient002"), CARDIAC),
        ("coronal", "nlst", ("NLST_0001", "NLST_0002"), CHEST),
        ("mixed", "nlst", ("NLST_0001", "NLST_0002", "NLST_0003"), CHEST),
    ],
)
def test_the_loader_of_the_real_data_reads_them(cohorts, name, layout, subjects, settings):
    root = cohorts[name].root
    assert cohorts[name].subjects == subjects
    assert detect_layout(root) == layout
    dataset = open_dataset(root, layout)
    assert (dataset.subjects, dataset.faults) == (subjects, ())
    for subject in subjects:
        pair = dataset.load(subject, settings)
        assert pair.grid_shape == settings.grid_shape
        assert pair.notes == ()
        assert {1, 2} <= set(np.unique(pair.fixed_labels)) <= {0, 1, 2, 3}
        # the true motion, carried to the pair's grid, aligns the labels and the landmarks there
        u = pair.truth.displacement
        before = dice_per_label(pair.moving_labels, pair.fixed_labels, 4)
        after = dice_per_label(warp_labels(pair.moving_labels, u), pair.fixed_labels, 4)
        assert np.nanmean(after) > max(0.8, np.nanmean(before))
        if pair.keypoints is not None:
            still = np.zeros_like(u)
            assert tre_mm(pair.keypoints, u, pair.spacing_mm) < 0.3 < tre_mm(pair.keypoints, still, pair.spacing_mm)


def test_a_mixed_cohort_shows_both_planes(cohorts):
    written = cohorts["mixed"]
    shapes = {written.array(f"imagesTr/{subject}_0000.nii.gz").shape for subject in written.subjects}
    assert shapes == {(192, 1, 176), (192, 144, 1)}


def test_a_heart_looks_like_acdc(cohorts):
    written = cohorts["hearts"]
    folder = written.root / "training" / "patient001"
    assert sorted(path.name for path in folder.iterdir()) == [
        "Info.cfg",
        *(f"patient001_frame{frame}.nii.gz" for frame in ("01", "01_gt", "12", "12_gt")),
    ]
    image = nib.load(folder / "patient001_frame01.nii.gz")
    assert (image.shape, image.header.get_zooms()) == ((184, 176, 1), (1.5, 1.5, 10.0))
    assert image.get_data_dtype() == np.int16
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")
    assert np.asarray(image.dataobj).min() >= 0
    pair = open_dataset(written.root, "acdc").load("patient001", CARDIAC)
    assert pair.group == "PHANTOM"
    assert pair.keypoints is None  # ACDC has none
    assert (pair.fixed_labels == 3).sum() > (pair.moving_labels == 3).sum()  # fixed is end diastole


def check_learn2reg(written, name, points):
    """Files of a Learn2Reg cohort: images in HU, lung masks, points as in the truth, and the table of pairs."""
    root = written.root
    for subject in written.subjects:
        truth = np.loadtxt(root / "truth" / subject / "landmarks.csv", delimiter=",", skiprows=1)
        for frame, columns in (("0000", slice(3)), ("0001", slice(3, 6))):
            image = nib.load(root / f"imagesTr/{subject}_{frame}.nii.gz")
            assert image.get_data_dtype() == np.int16
            assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
            assert -1024 <= np.asarray(image.dataobj).min() < -900
            labels, mask = (written.array(f"{kind}Tr/{subject}_{frame}.nii.gz") for kind in ("labels", "masks"))
            np.testing.assert_array_equal(mask, labels == 1)
            found = np.loadtxt(root / f"{points}Tr/{subject}_{frame}.csv", delimiter=",")
            np.testing.assert_allclose(found, truth[:, columns], atol=6e-4)  # three decimals
    table = json.loads((root / f"{name}_dataset.json").read_text())
    assert table["numPairedTraining"] == len(written.subjects)
    assert [pair["fixed"] for pair in table["training_paired_images"]] == [
        f"./imagesTr/{subject}_0000.nii.gz" for subject in written.subjects
    ]
    assert [pair["moving"] for pair in table["training_paired_images"]] == [
        f"./imagesTr/{subject}_0001.nii.gz" for subject in written.subjects
    ]


@pytest.mark.parametrize("name", ["coronal", "mixed"])
def test_a_chest_looks_like_nlst(cohorts, name):
    check_learn2reg(cohorts[name], "NLST", "keypoints")


@pytest.mark.slow
def test_a_chest_in_3d_looks_like_lungct(volumes):
    written = volumes["chests"]
    assert written.subjects == ("LungCT_0001",)
    check_learn2reg(written, "LungCT", "landmarks")
    dataset = open_dataset(written.root, "lungct")
    settings = Preprocessing((28, 20, 24), 9.0, slice_axis=None, intensity_range=(-980, 1518))
    pair = dataset.load("LungCT_0001", settings)
    assert (pair.grid_shape, dataset.faults) == ((28, 20, 24), ())
    assert len(pair.keypoints) > 40
    assert tre_mm(pair.keypoints, pair.truth.displacement, pair.spacing_mm) < 1
    coronal = dataset.load("LungCT_0001", CHEST)
    assert coronal.grid_shape == (120, 104)


@pytest.mark.slow
def test_a_heart_in_3d_looks_like_acdc(volumes):
    written = volumes["hearts"]
    image = nib.load(written.root / "training/patient001/patient001_frame01.nii.gz")
    assert (image.shape, image.header.get_zooms()) == ((34, 30, 5), (4.5, 5.0, 11.0))
    volume = open_dataset(written.root, "acdc").load("patient001", Preprocessing((32, 28, 8), 5.0, slice_axis=None))
    assert set(np.unique(volume.fixed_labels)) == {0, 1, 2, 3}
    plane = open_dataset(written.root, "acdc").load("patient001", CARDIAC)  # the middle slice
    assert (plane.fixed_labels == 3).sum() > (plane.moving_labels == 3).sum()

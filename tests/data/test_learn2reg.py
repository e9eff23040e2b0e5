"""NLST and LungCT in Learn2Reg's layout."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.errors import InputError
from tests.builders import PREPROCESSING, write_learn2reg_subject, write_points

NAMES = {"nlst": "NLST", "lungct": "LungCT"}


def add_points(root, kind, subject, split="Tr", images=(0, 1)):
    for image in images:
        write_points(root / f"{kind}{split}" / f"{subject}_000{image}.csv", [(9, 12, 1), (8, 11, 1)])


@pytest.mark.parametrize("layout", NAMES)
def test_the_fixed_image_is_0000_and_the_moving_one_0001(tmp_path, layout):
    subject = f"{NAMES[layout]}_0007"
    write_learn2reg_subject(tmp_path, subject)
    dataset = open_dataset(tmp_path, layout)
    (case,) = dataset.cases
    assert (dataset.layout, dataset.faults, case.id) == (layout, (), subject)
    assert case.fixed == tmp_path / "imagesTr" / f"{subject}_0000.nii.gz"
    assert case.moving == tmp_path / "imagesTr" / f"{subject}_0001.nii.gz"
    assert case.fixed_labels == tmp_path / "labelsTr" / f"{subject}_0000.nii.gz"
    assert case.moving_labels == tmp_path / "labelsTr" / f"{subject}_0001.nii.gz"
    assert (case.fixed_keypoints, case.moving_keypoints, case.group) == (None, None, None)


def test_a_chest_loads_with_its_three_tissues_and_its_keypoints(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001")
    add_points(tmp_path, "keypoints", "NLST_0001")
    pair = open_dataset(tmp_path, "nlst").load("NLST_0001", PREPROCESSING)
    assert pair.tissues.names == ("lung", "bone", "liver")
    assert set(np.unique(pair.fixed_labels)) == {0, 1, 2}
    assert len(pair.keypoints) == 2


def test_both_splits_are_listed_in_the_order_of_the_subjects(tmp_path):
    for number, split in ((21, "Ts"), (3, "Tr"), (1, "Ts"), (2, "Tr")):
        write_learn2reg_subject(tmp_path, f"LungCT_{number:04d}", split)
    dataset = open_dataset(tmp_path, "lungct")
    assert dataset.subjects == ("LungCT_0001", "LungCT_0002", "LungCT_0003", "LungCT_0021")
    assert dataset.case("LungCT_0021").fixed_labels.parent.name == "labelsTs"


def test_without_label_maps_the_lung_masks_stand_in(tmp_path):
    write_learn2reg_subject(tmp_path, "LungCT_0001", labels="masks")
    (case,) = open_dataset(tmp_path, "lungct").cases
    assert case.fixed_labels == tmp_path / "masksTr" / "LungCT_0001_0000.nii.gz"
    assert case.moving_labels == tmp_path / "masksTr" / "LungCT_0001_0001.nii.gz"


def test_masks_do_not_mix_with_label_maps(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001", labels="masks")
    write_learn2reg_subject(tmp_path, "NLST_0002")
    unlabelled, labelled = open_dataset(tmp_path, "nlst").cases
    assert (unlabelled.moving_labels, unlabelled.fixed_labels) == (None, None)
    assert labelled.fixed_labels.parent.name == "labelsTr"


def test_landmarks_are_preferred_to_keypoints_where_they_are(tmp_path):
    for subject in ("LungCT_0001", "LungCT_0002", "LungCT_0003"):
        write_learn2reg_subject(tmp_path, subject)
    for kind, subject in (("landmarks", 1), ("keypoints", 1), ("keypoints", 2)):
        add_points(tmp_path, kind, f"LungCT_000{subject}")
    cases = open_dataset(tmp_path, "lungct").cases
    assert [case.fixed_keypoints and case.fixed_keypoints.parent.name for case in cases] == [
        "landmarksTr",
        "keypointsTr",
        None,
    ]
    assert cases[0].moving_keypoints == tmp_path / "landmarksTr" / "LungCT_0001_0001.csv"


def test_nlst_has_no_landmarks(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001")
    add_points(tmp_path, "landmarks", "NLST_0001")
    assert open_dataset(tmp_path, "nlst").cases[0].fixed_keypoints is None


def test_keypoints_of_one_image_are_not_passed_over(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001")
    add_points(tmp_path, "keypoints", "NLST_0001", images=(1,))
    with pytest.raises(InputError, match=r"NLST_0001_0001\.csv has no partner"):
        open_dataset(tmp_path, "nlst").load("NLST_0001", PREPROCESSING)


@pytest.mark.parametrize(
    ("remove", "received"),
    [
        (("0001",), "no imagesTr/NLST_0002_0001.nii.gz."),
        (("0000",), "no imagesTr/NLST_0002_0000.nii.gz."),
        (("0000", "0001"), "no imagesTr/NLST_0002_0000.nii.gz and no imagesTr/NLST_0002_0001.nii.gz."),
    ],
)
def test_an_incomplete_subject_is_a_fault_and_the_others_stay(tmp_path, remove, received):
    for subject in ("NLST_0001", "NLST_0002"):
        write_learn2reg_subject(tmp_path, subject)
    for image in remove:
        (tmp_path / "imagesTr" / f"NLST_0002_{image}.nii.gz").unlink()
    dataset = open_dataset(tmp_path, "nlst")
    assert dataset.subjects == ("NLST_0001",)
    assert dataset.faults == (
        "NLST_0002 is incomplete. "
        "Expected: imagesTr/NLST_0002_0000.nii.gz (fixed) and NLST_0002_0001.nii.gz (moving). "
        f"Received: {received}",
    )


def test_a_subject_in_both_splits_is_taken_once_and_said_to_be_there_twice(tmp_path):
    for split in ("Tr", "Ts"):
        write_learn2reg_subject(tmp_path, "NLST_0030", split)
    dataset = open_dataset(tmp_path, "nlst")
    assert [case.fixed.parent.name for case in dataset.cases] == ["imagesTr"]
    assert dataset.faults == ("NLST_0030 is in Tr and in Ts. Cure: Keep one of them; took Tr.",)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("nlst", r"like NLST. Expected: imagesTr/{NLST_0001_0000\.nii\.gz \(fixed\).*masksTr/, .* in keypointsTr/\."),
        ("lungct", r"like LungCT. Expected: imagesTr/{LungCT_0001_.* in landmarksTr/ or keypointsTr/\."),
    ],
)
def test_another_folder_is_answered_with_the_layout(tmp_path, layout, expected):
    other = next(name for key, name in NAMES.items() if key != layout)
    write_learn2reg_subject(tmp_path, f"{other}_0001")
    (tmp_path / f"{NAMES[layout]}_dataset.json").write_text("{}")
    with pytest.raises(InputError, match=f"does not look {expected} Received: no file named .*Cure: Point at"):
        open_dataset(tmp_path, layout)


def test_masks_without_images_are_answered_with_the_missing_images(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001", labels="masks")
    for path in (tmp_path / "imagesTr").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"does not look like NLST.*NLST_0001 is incomplete.*no imagesTr/NLST_0001_00"):
        open_dataset(tmp_path, "nlst")

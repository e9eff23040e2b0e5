"""`check_dataset`: bad subjects become sentences, the rest goes on."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.check import check_dataset
from elasreg_core.data.datasets import open_dataset
from tests.builders import (
    block,
    make_volumes,
    oblique_affine,
    write_acdc_patient,
    write_learn2reg_subject,
    write_nifti,
    write_pair_folder,
    write_points,
)


def test_a_sound_subject_is_described(tmp_path):
    write_pair_folder(tmp_path, moving_labels=None)
    checked = check_dataset(open_dataset(tmp_path, "pairs"))
    assert checked.faults == ()
    assert checked.notes == ()
    (row,) = checked.table.to_dict("records")
    assert row == {
        "subject": "s1",
        "group": "",
        "shape": "20×24×3",
        "spacing_mm": "1.5×2.5×7",
        "orientation": "RAS",  # turned by less than 45° about each axis
        "fixed_labels": "0 1 2",
        "moving_labels": "none",
        "keypoints": "none",
    }


def test_keypoints_are_counted_and_those_beside_their_image_reported(tmp_path):
    # 20 × 24 × 3 voxels: (19.5, 0, 1) is the very rim, (20, 0, 1) and (3, -1, 1) are beyond it
    folder = write_pair_folder(tmp_path)
    write_points(folder / "fixed_keypoints.csv", [(9, 10, 1), (19.5, 0, 1), (20, 0, 1)])
    write_points(folder / "moving_keypoints.csv", [(9, 10, 1), (3, -1, 1), (3, 23.5, 1)])
    checked = check_dataset(open_dataset(tmp_path, "pairs"))
    assert checked.faults == ()
    assert checked.table["keypoints"].tolist() == ["3"]
    assert checked.notes == (
        "s1: 1 of 3 fixed keypoints outside of their image.",
        "s1: 1 of 3 moving keypoints outside of their image.",
    )


def test_keypoints_without_a_partner_are_a_fault(tmp_path):
    write_points(write_pair_folder(tmp_path) / "fixed_keypoints.csv", [(9, 10, 1)])
    (fault,) = check_dataset(open_dataset(tmp_path, "pairs")).faults
    assert "fixed_keypoints.csv has no partner" in fault


def test_the_orientation_is_the_affines(tmp_path):
    affine = np.diag([-2.0, -2.0, 5.0, 1.0])[:, [0, 2, 1, 3]]  # axis 1 of the array runs towards the head
    for role, volume in make_volumes().items():
        write_nifti(tmp_path / "s1" / f"{role}.nii", volume, affine)
    checked = check_dataset(open_dataset(tmp_path, "pairs"))
    assert checked.table["orientation"].tolist() == ["LSP"]
    assert checked.table["spacing_mm"].tolist() == ["2×5×2"]


def test_every_bad_subject_is_one_fault_and_the_good_one_stays(tmp_path):
    noise = make_volumes()["moving"]
    not_finite = noise.astype(np.float32)
    not_finite[3, 4, 1] = np.nan
    write_pair_folder(tmp_path, "a-good")
    write_pair_folder(tmp_path, "b-constant", moving=np.full_like(noise, 42))
    write_pair_folder(tmp_path, "c-nan", fixed=not_finite)
    write_pair_folder(tmp_path, "d-labels", fixed_labels=block(noise.shape, slice(2, 4), slice(2, 4), 7))
    write_pair_folder(tmp_path, "e-grid", moving_labels=np.zeros((20, 23, 3), np.uint8))
    write_nifti(write_pair_folder(tmp_path, "f-affine") / "fixed_labels.nii.gz", noise // 450, np.eye(4))
    (write_pair_folder(tmp_path, "g-text") / "moving.nii.gz").write_text("hello")
    write_pair_folder(tmp_path, "h-half", fixed=None)

    seen = []
    checked = check_dataset(open_dataset(tmp_path, "pairs"), seen.append)
    assert checked.table["subject"].tolist() == ["a-good"]
    assert seen == ["a-good", "b-constant", "c-nan", "d-labels", "e-grid", "f-affine", "g-text"]
    words = {
        "h-half": "it needs both",
        "b-constant": "is constant. Expected: an image. Received: 42 everywhere",
        "c-nan": "not finite",
        "d-labels": "labels that the tissue table does not know. Expected: 0 background, 1 wall, 2 pool. Received: 7",
        "e-grid": "does not lie on the grid",
        "f-affine": "another affine",
        "g-text": "cannot be read as an image",
    }
    assert len(checked.faults) == len(words)
    for fault, (subject, sentence) in zip(checked.faults, words.items(), strict=True):
        assert subject in fault
        assert sentence in fault


@pytest.mark.parametrize("where", ["frame", "_gt"])  # in all four files, in the two label maps only
def test_a_contradicting_header_is_a_note_not_a_fault(tmp_path, where):
    write_acdc_patient(tmp_path)
    spacing_mm = (1.367, 1.367, 10)
    for path in (tmp_path / "patient001").glob("*.nii.gz"):
        role = "fixed" if "frame01" in path.name else "moving"
        data = make_volumes()[f"{role}_labels" if "_gt" in path.name else role]
        sform = oblique_affine((1, 1, 1) if where in path.name else spacing_mm)
        write_nifti(path, data, sform, pixdim=spacing_mm)
    checked = check_dataset(open_dataset(tmp_path, "acdc"))
    assert checked.faults == ()
    assert checked.table["spacing_mm"].tolist() == ["1.367×1.367×10"]
    assert len(checked.notes) == 1
    assert "pixdim says 1.367 × 1.367 × 10 mm" in checked.notes[0]
    assert "patient001" in checked.notes[0]


def test_images_in_different_places_do_not_belong_together(tmp_path):
    folder = write_pair_folder(tmp_path)
    write_nifti(folder / "moving.nii.gz", make_volumes()["moving"], oblique_affine(origin_mm=(400, 25, 110)))
    (folder / "moving_labels.nii.gz").unlink()
    (fault,) = check_dataset(open_dataset(tmp_path, "pairs")).faults
    assert "fixed.nii.gz and moving.nii.gz lie in different places." in fault
    assert "Cure: Check that they belong together" in fault


def test_what_is_odd_about_a_pair_is_a_note(tmp_path):
    # half of the fixed image's 20 × 1.5 mm lie beyond a moving image that starts 20 mm further on, with a shear of 1°
    shifted, slanted = oblique_affine(), oblique_affine()
    shifted[:3, 3] += shifted[:3, 0] * 14
    slanted[:3, 1] += np.tan(np.radians(1)) * slanted[:3, 0] / 1.5 * 2.5
    volumes = make_volumes()
    folder = write_pair_folder(tmp_path / "a", moving_labels=None)
    write_nifti(folder / "moving.nii.gz", volumes["moving"], shifted)
    notes = check_dataset(open_dataset(tmp_path / "a", "pairs")).notes
    assert notes[0].startswith("s1: Only 3")  # a third or so
    assert notes[1] == "s1: The moving image has a grid of its own: 20×24×3 at 1.5×2.5×7 mm."

    folder = write_pair_folder(tmp_path / "b", moving=volumes["fixed"], moving_labels=3 - 3 * volumes["fixed_labels"])
    assert check_dataset(open_dataset(tmp_path / "b", "pairs")).faults  # label 253
    folder = write_pair_folder(tmp_path / "c", moving=volumes["fixed"], moving_labels=volumes["fixed_labels"] % 2)
    assert check_dataset(open_dataset(tmp_path / "c", "pairs")).notes == (
        "s1: The fixed and the moving image are the same.",
        "s1: Labels 2 are in one of the images only.",
    )

    folder = write_pair_folder(tmp_path / "d", moving_labels=None, fixed_labels=None)
    for role in ("fixed", "moving"):
        write_nifti(folder / f"{role}.nii.gz", volumes[role], slanted)
    assert check_dataset(open_dataset(tmp_path / "d", "pairs")).notes == ("s1: The axes are 1° from perpendicular.",)


def test_missing_tissue_maps_of_chests_come_with_the_commands_that_make_them(tmp_path):
    write_learn2reg_subject(tmp_path, "NLST_0001")
    assert not any("TotalSegmentator" in note for note in check_dataset(open_dataset(tmp_path, "nlst")).notes)
    (tmp_path / "labelsTr" / "NLST_0001_0001.nii.gz").unlink()
    note = check_dataset(open_dataset(tmp_path, "nlst")).notes[-1]
    assert "TotalSegmentator -i imagesTr/NAME.nii.gz" in note
    assert "elasreg data tissues NAME_classes.nii.gz --out labelsTr/NAME.nii.gz" in note

"""TotalSegmentator's classes become the tissues of a chest."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.cli import main
from elasreg_core.data.nifti import read_labels
from elasreg_core.data.tissues import CARDIAC
from elasreg_core.data.totalsegmentator import merge_tissues
from elasreg_core.errors import InputError
from tests.builders import oblique_affine, write_nifti

SHAPE = (6, 5, 4)


def with_classes(*numbers: int) -> np.ndarray:
    """A label map whose first voxels are these classes."""
    labels = np.zeros(SHAPE, np.uint8)
    labels.flat[: len(numbers)] = numbers
    return labels


def test_a_label_map_of_version_2(tmp_path):
    # spleen 1, liver 5, lung lobes 10 and 14, sacrum 25, S1 26, C1 50, heart 51, first and last rib 92, 115,
    # sternum 116, costal cartilages 117
    path = write_nifti(tmp_path / "ml.nii.gz", with_classes(1, 5, 10, 14, 25, 26, 50, 51, 92, 115, 116, 117))
    merged = merge_tissues(path)
    np.testing.assert_array_equal(merged.data.ravel()[:13], [0, 3, 1, 1, 0, 2, 2, 0, 2, 2, 2, 0, 0])
    np.testing.assert_allclose(merged.affine, oblique_affine(), atol=1e-5)


def test_a_label_map_of_version_1(tmp_path):
    # lung lobes 13 and 17, vertebrae L5 18 and C1 41, esophagus 42, ribs 58 and 81, humerus 82
    path = write_nifti(tmp_path / "ml.nii.gz", with_classes(13, 17, 18, 41, 42, 58, 81, 82, 5))
    np.testing.assert_array_equal(merge_tissues(path, version=1).data.ravel()[:9], [1, 1, 2, 2, 0, 2, 2, 0, 3])


def test_a_folder_of_classes(tmp_path):
    names = ("liver", "lung_upper_lobe_left", "lung_middle_lobe_right", "lung_vessels", "vertebrae_T7", "rib_left_11")
    for place, name in enumerate((*names, "sternum", "heart")):
        mask = np.zeros(SHAPE, np.uint8)
        mask.flat[place] = 1
        write_nifti(tmp_path / f"{name}.nii.gz", mask)
    np.testing.assert_array_equal(merge_tissues(tmp_path).data.ravel()[:9], [3, 1, 1, 0, 2, 2, 2, 0, 0])


def test_classes_on_different_grids_are_refused(tmp_path):
    write_nifti(tmp_path / "liver.nii.gz", with_classes(1))
    write_nifti(tmp_path / "sternum.nii.gz", with_classes(1), oblique_affine((3, 3, 3)))
    with pytest.raises(InputError, match="another affine than its image"):
        merge_tissues(tmp_path)


def test_what_is_no_segmentation_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds none of the tissues lung, bone, liver.*Received: no such file"):
        merge_tissues(tmp_path)
    path = write_nifti(tmp_path / "ml.nii.gz", with_classes(1, 2))
    with pytest.raises(InputError, match="Received: a map without their numbers. Cure: .*the version that wrote it"):
        merge_tissues(path)


def test_the_command_writes_the_map_and_counts(tmp_path, capsys):
    path = write_nifti(tmp_path / "ml.nii.gz", with_classes(5, 10, 10, 116))
    out = tmp_path / "labelsTr" / "NLST_0001_0000.nii.gz"
    assert main(["data", "tissues", str(path), "--out", str(out)]) == 0
    assert "1 lung 2 voxels, 2 bone 1 voxels, 3 liver 1 voxels." in capsys.readouterr().out
    np.testing.assert_array_equal(read_labels(out).data, merge_tissues(path).data)


def test_other_tissues_in_the_order_that_is_asked_for(tmp_path, capsys):
    path = write_nifti(tmp_path / "ml.nii.gz", with_classes(5, 10, 26))
    out = tmp_path / "labels.nii.gz"
    assert main(["data", "tissues", str(path), "--tissues", "liver", "lung", "--out", str(out)]) == 0
    np.testing.assert_array_equal(read_labels(out).data.ravel()[:4], [1, 2, 0, 0])
    assert "1 liver 1 voxels, 2 lung 1 voxels." in capsys.readouterr().out


def test_a_tissue_without_a_class_is_refused(tmp_path):
    with pytest.raises(InputError, match="not find these tissues. Expected: some of bone, liver, lung. Received: RV"):
        merge_tissues(tmp_path, table=CARDIAC)

"""Files of results compared with themselves made again."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.evaluation.agreement import agreement, is_comparable


def compared(tmp_path, name, old, new):
    for folder, content in (("old", old), ("new", new)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content)
    return agreement(name, tmp_path / "old" / name, tmp_path / "new" / name)


@pytest.mark.parametrize(
    ("old", "new", "largest", "text"),
    [
        ("a,b\n1,x\n", "a,b\n1,x\n", 0, "identical"),
        ("a,b\n1.0,x\n", "a,b\n1,x\n", 0, "identical"),
        ("a,seconds\n1,2\n", "a,seconds\n1,3\n", 0, "identical"),
        ("a,b\n1,nan\n", "a,b\n1,NaN\n", 0, "identical"),
        ("a,b\n200,x\n100,y\n", "a,b\n200,x\n101,y\n", 0.01, "differs by 0.01 at most, in row 2, a"),  # 1 of 100
        ("a,b\n0.5,x\n", "a,b\n0.25,x\n", 0.25, "differs by 0.25 at most, in row 1, a"),  # absolute below 1
        ("a,b\n1,x\n", "a,b\n1,y\n", np.inf, "row 1, b is another"),
        ("a,b\n1,2\n", "a,b\n1,nan\n", np.inf, "row 1, b is another"),
        ("a,b\n1,x\n", "a,c\n1,x\n", np.inf, "2 entries are in one of the two alone, such as row 1, b"),
        ("a,b\n1,x\n", "a,b\n1,x\n2,x\n", np.inf, "2 entries are in one of the two alone, such as row 2, a"),
        ("", "a\n1\n", np.inf, "1 entries are in one of the two alone, such as row 1, a"),
    ],
)
def test_tables(tmp_path, old, new, largest, text):
    found = compared(tmp_path, "t.csv", old, new)
    assert found.largest == pytest.approx(largest)
    assert str(found) == text
    assert found.holds(1e-3) == (largest == 0)


def test_json_is_compared_value_by_value_and_times_are_left_out(tmp_path):
    old = {"dice": {"lung": 0.9}, "nodes": [1, 2], "seconds": {"register": 1}, "provenance": {"x": 1}, "tre": None}
    new = {"dice": {"lung": 0.9}, "nodes": [1, 4], "seconds": {"register": 2}, "provenance": {"x": 2}, "tre": None}
    found = compared(tmp_path, "m.json", json.dumps(old), json.dumps(new))
    assert (found.largest, found.where) == (2 / 2, "nodes.1")


def test_text_and_missing_files(tmp_path):
    assert str(compared(tmp_path, "t.md", "| a |", "| b |")) == "its text differs"
    assert str(agreement("t.md", tmp_path / "old" / "t.md", tmp_path / "gone.md")) == "it is not made any more"


def test_images_by_voxels_shape_and_place(tmp_path):
    data = np.zeros((4, 3, 2), dtype=np.float32)
    data[1, 2, 0] = 10

    def written(name, array, affine):
        nib.save(nib.Nifti1Image(array, affine), tmp_path / name)
        return tmp_path / name

    old = written("old.nii.gz", data, np.eye(4))
    assert str(agreement("i.nii.gz", old, written("a.nii.gz", data, np.eye(4)))) == "identical"
    other = data.copy()
    other[1, 2, 0] = 10.5  # 0.5 of 10
    found = agreement("i.nii.gz", old, written("b.nii.gz", other, np.eye(4)))
    assert str(found) == "differs by 0.05 at most, in its voxels"
    moved = agreement("i.nii.gz", old, written("c.nii.gz", data, np.diag([1, 1, 1.25, 1])))
    assert moved.largest == 0.25
    assert "its shape is another, (4, 3, 1) for (4, 3, 2)" in str(
        agreement("i.nii.gz", old, written("d.nii.gz", data[:, :, :1], np.eye(4)))
    )
    other[0, 0, 0] = np.nan
    assert "not all finite" in str(agreement("i.nii.gz", old, written("e.nii.gz", other, np.eye(4))))


def test_pictures_and_reports_are_not_data():
    names = ("sweep.csv", "metrics.json", "warped.nii.gz", "table.md", "table.tex", "summary.png", "report.html")
    assert [is_comparable(name) for name in names] == [True] * 5 + [False] * 2

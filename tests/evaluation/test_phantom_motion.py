"""What a phantom cohort is: a table from the truth on disk."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.evaluation.phantom_motion import phantom_motion, summary

SPACING_MM = (1.5, 2.0, 9.0)
TISSUES = """material,name,label,youngs_modulus_kpa,poisson_ratio,lambda_kpa,mu_kpa,source
0,air,0,0.05,0,0,0.025,no tissue
1,lung,1,{lung},0.25,{lung},1,a paper
2,liver,3,7,0.45,1,2,another
3,bone,2,7,0.3,1,2,nowhere in this image
"""


@pytest.fixture
def cohort(tmp_path):
    for number, (subject, step, lung) in enumerate((("s1", 3.0, 2.5), ("s2", 1.0, 4.0))):
        folder = tmp_path / "truth" / subject
        folder.mkdir(parents=True)
        materials = np.zeros((8, 6, 1), np.uint8)
        materials[2:5], materials[5:] = 1, 2
        vectors = np.zeros((8, 6, 1, 3), np.float32)
        vectors[2:5, ..., 1] = step  # the lung moves along the second axis, of 2 mm
        affine = np.diag([-SPACING_MM[0], *SPACING_MM[1:], 1.0])
        nib.save(nib.Nifti1Image(vectors, affine), folder / "displacement.nii.gz")
        nib.save(nib.Nifti1Image(materials, affine), folder / "materials.nii.gz")
        (folder / "tissues.csv").write_text(TISSUES.format(lung=lung), encoding="utf-8")
        assert number < 2
    return tmp_path


def test_motion_is_in_millimetres_per_tissue(cohort):
    motion = phantom_motion(cohort).set_index(["subject", "tissue"])
    assert list(motion.index) == [("s1", "lung"), ("s1", "liver"), ("s2", "lung"), ("s2", "liver")]  # no air, no bone
    assert motion.loc[("s1", "lung"), ["mean_mm", "p95_mm", "largest_mm"]].tolist() == [6.0, 6.0, 6.0]
    assert motion.loc[("s2", "lung"), "mean_mm"] == 2.0
    assert motion.loc[("s1", "liver"), "largest_mm"] == 0.0
    # the slab is sheared against its neighbours, not squeezed: ∂_x u_y leaves det J at 1
    assert motion["volume_ratio"].tolist() == [1.0] * 4


def test_the_summary_is_over_the_subjects(cohort):
    lung = summary(phantom_motion(cohort)).set_index("tissue").loc["lung"]
    assert lung["subjects"] == 2
    assert lung["E (kPa)"] == "2.5–4"
    assert lung["moves (mm)"] == "4.0 (2.0)"  # 6 and 2


def test_a_folder_without_truth_says_so(tmp_path):
    with pytest.raises(InputError, match="holds no truth. Expected: truth/<subject>/"):
        phantom_motion(tmp_path)

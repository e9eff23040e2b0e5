"""Genuine files, where they are at hand (`ELASREG_REAL_DATA`); they are never part of the repository."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.datasets import detect_layout, open_dataset
from elasreg_core.data.keypoints import read_points
from elasreg_core.data.nifti import read_image, read_labels, write_volume
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import CARDIAC, THORAX
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.metrics import dice_per_label
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.export import write_in_original_space
from elasreg_core.registration.field_files import read_field
from elasreg_core.registration.registered import Registration


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


def test_lungct_without_its_images_names_them(real_data):
    root = real_data / "lungct"
    if not root.is_dir():
        pytest.skip(f"no LungCT in {real_data}")
    if (root / "imagesTr").is_dir():
        pytest.skip(f"{root} has its images")
    with pytest.raises(InputError, match=r"LungCT_0001 is incomplete.*Received: no imagesTr/LungCT_0001_0000\.nii\.gz"):
        open_dataset(root, "lungct")


@pytest.mark.parametrize(("subject", "n", "initial_mm"), [("LungCT_0001", 81, 20.2), ("LungCT_0002", 100, 15.6)])
def test_lungct_landmarks_have_their_published_distance_on_a_coarse_grid_too(real_data, subject, n, initial_mm):
    root = real_data / "lungct"
    if not (root / "landmarksTr" / f"{subject}_0000.csv").is_file():
        pytest.skip(f"no LungCT landmarks in {root}")
    fixed, moving = (root / "masksTr" / f"{subject}_000{image}.nii.gz" for image in (0, 1))
    points = [root / "landmarksTr" / f"{subject}_000{image}.csv" for image in (1, 0)]
    # the masks stand in for the images, which are not at hand
    case = Case(subject, moving, fixed, moving, fixed, None, *points)
    pair = load_case(case, Preprocessing((104, 76, 100), 4.0, None, (0, 100)), THORAX)
    assert (len(pair.keypoints), pair.notes) == (n, ())
    assert score_displacement(pair).tre_mm == pytest.approx(initial_mm, abs=0.05)


@pytest.mark.parametrize(("subject", "initial_mm"), [("LungCT_0001", 20.2), ("LungCT_0002", 15.6)])
def test_landmarks_keep_their_distance_where_x_and_y_are_flipped_as_in_the_old_layout(
    real_data, tmp_path, subject, initial_mm
):
    root = real_data / "lungct"
    if not (root / "landmarksTr" / f"{subject}_0000.csv").is_file():
        pytest.skip(f"no LungCT landmarks in {root}")
    files = {}
    for image in (0, 1):
        mask = read_labels(root / "masksTr" / f"{subject}_000{image}.nii.gz")
        points = read_points(root / "landmarksTr" / f"{subject}_000{image}.csv")
        last = np.array(mask.data.shape[:2]) - 1
        flip = np.diag([-1.0, -1.0, 1.0, 1.0])
        flip[:2, 3] = last  # voxel i of the flipped file is voxel last − i
        files[image] = tmp_path / f"case_001_{image}.nii.gz"
        write_volume(files[image], mask.data[::-1, ::-1], mask.affine @ flip)
        points[:, :2] = last - points[:, :2]
        np.savetxt(tmp_path / f"{image}.csv", points, delimiter=",")
    keypoints = tmp_path / "1.csv", tmp_path / "0.csv"
    case = Case(subject, files[1], files[0], files[1], files[0], None, *keypoints)
    pair = load_case(case, Preprocessing((104, 76, 100), 4.0, None, (0, 100)), THORAX)
    assert score_displacement(pair).tre_mm == pytest.approx(initial_mm, abs=0.05)


@pytest.mark.parametrize("z", [80, 100])
def test_an_axial_slice_of_lungct_goes_through_coronal_settings(real_data, z):
    paths = [
        real_data / "lungct_slices" / f"LungCT_0001_000{image}_z{z}_{what}.nii.gz"
        for what in ("gray8", "lungmask")
        for image in (1, 0)
    ]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"no slices in {real_data / 'lungct_slices'}")
    pair = load_case(Case("s", *paths), Preprocessing((192, 144), 1.75, 1), THORAX)
    assert pair.grid_shape == (192, 144)
    # Unregistered, other tools find .822 and .819 on the slices' own grid.
    assert dice_per_label(pair.moving_labels, pair.fixed_labels, 4)[0] == pytest.approx(0.82, abs=0.01)


def test_simpleitk_resamples_a_patient_in_the_files_own_space_as_we_do(real_data, tmp_path):
    root = real_data / "acdc"
    if not (root / "training" / "patient067").is_dir():
        pytest.skip(f"no ACDC patient067 in {root}")
    case = open_dataset(root, "acdc").case("patient067")
    pair = load_case(case, Preprocessing(), CARDIAC)
    noise = np.random.default_rng(0).normal(size=(128, 128, 2))
    u = np.stack([ndimage.gaussian_filter(noise[..., k], 6) for k in range(2)], axis=-1)
    u = (6 * u / np.abs(u).max()).astype(np.float32)  # up to six voxels, 11 mm
    registration = Registration("patient067", u, pair.moving, None, ParameterField.uniform((0, 0.1), 4), "a/elas-g", 0)
    written = write_in_original_space(tmp_path, pair, registration, case.moving_labels)

    moving, ours = read_image(case.moving), read_image(written["warped"])
    assert ours.data.shape == (256, 216, 1)
    np.testing.assert_allclose(ours.grid.points_mm(), moving.grid.points_mm()[:, :, 5:6], atol=1e-3)  # 10 // 2
    vectors = sitk.ReadImage(str(written["displacement_itk"]), sitk.sitkVectorFloat64)
    field = sitk.DisplacementFieldTransform(vectors)
    # ITK takes this file's spacing from pixdim, and its directions from the sform, as we do
    theirs = sitk.Resample(
        sitk.ReadImage(str(case.moving), sitk.sitkFloat64),
        sitk.ReadImage(str(written["warped"])),
        *(field, sitk.sitkLinear, 0.0, sitk.sitkFloat64, True),
    )
    theirs = sitk.GetArrayFromImage(theirs).transpose(2, 1, 0)
    # beyond the moving image both take its nearest voxel, ITK without interpolating along its rim
    at = moving.grid.voxels_of(ours.grid.points_mm() + read_field(written["displacement_itk"]).vectors_mm)[..., :2]
    inside = ((at >= 0) & (at <= np.array(moving.data.shape[:2]) - 1)).all(axis=-1)
    assert inside.mean() > 0.95
    assert np.abs(theirs - ours.data)[inside].max() < 1e-3 * np.ptp(moving.data)
    assert np.abs(ours.data - moving.data[:, :, 5:6]).max() > 0.1 * np.ptp(moving.data)  # or nothing was tested

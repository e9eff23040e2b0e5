"""Reading NIfTI: geometry one can trust, and faults that say what is wrong."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data.nifti import read_image, read_labels, require_same_grid, write_volume
from elasreg_core.errors import InputError
from tests.builders import block, oblique_affine, write_nifti

SHAPE = (20, 24, 3)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 900, SHAPE, dtype=np.int16)


def truncate(path: Path, keep: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def test_an_image_is_read_as_float32_with_its_affine(tmp_path, noise):
    volume = read_image(write_nifti(tmp_path / "a.nii.gz", noise, oblique_affine((1.5, 2.5, 7.0))))
    assert volume.data.dtype == np.float32
    np.testing.assert_array_equal(volume.data, noise)
    np.testing.assert_allclose(volume.affine, oblique_affine((1.5, 2.5, 7.0)), atol=1e-5)
    np.testing.assert_allclose(volume.spacing_mm, [1.5, 2.5, 7.0], rtol=1e-6)
    assert volume.notes == ()


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 1, 1)])
def test_a_single_slice_has_one_voxel_along_z(tmp_path, shape):
    data = np.arange(30, dtype=np.float32).reshape(shape)
    volume = read_image(write_nifti(tmp_path / "a.nii", data, np.diag([2.0, 3.0, 1.0, 1.0])))
    assert volume.data.shape == (6, 5, 1)
    assert volume.data[4, 3, 0] == 4 * 5 + 3


def test_several_frames_are_refused(tmp_path):
    path = write_nifti(tmp_path / "a.nii", np.zeros((6, 5, 4, 2), np.float32))
    with pytest.raises(InputError, match=r"is not one image. Expected: 2 or 3 axes. Received: shape \(6, 5, 4, 2\)"):
        read_image(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*nowhere\.nii\. Cure"):
        read_image(tmp_path / "nowhere.nii")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.png"])
@pytest.mark.parametrize("content", [b"", b"This is a text about hearts. " * 60])
def test_what_is_not_nifti_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"cannot be read as an image.*NIfTI.*Received: {len(content)} bytes"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("read", [read_image, read_labels])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_truncated_file_is_damaged(tmp_path, noise, name, read):
    path = truncate(write_nifti(tmp_path / name, noise), keep=0.8)
    with pytest.raises(InputError, match=r"is damaged: .*shape \(20, 24, 3\).*Cure: Copy or download the file again"):
        read(path)


def test_a_file_cut_in_its_header_is_no_image(tmp_path, noise):
    path = write_nifti(tmp_path / "a.nii", noise)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read as an image.*Received: 200 bytes"):
        read_image(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_intensities_must_be_finite(tmp_path, value):
    data = np.ones((6, 5, 4), np.float32)
    data[2, 3, :] = value
    with pytest.raises(InputError, match="not finite.*Received: 4 NaN or infinite voxels of 120"):
        read_image(write_nifti(tmp_path / "a.nii", data))


@pytest.mark.parametrize("read", [read_image, read_labels])
def test_a_colour_picture_is_refused(tmp_path, read):
    colour = np.zeros((6, 5, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    path = write_nifti(tmp_path / "a.nii", colour)
    with pytest.raises(InputError, match=r"a\.nii"):
        read(path)


def test_labels_are_read_as_uint8_whatever_they_were_stored_as(tmp_path):
    labels = block((6, 5, 4), slice(1, 3), slice(2, 4), 255).astype(np.float64)
    volume = read_labels(write_nifti(tmp_path / "a.nii.gz", labels))
    assert volume.data.dtype == np.uint8
    np.testing.assert_array_equal(volume.data, labels)


@pytest.mark.parametrize("value", [1.5, -1, 256, 300, np.nan, np.inf, 1e12])
def test_a_label_is_an_integer_from_0_to_255(tmp_path, value):
    data = np.zeros((6, 5, 4), np.float32)
    data[1, 2, 3] = value
    with pytest.raises(InputError, match=rf"not a label map.*Received: values such as {value:g}".replace("+", r"\+")):
        read_labels(write_nifti(tmp_path / "a.nii", data))


def test_where_the_sform_contradicts_pixdim_the_spacing_is_pixdims(tmp_path, noise):
    # As in genuine ACDC files: sform diag(−1, −1, 1) beside pixdim 1.367 × 1.367 × 10.
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[:3, 3] = 7, 8, 9
    volume = read_image(write_nifti(tmp_path / "a.nii.gz", noise, affine, pixdim=(1.367, 1.367, 10)))
    np.testing.assert_allclose(np.diag(volume.affine), [-1.367, -1.367, 10, 1], rtol=1e-6)
    np.testing.assert_allclose(volume.affine[:3, 3], [7, 8, 9])
    assert len(volume.notes) == 1
    assert "1 × 1 × 1 mm, pixdim says 1.367 × 1.367 × 10 mm; took pixdim" in volume.notes[0]


def test_the_contradicting_sform_keeps_its_directions(tmp_path, noise):
    stated, true = oblique_affine((1, 1, 1)), oblique_affine((2, 3, 5))
    volume = read_image(write_nifti(tmp_path / "a.nii", noise, stated, pixdim=(2, 3, 5)))
    np.testing.assert_allclose(volume.affine, true, atol=1e-5)


def test_a_broken_pixdim_does_not_break_the_affine(tmp_path, noise):
    path = write_nifti(tmp_path / "a.nii", noise, np.diag([2.0, 3.0, 4.0, 1.0]), pixdim=(np.nan, 3, 4))
    np.testing.assert_allclose(read_image(path).affine, np.diag([2.0, 3.0, 4.0, 1.0]))


def test_an_affine_without_inverse_is_refused(tmp_path, noise):
    path = write_nifti(tmp_path / "a.nii", noise, np.diag([2.0, 0.0, 4.0, 1.0]))
    with pytest.raises(InputError, match="affine that cannot be inverted. Received: rows 2 0 0 0; 0 0 0 0; 0 0 4 0"):
        read_image(path)


def test_labels_lie_on_the_grid_of_their_image(tmp_path, noise):
    image = read_image(write_nifti(tmp_path / "image.nii", noise))
    require_same_grid(image, read_labels(write_nifti(tmp_path / "same.nii", np.zeros(SHAPE, np.uint8))))

    cut = read_labels(write_nifti(tmp_path / "cut.nii", np.zeros((20, 23, 3), np.uint8)))
    with pytest.raises(InputError, match=r"cut\.nii does not lie on the grid.*\(20, 24, 3\).*\(20, 23, 3\)\. Cure"):
        require_same_grid(image, cut)

    elsewhere = write_nifti(tmp_path / "moved.nii", np.zeros(SHAPE, np.uint8), oblique_affine(origin_mm=(-40, 25, 111)))
    with pytest.raises(InputError, match=r"another affine than its image image\.nii.*Expected: rows .*Received: rows"):
        require_same_grid(image, read_labels(elsewhere))


def test_a_written_volume_reads_back_in_its_place(tmp_path):
    data = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    write_volume(tmp_path / "deep" / "a.nii.gz", data, oblique_affine())
    volume = read_image(tmp_path / "deep" / "a.nii.gz")
    np.testing.assert_array_equal(volume.data, data)
    np.testing.assert_allclose(volume.affine, oblique_affine(), atol=1e-5)
    assert volume.notes == ()
    header = nib.load(tmp_path / "deep" / "a.nii.gz").header
    assert header.get_xyzt_units()[0] == "mm"
    # readers that prefer the qform see the same place
    qform, code = header.get_qform(coded=True)
    np.testing.assert_allclose(qform, oblique_affine(), atol=1e-4)
    assert code == 1


def test_a_written_vector_field_says_so(tmp_path):
    write_volume(tmp_path / "u.nii", np.zeros((5, 4, 3, 1, 3), np.float32), np.eye(4), intent="vector")
    assert int(nib.load(tmp_path / "u.nii").header["intent_code"]) == 1007


# Files as they are found ----------------------------------------------------------------------------------------------


def scaled(path: Path, raw: np.ndarray, slope: float, inter: float) -> Path:
    """As scanners write it: 16-bit integers with a scale in the header."""
    image = nib.Nifti1Image(raw, oblique_affine())
    image.header.set_data_dtype(np.int16)
    image.header.set_slope_inter(slope, inter)
    path.write_bytes(image.header.binaryblock + b"\0" * 4 + raw.astype("<i2").tobytes(order="F"))
    header = bytearray(path.read_bytes())
    header[108:112] = np.float32(352).tobytes()  # vox_offset
    path.write_bytes(bytes(header))
    return path


@pytest.mark.parametrize("read", [read_image, read_labels])
def test_the_byte_order_of_a_file_does_not_matter(tmp_path, read):
    data = block(SHAPE, slice(1, 3), slice(2, 4), 3).astype(np.int16)
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(data, oblique_affine(), header), tmp_path / "big.nii")
    assert (tmp_path / "big.nii").read_bytes()[:4] == (348).to_bytes(4, "big")
    volume = read(tmp_path / "big.nii")
    np.testing.assert_array_equal(volume.data, data)
    assert volume.data.dtype.isnative
    np.testing.assert_allclose(volume.affine, oblique_affine(), atol=1e-5)


def test_intensities_are_scaled_as_the_header_says(tmp_path, noise):
    volume = read_image(scaled(tmp_path / "a.nii", noise, 0.5, -1024))
    np.testing.assert_allclose(volume.data, noise * 0.5 - 1024)
    assert volume.data.dtype == np.float32


def test_labels_may_be_scaled_too(tmp_path):
    labels = block(SHAPE, slice(1, 3), slice(2, 4), 4)
    np.testing.assert_array_equal(read_labels(scaled(tmp_path / "a.nii", labels, 0.5, 0)).data, labels // 2)


@pytest.mark.parametrize("kind", [nib.Nifti1Pair, nib.Spm99AnalyzeImage, nib.AnalyzeImage, nib.Nifti2Image])
def test_header_and_voxels_may_lie_apart_and_the_header_be_an_old_one(tmp_path, noise, kind):
    affine = np.diag([-2.0, 3.0, 4.0, 1.0])
    path = tmp_path / ("a.nii" if kind is nib.Nifti2Image else "a.img")
    nib.save(kind(noise.astype(np.int16), affine), path)
    volume = read_image(path)
    np.testing.assert_array_equal(volume.data, noise)
    np.testing.assert_allclose(volume.spacing_mm, [2, 3, 4])
    unoriented = kind in (nib.Spm99AnalyzeImage, nib.AnalyzeImage)
    assert (volume.notes != ()) is unoriented
    assert not unoriented or "no orientation" in volume.notes[0]


def test_a_header_without_an_orientation_says_so(tmp_path, noise):
    image = nib.Nifti1Image(noise, None)
    image.header["pixdim"][1:4] = 2, 3, 4
    image.header["sform_code"] = image.header["qform_code"] = 0
    nib.save(image, tmp_path / "a.nii")
    volume = read_image(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.spacing_mm, [2, 3, 4])
    assert volume.notes == (
        "The header gives no orientation (no sform, no qform); took the array's axes as they are, so that left and "
        "right may be exchanged.",
    )

"""Foreign NIfTI files: what they claim is checked before it is believed, in bounded memory."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.data import foreign
from elasreg_core.data.foreign import keep_nifti
from elasreg_core.data.nifti import read_image
from elasreg_core.errors import InputError


def file_of(data, affine=None, kind=nib.Nifti1Image):
    return kind(data, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine).to_bytes()


SMALL = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)


def keep(content, name, folder, role="fixed"):
    return keep_nifti(io.BytesIO(content), name, folder / role)


def patched(content, field, value, kind=nib.Nifti1Header):
    """The same file with one field of its header replaced."""
    size = kind.template_dtype.itemsize
    header = kind.from_fileobj(io.BytesIO(content[:size]), check=False)
    header[field] = value
    return header.binaryblock + content[size:]


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_good_file_is_kept_as_it_is(tmp_path, kind, compressed):
    content = file_of(SMALL, kind=kind)
    name = "Scan.NII.GZ" if compressed else "scan.nii"
    path = keep(gzip.compress(content) if compressed else content, name, tmp_path)
    assert path.name == ("fixed.nii.gz" if compressed else "fixed.nii")
    assert np.array_equal(read_image(path).data, SMALL)


def test_a_file_of_several_gzip_members_and_padding_is_kept(tmp_path):
    content = file_of(SMALL)
    both = gzip.compress(content[:400]) + gzip.compress(content[400:]) + bytes(100)
    assert np.array_equal(read_image(keep(both, "a.nii.gz", tmp_path)).data, SMALL)


def test_the_name_never_leads_anywhere(tmp_path):
    path = keep(file_of(SMALL), "../../outside.nii", tmp_path)
    assert path == tmp_path / "fixed.nii"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"hello, I am a text file" * 40, "notes.nii.gz", "is not compressed, although its name says so"),
        (gzip.compress(b"hello, I am a text file" * 40), "notes.nii.gz", "is not a NIfTI image"),
        (b"hello, I am a text file" * 40, "notes.nii", "is not a NIfTI image"),
        (b"", "empty.nii", "is not a NIfTI image"),
        (b"\x1f\x8b", "empty.nii.gz", "is not a NIfTI image"),
        (b"\x1f\x8b" + bytes(200), "noise.nii.gz", "cannot be decompressed"),
        (file_of(SMALL), "scan.png", "is no NIfTI file"),
        (file_of(SMALL)[:-20], "cut.nii", "promises more voxels than the file holds"),
        (gzip.compress(file_of(SMALL))[:-30], "cut.nii.gz", "promises more voxels than the file holds"),
        (file_of(SMALL) + bytes(foreign._SLACK + 1), "long.nii", "holds more than its header says"),
        (patched(file_of(SMALL), "magic", b"ni1"), "pair.nii", "is not a NIfTI image"),
        (patched(file_of(SMALL), "datatype", 9999), "type.nii", "is not a NIfTI image"),
        (patched(file_of(SMALL), "dim", [3, 5, -4, 3, 1, 1, 1, 1]), "minus.nii", "has no voxels"),
        (patched(file_of(SMALL), "vox_offset", 1e12), "far.nii", "voxels begin where none can be"),
        (patched(file_of(SMALL), "vox_offset", np.nan), "nan.nii", "voxels begin where none can be"),
    ],
)
def test_what_is_no_usable_file_is_a_sentence_that_names_it(tmp_path, content, name, words):
    with pytest.raises(InputError, match=words) as error:
        keep(content, name, tmp_path)
    assert str(error.value).startswith(name)
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_claims_terabytes_is_refused_before_anything_is_read(tmp_path):
    claim = patched(file_of(SMALL), "dim", [3, 30000, 30000, 30000, 1, 1, 1, 1])
    with pytest.raises(InputError, match=r"30000 × 30000 × 30000 = 27,000,000,000,000 by its header"):
        keep(gzip.compress(claim), "huge.nii.gz", tmp_path)


def test_a_gzip_bomb_is_refused_in_bounded_memory(tmp_path):
    bomb = gzip.compress(file_of(SMALL) + bytes(2**28))  # 256 MiB in a quarter of one
    assert len(bomb) < 2**19
    tracemalloc.start()
    with pytest.raises(InputError, match="holds more than its header says"):
        keep(bomb, "bomb.nii.gz", tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_file_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "MAX_FILE_BYTES", 100)
    with pytest.raises(InputError, match="is too large to upload"):
        keep(file_of(SMALL), "scan.nii", tmp_path)

"""NIfTI files from strangers: what they claim is checked before anything large is read, in bounded memory.

A file of a few kilobytes may promise terabytes in its header, or inflate to them. So the header is read first, from the
first few hundred bytes; then the content is inflated in pieces and thrown away, no further than the header promises.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from elasreg_core.atomic import write_atomic
from elasreg_core.errors import InputError

MAX_FILE_BYTES = 200 * 2**20  # as .streamlit/config.toml allows
MAX_VOXELS = 2**26  # 512 × 512 × 256; reading takes about 18 bytes of memory each
_MAX_OFFSET = 2**20  # of the voxels: a header and its extensions
_SLACK = 2**16  # what tools pad at the end of a file
_PIECE = 2**20
_HEADERS = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_LARGEST_HEADER = 540
_GZIP = b"\x1f\x8b"


def keep_nifti(content: BinaryIO, name: str, path: Path) -> Path:
    """Checks a foreign file and writes it to `path` with its suffix.

    Args:
        content: the file, seekable; it is not closed.
        name: what its owner calls it, for the message and the suffix; never a path to write to.
        path: where to, without a suffix.

    Returns:
        `path` with .nii or .nii.gz.

    Raises:
        InputError: not NIfTI, too large, or not as large as its header says.
    """
    suffix = next((end for end in (".nii.gz", ".nii") if name.lower().endswith(end)), None)
    if suffix is None:
        raise InputError(f"{name} is no NIfTI file.", expected="a name that ends with .nii or .nii.gz", received=name)
    size = content.seek(0, io.SEEK_END)
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"{name} is too large to upload.",
            expected=f"at most {MAX_FILE_BYTES // 2**20} MiB",
            received=f"{size // 2**20} MiB",
            cure="Crop it, or put it into a folder of the workspace's data and choose that",
        )
    promised = _promised_bytes(_first_bytes(content, name, suffix), name)
    found = 0
    for piece in _inflated(content, name, suffix):
        found += piece
        if found > promised + _SLACK:
            raise InputError(
                f"{name} holds more than its header says.",
                expected=f"{promised} bytes",
                received=f"more than {found - piece} bytes",
                cure="Write the image again with a tool that writes NIfTI",
            )
    if found < promised:
        raise InputError(
            f"{name} is damaged: its header promises more voxels than the file holds.",
            expected=f"{promised} bytes",
            received=f"{found} bytes",
            cure="Copy or download the file again",
        )
    content.seek(0)
    kept = path.with_name(path.name + suffix)
    write_atomic(kept, content.read())
    return kept


def _first_bytes(content: BinaryIO, name: str, suffix: str) -> bytes:
    content.seek(0)
    if suffix == ".nii":
        return content.read(_LARGEST_HEADER)
    begin = content.read(2**16)
    if begin[:2] != _GZIP:
        raise InputError(
            f"{name} is not compressed, although its name says so.",
            expected="a gzip file",
            received=f"a file that begins with {begin[:12]!r}",
            cure="Save it as .nii.gz with a tool that writes NIfTI; renaming does not compress",
        )
    try:
        return zlib.decompressobj(wbits=31).decompress(begin, _LARGEST_HEADER)
    except zlib.error as error:
        raise _damaged(name, error) from error


def _promised_bytes(begin: bytes, name: str) -> int:
    """The size of the whole file, inflated, by its header.

    Raises:
        InputError: the header is none of NIfTI's, or describes an image that is larger than can be taken.
    """
    header = _header(begin, name)
    shape = tuple(map(int, header.get_data_shape()))
    if not shape or min(shape) < 1:
        raise InputError(f"{name} has no voxels.", expected="positive sides", received=f"shape {shape}")
    voxels = math.prod(shape)
    if voxels > MAX_VOXELS:
        raise InputError(
            f"{name} is too large.",
            expected=f"at most {MAX_VOXELS:,} voxels",
            received=f"{' × '.join(map(str, shape))} = {voxels:,} by its header",
            cure="Crop or resample it; if the header is wrong, write the image again",
        )
    offset = float(header["vox_offset"])
    if not 0 <= offset <= _MAX_OFFSET:
        raise InputError(
            f"{name} says that its voxels begin where none can be.",
            expected=f"at most {_MAX_OFFSET} bytes after the file's beginning",
            received=f"{offset:g}",
        )
    return int(offset) + voxels * header.get_data_dtype().itemsize


def _header(begin: bytes, name: str) -> Any:
    sizes = {int(np.frombuffer(begin[:4], order + "i4")[0]) for order in "<>"} if len(begin) >= 4 else set()
    size = next((size for size in _HEADERS if size in sizes), None)
    problem: object = f"a file that begins with {begin[:12]!r}"
    if size is not None and len(begin) >= size:
        try:
            header = _HEADERS[size].from_fileobj(io.BytesIO(begin[:size]))
            kind = header.get_data_dtype().kind
            header.get_data_shape()
            if kind not in "biuf":
                raise ValueError("its voxels are no numbers of one value")
            if bytes(header["magic"].item())[:2] == b"n+":
                return header
            problem = "a header of an image in two files, or of the older Analyze form"
        except (HeaderDataError, ValueError, OverflowError, KeyError) as error:
            problem = f"a header that is damaged ({error})"
    raise InputError(
        f"{name} is not a NIfTI image.",
        expected="NIfTI in one file",
        received=problem,
        cure="Save the image as .nii.gz with a tool that writes NIfTI; renaming does not convert it",
    )


def _inflated(content: BinaryIO, name: str, suffix: str) -> Iterator[int]:
    """How many bytes each piece of the content inflates to; never more than `_PIECE` are held."""
    content.seek(0)
    if suffix == ".nii":
        yield content.seek(0, io.SEEK_END)
        return
    inflate = zlib.decompressobj(wbits=31)
    while piece := content.read(_PIECE):
        while piece:
            try:
                yield len(inflate.decompress(piece, _PIECE))
            except zlib.error as error:
                raise _damaged(name, error) from error
            piece = inflate.unconsumed_tail
            if inflate.eof:  # gzip files may be several, one after the other
                piece, inflate = inflate.unused_data, zlib.decompressobj(wbits=31)
                if not piece.startswith(_GZIP):  # tools may pad the end
                    yield 0
                    return
    yield len(inflate.flush(_PIECE)) if not inflate.eof else 0


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} is damaged: it cannot be decompressed.",
        expected="a whole gzip file",
        received=str(error),
        cure="Copy or download the file again",
    )

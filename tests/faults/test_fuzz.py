"""Damaged, hostile and senseless files through every loader: each is read, or refused in a sentence, quickly and small.

A few thousand of them, drawn from a fixed seed: valid files that are cut, whose bits are flipped, whose header fields
are overwritten with extreme values, whose text is garbled, and files that never were valid.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.cli.parameters_file import read_parameters
from elasreg_core.config import preset_names, read_config
from elasreg_core.data.cases import load_case
from elasreg_core.data.datasets import detect_layout, open_dataset
from elasreg_core.data.foreign import keep_nifti
from elasreg_core.data.keypoints import read_points
from elasreg_core.data.nifti import read_geometry, read_image, read_labels, read_vectors
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_checkpoint
from elasreg_core.networks.layers import weight_shapes
from elasreg_core.registration.field_files import read_field
from elasreg_core.workspace.saved_comparisons import open_comparison
from tests.builders import make_checkpoint, oblique_affine, write_pair_folder

pytestmark = pytest.mark.slow

LONGEST_S = 3.0
LARGEST_BYTES = 100 * 2**20  # of memory beyond what was there; the files are of a few kB

#: Offset and format of the fields of a NIfTI-1 header that say how much there is and where it lies.
FIELDS = {
    "sizeof_hdr": (0, "<i"),
    "dim0": (40, "<h"),
    **{f"dim{i}": (40 + 2 * i, "<h") for i in range(1, 8)},
    "intent_code": (68, "<h"),
    "datatype": (70, "<h"),
    "bitpix": (72, "<h"),
    **{f"pixdim{i}": (76 + 4 * i, "<f") for i in range(8)},
    "vox_offset": (108, "<f"),
    "scl_slope": (112, "<f"),
    "scl_inter": (116, "<f"),
    "qform_code": (252, "<h"),
    "sform_code": (254, "<h"),
    **{f"quatern{i}": (256 + 4 * i, "<f") for i in range(6)},
    **{f"srow{i}": (280 + 4 * i, "<f") for i in range(12)},
    "magic": (344, "<i"),
}
WHOLE = (0, 1, -1, 2, 3, 5, 7, 8, 16, 64, 127, 255, 512, 768, 1024, 1536, 2048, 2304, 4, 32767, -32768)
REAL = (0.0, 1.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e30, -1e30, 1e-30, 348.0, 352.5, 1e9, 5e-324)


def nifti(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> bytes:
    data = (rng.random(shape) * 3).astype(dtype)
    return nib.Nifti1Image(data, oblique_affine()).to_bytes()


def damaged(rng: np.random.Generator, good: bytes, header: bool) -> bytes:
    """One of the ways in which a file may be wrong; sometimes two of them."""
    how = rng.integers(0, 6 if header else 5)
    if how == 0:
        bad = good[: rng.integers(0, len(good))]
    elif how == 1:
        bad = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 30)):
            bad[place] ^= 1 << int(rng.integers(0, 8))
    elif how == 2:
        bad = bytearray(good)
        start = int(rng.integers(0, len(good)))
        bad[start : start + int(rng.integers(1, 200))] = rng.bytes(int(rng.integers(1, 200)))
    elif how == 3:
        bad = rng.bytes(int(rng.integers(0, 2000)))
    elif how == 4:
        bad = good + rng.bytes(int(rng.integers(1, 2000)))
    else:
        bad = bytearray(good)
        for name in rng.choice(list(FIELDS), int(rng.integers(1, 4)), replace=False):
            offset, form = FIELDS[name]
            value = rng.choice(WHOLE) if form in ("<h", "<i") else rng.choice(REAL)
            bad[offset : offset + struct.calcsize(form)] = struct.pack(
                form, int(value) if form != "<f" else float(np.float32(value))
            )
    return damaged(rng, bytes(bad), header) if len(bad) > 400 and rng.random() < 0.2 else bytes(bad)


def volumes(rng: np.random.Generator, shape: tuple[int, ...] = (9, 8, 7)) -> Iterator[tuple[str, bytes]]:
    """Damaged NIfTI files, some of them compressed before or after they were damaged."""
    while True:
        good = nifti(rng, str(rng.choice(["u1", "i2", "f4", "f8"])), shape)
        way = rng.random()
        if way < 0.5:
            yield "x.nii", damaged(rng, good, header=True)
        elif way < 0.85:
            yield "x.nii.gz", gzip.compress(damaged(rng, good, header=True), 1)
        else:
            yield "x.nii.gz", damaged(rng, gzip.compress(good, 1), header=False)


def texts(rng: np.random.Generator, good: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Damaged text: bytes as above, and words exchanged for others of the wrong kind."""
    odd = [
        "nan",
        "inf",
        "-1",
        "1e999",
        "null",
        "true",
        '""',
        "[]",
        "{}",
        "../../etc/passwd",
        "9" * 400,
        "\x00",
        "é",
        '{"a":' * 50,
    ]
    while True:
        if rng.random() < 0.5:
            yield name, damaged(rng, good.encode(), header=False)
            continue
        words = good.replace(",", " , ").replace("=", " = ").replace(":", " : ").split(" ")
        for place in rng.integers(0, len(words), rng.integers(1, 5)):
            words[place] = str(rng.choice(odd))
        yield name, " ".join(words).encode("utf-8", "surrogatepass")


class Tally:
    """What became of the files of one loader."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def take(self, what: str, load: Callable[[], object]) -> None:
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.perf_counter()
        try:
            load()
            self.counts["read"] += 1
        except InputError as error:
            self.counts["refused" if error.what else "refused without a word"] += 1
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
        assert not self.counts["refused without a word"], what
        assert time.perf_counter() - began < LONGEST_S, what
        assert tracemalloc.get_traced_memory()[1] - before < LARGEST_BYTES, what


@pytest.fixture(autouse=True)
def _traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def check(
    loader: str, files: Iterator[tuple[str, bytes]], count: int, folder: Path, load: Callable[[Path], object]
) -> None:
    """Every file by itself, under its name in the folder; a file that fails is kept."""
    tally = Tally()
    for number in range(count):
        name, content = next(files)
        path = folder / name
        path.write_bytes(content)
        tally.take(f"{loader}, file {number}: {path}", lambda path=path: load(path))
        path.unlink()
    print(f"\n{loader}: {count} files, {tally.counts['refused']} refused, {tally.counts['read']} read")
    assert tally.counts["refused"] > 0.2 * count  # or they were hardly damaged


IMAGES = {"read_image": read_image, "read_labels": read_labels, "read_geometry": read_geometry}


@pytest.mark.parametrize("loader", IMAGES)
def test_images(loader, tmp_path):
    check(loader, volumes(np.random.default_rng(1)), 900, tmp_path, IMAGES[loader])


@pytest.mark.parametrize("loader", [read_vectors, read_field])
def test_fields(loader, tmp_path):
    check(loader.__name__, volumes(np.random.default_rng(2), (6, 5, 4, 3)), 500, tmp_path, loader)


def test_uploads(tmp_path):
    def keep(path: Path) -> None:
        kept = keep_nifti(io.BytesIO(path.read_bytes()), path.name, tmp_path / "kept")
        read_image(kept)

    check("keep_nifti", volumes(np.random.default_rng(3)), 900, tmp_path, keep)


def test_pairs_of_which_one_file_is_bad(tmp_path):
    """From the folder to the preprocessed pair."""
    rng = np.random.default_rng(4)
    folder = write_pair_folder(tmp_path / "data", suffix=".nii")
    files = {path.name: path.read_bytes() for path in folder.glob("*.nii")}

    def load(path: Path) -> None:
        try:
            assert detect_layout(tmp_path / "data") in ("pairs", None)
            data = open_dataset(tmp_path / "data", "pairs")
            for case in data.cases:
                load_case(case, Preprocessing((32, 32), 2.0), data.tissues)
            if data.faults and not data.cases:
                raise InputError(data.faults[0])
        finally:
            path.write_bytes(files[path.name])

    tally = Tally()
    for number in range(300):
        name = str(rng.choice(list(files)))
        (folder / name).write_bytes(damaged(rng, files[name], header=True))
        tally.take(f"pair {number}: {name}", lambda name=name: load(folder / name))
    print(f"\npairs: 300 files, {tally.counts['refused']} refused, {tally.counts['read']} read")
    assert tally.counts["refused"] > 100


def test_keypoints(tmp_path):
    good = "i,j,k\n" + "".join(f"{i}.5,{i + 1},{2 * i}\n" for i in range(9))
    check("read_points", texts(np.random.default_rng(5), good, "points.csv"), 500, tmp_path, read_points)


def test_configurations(tmp_path):
    good = read_config(preset_names()[0])[1]
    check(
        "read_config",
        texts(np.random.default_rng(6), good, "run.toml"),
        500,
        tmp_path,
        lambda path: read_config(str(path)),
    )


def test_parameters(tmp_path):
    checkpoint = make_checkpoint(tmp_path / "family" / "elas-sas", model="elas-sas")
    good = json.dumps({name: {"lambda": 0.1, "mu": 0.2} for name in checkpoint.tissues.names})
    files = texts(np.random.default_rng(7), good, "parameters.json")
    check("read_parameters", files, 500, tmp_path, lambda path: read_parameters(path, checkpoint))


@pytest.mark.parametrize("part", ["model.json", "weights"])
def test_checkpoints(part, tmp_path):
    rng = np.random.default_rng(8)
    checkpoint = make_checkpoint(tmp_path / "family" / "elas-g")
    path = checkpoint.folder / "model.json" if part == "model.json" else next(checkpoint.folder.glob("weights-*"))
    good = path.read_bytes()
    files = (
        texts(rng, good.decode(), path.name)
        if part == "model.json"
        else ((path.name, damaged(rng, good, False)) for _ in iter(int, 1))
    )

    def load(_: Path) -> None:
        found = load_checkpoint(checkpoint.folder)
        weights = found.read_weights()
        assert weights is not None
        weight_shapes(
            found.card.network, found.model.n_parameters(found.tissues.n_classes), found.card.preprocessing.dim
        )

    check(f"load_checkpoint, {part}", files, 500, checkpoint.folder, load)


def test_comparisons(tmp_path):
    good = json.dumps(
        {"family": "a", "data": "b", "layout": "acdc", "tissues": ["x"], "subjects": 3, "models": ["m"]}
        | {"caption": "c", "faults": [], "written": "2026-01-01 00:00", "format": 1}
    )
    (tmp_path / "first").mkdir()
    files = texts(np.random.default_rng(9), good, "comparison.json")
    check("open_comparison", files, 300, tmp_path / "first", lambda path: open_comparison(tmp_path, "first"))

"""Preprocessed pairs kept on disk, so that reading and resampling volumes is done once.

One file per subject and preprocessing, named by a hash of all that it depends on: the files' names, sizes and times,
the preprocessing, the tissues. So a subject with a changed file is simply not found, and read again. Files are wholly
there or not at all, and hold numbers and text alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.atomic import write_atomic
from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.grid import Grid
from elasreg_core.data.keypoints import Keypoints
from elasreg_core.data.pair import Origin, RegistrationPair
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.data.truth import Truth
from elasreg_core.errors import InputError

_VERSION = 1  # of what a file holds, and of how pairs are made; a new one makes all old files unknown


@dataclass(frozen=True)
class PreparedPairs:
    """The folder of prepared pairs.

    Attributes:
        folder: made when something is first kept in it.
    """

    folder: Path

    def load(self, case: Case, settings: Preprocessing, tissues: TissueTable) -> RegistrationPair:
        """A subject's pair: kept, or read from its files.

        Raises:
            InputError: see `load_case`.
        """
        kept = self._read(self._path(case, settings, tissues))
        return load_case(case, settings, tissues) if kept is None else kept

    def prepare(self, case: Case, settings: Preprocessing, tissues: TissueTable) -> bool:
        """Keeps a subject's pair; returns whether that was still to be done.

        Raises:
            InputError: see `load_case`.
        """
        path = self._path(case, settings, tissues)
        if self._read(path) is not None:
            return False
        write_atomic(path, _packed(load_case(case, settings, tissues)))
        return True

    def _path(self, case: Case, settings: Preprocessing, tissues: TissueTable) -> Path:
        return self.folder / f"{case.id}-{fingerprint(case, settings, tissues)[:20]}.npz"

    def _read(self, path: Path) -> RegistrationPair | None:
        """The pair of a file; None where there is none, or it is damaged."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                return _unpacked(dict(arrays))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, InputError):
            return None


def fingerprint(case: Case, settings: Preprocessing, tissues: TissueTable) -> str:
    """A hash of all that a subject's pair depends on, found without reading an image."""
    files = [case.moving, case.fixed, case.moving_labels, case.fixed_labels]
    files += [case.moving_keypoints, case.fixed_keypoints]
    if case.truth is not None:
        files += sorted(case.truth.glob("*"))
    seen = [(str(path.resolve()), *_size_and_time(path)) for path in files if path is not None]
    return hashlib.sha256(repr((_VERSION, case, seen, settings, tissues)).encode()).hexdigest()


def _size_and_time(path: Path) -> tuple[int, int]:
    if not path.is_file():
        return (0, 0)
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _packed(pair: RegistrationPair) -> bytes:
    arrays: dict[str, npt.NDArray[Any]] = {"moving": pair.moving, "fixed": pair.fixed, "affine": pair.affine}
    if pair.moving_labels is not None:
        arrays["moving_labels"] = pair.moving_labels
    if pair.fixed_labels is not None:
        arrays["fixed_labels"] = pair.fixed_labels
    if pair.keypoints is not None:
        arrays |= {"keypoints_fixed": pair.keypoints.fixed_vox, "keypoints_moving": pair.keypoints.moving_vox}
    if pair.truth is not None:
        arrays |= {"truth": pair.truth.displacement, "body": pair.truth.body}
    text: dict[str, Any] = {
        "id": pair.id,
        "spacing_mm": pair.spacing_mm,
        "tissues": pair.tissues.names,
        "group": pair.group,
        "notes": pair.notes,
    }
    for role, origin in (("moving", pair.moving_origin), ("fixed", pair.fixed_origin)):
        if origin is not None:
            arrays[f"{role}_origin"] = origin.grid.affine
            text[f"{role}_origin"] = [str(origin.path), origin.grid.shape, origin.window]
    arrays["text"] = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _unpacked(arrays: dict[str, npt.NDArray[Any]]) -> RegistrationPair:
    text = json.loads(arrays["text"].tobytes())

    def origin(role: str) -> Origin | None:
        if f"{role}_origin" not in text:
            return None
        path, shape, window = text[f"{role}_origin"]
        return Origin(Path(path), Grid(tuple(shape), arrays[f"{role}_origin"]), tuple(window))

    has_points, has_truth = "keypoints_fixed" in arrays, "truth" in arrays
    return RegistrationPair(
        id=text["id"],
        moving=arrays["moving"],
        fixed=arrays["fixed"],
        moving_labels=arrays.get("moving_labels"),
        fixed_labels=arrays.get("fixed_labels"),
        affine=arrays["affine"],
        spacing_mm=tuple(text["spacing_mm"]),
        tissues=TissueTable(tuple(text["tissues"])),
        group=text["group"],
        notes=tuple(text["notes"]),
        keypoints=Keypoints(arrays["keypoints_fixed"], arrays["keypoints_moving"]) if has_points else None,
        truth=Truth(arrays["truth"], arrays["body"]) if has_truth else None,
        moving_origin=origin("moving"),
        fixed_origin=origin("fixed"),
    )

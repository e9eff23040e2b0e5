"""The pairs of a cohort that is larger than memory: stacks on disk, of which a batch reads its own pairs alone.

    <folder>/moving.npy fixed.npy labels.npy [moving_labels.npy truth.npy]    one array each, pair by pair
    <folder>/stacks.json                                                       subjects, tissues, and the set's digest

`TrainingSet` over them is the one over arrays in memory: same batches, same digest, same training. They are written
with one pair in memory at a time, and opened by memory map, so that what is read can be forgotten again.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.atomic import write_atomic
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.training.batches import TrainingSet

_ALWAYS = {"moving": np.float32, "fixed": np.float32, "labels": np.uint8}
_WHERE_ALL_HAVE_THEM = {"moving_labels": np.uint8, "truth": np.float32}
_TEXT = "stacks.json"


def stacked_bytes(n_pairs: int, grid_shape: Sequence[int], with_truth: bool) -> int:
    """What the pairs of a cohort take, in memory or on disk."""
    per_voxel = 4 + 4 + 1 + 1 + (4 * len(grid_shape) if with_truth else 0)
    return n_pairs * math.prod(grid_shape) * per_voxel


def open_stacks(folder: Path) -> TrainingSet | None:
    """The set that was written there; None if none was, or not wholly."""
    try:
        text = json.loads((folder / _TEXT).read_text(encoding="utf-8"))
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in text["stacks"]}
    except (OSError, EOFError, ValueError, KeyError):
        return None
    found = TrainingSet(tissues=tuple(text["tissues"]), subjects=tuple(text["subjects"]), **arrays)
    found.__dict__["digest"] = text["digest"]  # a cached property: reading all of it again takes minutes
    return found


def write_stacks(
    folder: Path, subjects: Sequence[str], load: Callable[[str], RegistrationPair], on_subject: Callable[[int], None]
) -> TrainingSet:
    """Writes the pairs of a cohort, one after the other, and opens them.

    Args:
        folder: replaced if it is there.
        subjects: whose.
        load: reads one pair; all must lie on grids of one shape.
        on_subject: hears how many are written.

    Raises:
        InputError: a pair lacks what training needs (`TrainingSet.from_pairs`), or the disk has no room.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stacks: dict[str, npt.NDArray[Any]] = {}
    tissues: tuple[str, ...] = ()
    for number, subject in enumerate(subjects):
        one = TrainingSet.from_pairs([load(subject)])
        arrays = {name: getattr(one, name) for name in (*_ALWAYS, *_WHERE_ALL_HAVE_THEM)}
        if not number:
            tissues = one.tissues
            present = {name: array for name, array in arrays.items() if array is not None}
            _require_room(folder, len(subjects) * sum(array.nbytes for array in present.values()))
            for name, array in present.items():
                kind, shape = (_ALWAYS | _WHERE_ALL_HAVE_THEM)[name], (len(subjects), *array.shape[1:])
                stacks[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, shape)
        for name in list(stacks):
            if arrays[name] is None:  # not all have it: none counts
                del stacks[name]
                (folder / f"{name}.npy").unlink()
            else:
                stacks[name][number] = arrays[name][0]
        on_subject(number + 1)
    for stack in stacks.values():
        stack.flush()  # type: ignore[attr-defined]
    whole = TrainingSet(tissues=tissues, subjects=tuple(subjects), **stacks)
    text = {"subjects": list(subjects), "tissues": tissues, "stacks": list(stacks), "digest": whole.digest}
    write_atomic(folder / _TEXT, json.dumps(text))  # last: without it nothing here counts
    return open_stacks(folder) or whole


def _require_room(folder: Path, needed: int) -> None:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if needed > free:
        raise InputError(
            f"The pairs of this cohort do not fit onto the disk of {folder}.",
            expected=f"{needed / 2**30:.1f} GiB free",
            received=f"{free / 2**30:.1f} GiB",
            cure="Make room, or set ELASREG_HOME to a larger disk",
        )

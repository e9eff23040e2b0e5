"""Pairs that one session has uploaded: checked, in a folder of their own, and gone with the session."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psutil

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.check import check_case
from elasreg_core.data.datasets import Dataset, open_dataset
from elasreg_core.data.foreign import keep_nifti
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Family
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import STORE

ROLES = ("fixed", "moving", "fixed_labels", "moving_labels")
MAX_PAIRS = 8
_PREFIX = "elasreg-upload-"


class UploadedFile(NamedTuple):
    """One file as it came.

    Attributes:
        name: what its owner calls it.
        content: seekable.
    """

    name: str
    content: BinaryIO


class Uploads:
    """The uploaded pairs of one session, one data set per family of checkpoints that they were uploaded for.

    The folder is this user's alone (mode 700) and lies outside the workspace, so that no other session lists it. Its
    name holds the process id: `remove_orphans` clears what a killed server left behind.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._kept: list[tuple[str, str]] = []  # (data set, subject)

    @property
    def folder(self) -> Path:
        """Where the pairs lie; made when first asked for."""
        if self._folder is None:
            remove_orphans()
            self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        return self._folder

    @property
    def datasets(self) -> dict[str, tuple[Path, str]]:
        """The data sets by name → (root, layout), as `paths.datasets` gives others."""
        return {name: (self.folder / name, "pairs") for name, _ in self._kept}

    @property
    def n_pairs(self) -> int:
        """How many there are."""
        return len(self._kept)

    @property
    def store_path(self) -> Path:
        """The database of what is searched, started and judged on them, in place of the workspace's."""
        return self.folder / STORE

    def add(self, files: Mapping[str, UploadedFile], family: Family) -> tuple[str, str]:
        """Keeps a pair once all of it has been checked and preprocessed as the family demands.

        Args:
            files: by role, of `ROLES`; labels may be left out.
            family: whose checkpoints will register it.

        Returns:
            The data set and the subject that it became.

        Raises:
            InputError: a role is missing or unknown, there are too many pairs already, or a file cannot be used; its
                text names files as their owner does.
        """
        missing = [role for role in ROLES[:2] if role not in files]
        if missing or set(files) - set(ROLES):
            raise InputError(
                "A pair needs a fixed and a moving image.",
                expected="fixed, moving, and labels of either or none",
                received=" and ".join(files) or "nothing",
            )
        if self.n_pairs >= MAX_PAIRS:
            raise InputError(
                "This session holds as many pairs as it may.",
                expected=f"at most {MAX_PAIRS}",
                cure="Remove the uploads, or put the data into a folder of the workspace",
            )
        name, member = f"uploaded-{family.name}", next(iter(family.members.values()))
        root = self.folder / name
        subject = f"pair-{sum(of == name for of, _ in self._kept) + 1}"
        partial = self.folder / f".{name}" / subject
        try:
            with _owners_names(partial, files):
                kept = {role: keep_nifti(of.content, of.name, partial / role) for role, of in files.items()}
                labels = kept.get("moving_labels"), kept.get("fixed_labels")
                case = Case(subject, kept["moving"], kept["fixed"], *labels)
                check_case(case, Dataset("pairs", partial.parent, (case,), member.tissues))
                load_case(case, member.card.preprocessing, member.tissues)
            root.mkdir(exist_ok=True)
            (root / "tissues.json").write_text(json.dumps(member.card.tissues))
            partial.rename(root / subject)
        finally:
            shutil.rmtree(partial.parent, ignore_errors=True)
        open_dataset(root, "pairs").case(subject)
        self._kept.append((name, subject))
        return name, subject

    def close(self) -> None:
        """Removes the pairs and all that was made of them here; searches of them end."""
        if self._folder is not None:
            if self.store_path.is_file():
                Jobs(self.store_path).end_all()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._kept.clear()


def remove_orphans() -> None:
    """Removes the folders of processes that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _owners_names(folder: Path, files: Mapping[str, UploadedFile]) -> Iterator[None]:
    """Errors within say the names of the owner's files, and none of the server's paths."""
    try:
        yield
    except InputError as error:
        raise InputError(
            _renamed(error.what, folder, files),
            expected=error.expected,
            received=None if error.received is None else _renamed(str(error.received), folder, files),
            cure=error.cure,
        ) from error


def _renamed(text: str, folder: Path, files: Mapping[str, UploadedFile]) -> str:
    for role in sorted(files, key=len, reverse=True):
        for suffix in (".nii.gz", ".nii"):
            text = text.replace(f"{folder / role}{suffix}", files[role].name)
            text = text.replace(f" {role}{suffix}", f" {files[role].name}")
    return text

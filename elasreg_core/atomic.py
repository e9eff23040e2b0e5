"""Files that are either wholly there or not there: temporary file, fsync, rename.

A process that is killed meanwhile leaves its temporary file, `.<name>.<random>.part`. Whoever writes the same file next
removes it: nobody holds its lock any more.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from elasreg_core.errors import unwritable
from elasreg_core.locks import is_unlinked, lock

#: How the names of temporary files end.
PART = ".part"


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replaces `path` by `content`; a crash at any moment leaves the old file or the new one.

    Raises:
        InputError: the disk is full, or may not be written to.
    """
    with replacing(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content replaces `path` at the end; an error in between leaves the old file.

    Raises:
        InputError: the disk is full, or may not be written to.
    """
    path = Path(path)
    with _ready_for(path):
        descriptor, temporary = _new_part(path)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                os.chmod(temporary, 0o666 & ~_umask())
                os.replace(temporary, path)  # while the lock is held
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A hidden folder that becomes `path` at the end; where another process was faster, that one's stays.

    Raises:
        InputError: the disk is full, or may not be written to.
    """
    path = Path(path)
    with _ready_for(path):
        descriptor, partial = _new_part_folder(path)
        try:
            yield partial
            partial.chmod(0o777 & ~_umask())
            try:
                partial.rename(path)
            except OSError:
                if not path.is_dir():
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            os.close(descriptor)


@contextlib.contextmanager
def _ready_for(path: Path) -> Iterator[None]:
    """Makes way for a file or a folder; what then cannot be written is a sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def _umask() -> int:
    umask = os.umask(0)  # there is no other way to ask
    os.umask(umask)
    return umask


def _new_part(path: Path) -> tuple[int, str]:
    """A temporary file beside a file, locked."""
    while True:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        if lock(descriptor) and not is_unlinked(descriptor):
            return descriptor, temporary
        os.close(descriptor)  # somebody took it for abandoned, just before it was locked


def _new_part_folder(path: Path) -> tuple[int, Path]:
    """A temporary folder beside a folder, locked."""
    while True:
        partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(partial, os.O_RDONLY)
            if lock(descriptor) and partial.exists():
                return descriptor, partial
            os.close(descriptor)


def _remove_abandoned(path: Path) -> None:
    """Removes what processes left that were killed while they wrote a file or a folder."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*{PART}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(part, os.O_RDONLY)
            try:
                if lock(descriptor, where_impossible=False):
                    shutil.rmtree(part) if part.is_dir() else part.unlink()
            finally:
                os.close(descriptor)

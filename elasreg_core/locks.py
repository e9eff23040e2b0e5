"""Locks between processes on one machine. They end with the process that holds them, kill -9 included.

Where a file system knows no locks (some network drives), whoever asks goes on without one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lock(descriptor: int, where_impossible: bool = True) -> bool:
    """Takes the lock of an open file or folder until it is closed; returns whether nobody else has it.

    Args:
        descriptor: of the file or folder.
        where_impossible: what to return on a file system without locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return where_impossible
    return True


def is_unlinked(descriptor: int) -> bool:
    """Whether an open file has lost its name: somebody has removed it."""
    return os.fstat(descriptor).st_nlink == 0


def is_held(path: Path) -> bool:
    """Whether a process that lives holds the lock of a file; asking takes it from nobody."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: those who ask are not in each other's way
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Holds a lock that has a name; yields whether it was free, and does not wait.

    Args:
        path: a file that is there as long as the lock is held; a killed holder leaves it, and it is free again.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        is_free = lock(descriptor)
        if not (is_free and is_unlinked(descriptor)):
            break
        os.close(descriptor)  # its last holder has just removed it
    try:
        yield is_free
    finally:
        if is_free:
            path.unlink(missing_ok=True)
        os.close(descriptor)

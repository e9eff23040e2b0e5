"""Disks of a few megabytes that tests may fill, or have made read-only; where nothing may be mounted, they skip."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elasreg_core.atomic import PART

_BALLAST = "ballast"


class SmallDisk:
    """A file system in memory.

    Attributes:
        path: where it is mounted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, but: int = 0) -> None:
        """Leaves room for so many bytes, to the page."""
        with contextlib.suppress(OSError), (self.path / _BALLAST).open("ab", buffering=0) as stream:
            while True:
                stream.write(bytes(4096))
        if but:
            with (self.path / _BALLAST).open("r+b") as stream:
                stream.truncate((self.path / _BALLAST).stat().st_size - but)

    def free(self) -> None:
        (self.path / _BALLAST).unlink()

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    @contextlib.contextmanager
    def filled_when(self, reached: Callable[[], bool]) -> Iterator[None]:
        """Fills it as soon as something is true; it must become so."""
        ended, filled = threading.Event(), threading.Event()

        def watch() -> None:
            while not ended.is_set():
                if reached():
                    self.fill()
                    filled.set()
                    return
                time.sleep(0.001)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
        assert filled.is_set()

    def parts(self) -> list[Path]:
        """Temporary files that somebody has left."""
        return list(self.path.rglob(f".*{PART}"))


@contextlib.contextmanager
def small_disk(path: Path, megabytes: float) -> Iterator[SmallDisk]:
    path.mkdir()
    size = f"size={int(megabytes * 1024)}k"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(path)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here, which takes root: {done.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)

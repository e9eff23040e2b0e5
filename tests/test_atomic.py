"""Files that are wholly there or not there."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from elasreg_core.atomic import new_folder, replacing, write_atomic
from elasreg_core.errors import InputError


@pytest.mark.parametrize(("content", "written"), [("λ = ½\n", "λ = ½\n".encode()), (b"\x00\xff", b"\x00\xff")])
def test_content_is_written_into_new_folders(tmp_path, content, written):
    write_atomic(tmp_path / "a" / "b" / "file", content)
    assert (tmp_path / "a" / "b" / "file").read_bytes() == written


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "file").write_text("a long old text")
    write_atomic(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_crash_leaves_the_old_file_alone(tmp_path, monkeypatch, moment):
    (tmp_path / "file").write_text("old")

    def crash(*_):
        assert (tmp_path / "file").read_text() == "old"
        raise KeyboardInterrupt

    monkeypatch.setattr(os, moment, crash)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", "new")
    monkeypatch.undo()
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_file_may_be_read_by_whom_the_umask_lets(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "file", "x")
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640  # 666 less 027
    finally:
        assert os.umask(before) == 0o027  # and the umask is as it was


def test_what_a_killed_writer_left_goes_with_the_next_write_and_a_living_ones_stays(tmp_path):
    (tmp_path / ".file.abcdefgh.part").write_text("half of")
    (tmp_path / ".other.abcdefgh.part").write_text("another file's")
    with replacing(tmp_path / "file") as stream:
        stream.write(b"slow")
        (living,) = tmp_path.glob(".file.*.part")
        write_atomic(tmp_path / "file", "quick")  # as another process would meanwhile
        assert living.exists()
    assert (tmp_path / "file").read_text() == "slow"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.abcdefgh.part", "file"]


def test_a_folder_is_wholly_there_or_not_there(tmp_path):
    (tmp_path / ".hearts.abcdefgh.part").mkdir()
    (tmp_path / ".hearts.abcdefgh.part" / "patient001").write_text("of a killed process")

    def stopped() -> None:
        with new_folder(tmp_path / "hearts") as partial:
            (partial / "patient001").write_text("")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "hearts") as slow, new_folder(tmp_path / "hearts") as quick:
        (slow / "slow").write_text("")
        (quick / "quick").write_text("")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["hearts", "hearts/quick"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "cannot be written: the disk is full. Cure: Free some space, then run the same again"),
        (errno.EDQUOT, "cannot be written: the quota is used up. Cure: Free some space"),
        (errno.EFBIG, "cannot be written: files may not grow that large. Cure: Raise the limit"),
        (errno.EROFS, "cannot be written: the file system is read-only. Cure: Choose a folder that can be written to"),
        (errno.EACCES, "cannot be written: this user may not. Cure: Choose a folder"),
        (errno.EIO, "cannot be written. Received: Input/output error. Cure: Check the path"),
    ],
)
def test_what_is_in_the_way_is_said(tmp_path, monkeypatch, number, sentence):
    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match=f"{tmp_path / 'file'} {sentence}"):
        write_atomic(tmp_path / "file", "new")
    with pytest.raises(InputError, match=sentence), new_folder(tmp_path / "folder"):
        fail(0)
    assert list(tmp_path.iterdir()) == []

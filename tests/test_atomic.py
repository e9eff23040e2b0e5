"""Files that are wholly there or not there."""

from __future__ import annotations

import os
import stat

import pytest

from elasreg_core.atomic import write_atomic


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

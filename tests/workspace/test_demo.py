"""Cohorts that are made on first use, with made-up phantoms."""

from __future__ import annotations

from pathlib import Path

import pytest

from elasreg_core.data.phantoms import PHANTOMS
from elasreg_core.workspace.demo import SEED, demo_cohort, ensure_phantom


@pytest.fixture(autouse=True)
def made(monkeypatch) -> list[tuple[Path, int, int]]:
    """Replaces the phantoms by text files; records what was asked for."""
    asked: list[tuple[Path, int, int]] = []

    def write(out: Path, subjects: int, seed: int):
        asked.append((out, subjects, seed))
        for number in range(subjects):
            (out / f"p{number}").mkdir(parents=True, exist_ok=True)
            (out / f"p{number}" / "image").write_text(str(seed))
            yield f"p{number}"

    monkeypatch.setitem(PHANTOMS, "cardiac", write)
    return asked


def content(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_cohort_is_made_once(tmp_path, made):
    heard = []
    root = ensure_phantom("cardiac", tmp_path / "data" / "hearts", 2, 7, heard.append)
    assert root == tmp_path / "data" / "hearts"
    assert heard == ["p0", "p1"]
    assert content(root) == {"p0/image": "7", "p1/image": "7"}
    ensure_phantom("cardiac", root, 2, 8, heard.append)
    assert len(made) == 1
    assert heard == ["p0", "p1"]


def interrupted(name: str) -> None:
    if name == "p1":
        raise KeyboardInterrupt


def test_a_cohort_appears_whole_or_not_at_all(tmp_path):
    root = tmp_path / "hearts"
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom("cardiac", root, 3, 7, interrupted)
    assert not root.exists()


def test_an_interrupted_cohort_does_not_mix_with_the_next(tmp_path):
    root = tmp_path / "hearts"
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom("cardiac", root, 3, 7, interrupted)
    ensure_phantom("cardiac", root, 1, 8)
    assert content(root) == {"p0/image": "8"}


def test_of_two_processes_the_faster_wins(tmp_path):
    root = tmp_path / "hearts"

    def other_process(name: str) -> None:
        (root / "p0").mkdir(parents=True)
        (root / "p0" / "image").write_text("theirs")

    ensure_phantom("cardiac", root, 1, 7, other_process)
    assert content(root) == {"p0/image": "theirs"}
    assert [path.name for path in tmp_path.iterdir()] == ["hearts"]  # nothing left over


def test_the_demo_lies_in_the_workspace_and_was_not_trained_on(tmp_path, made, monkeypatch):
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path))
    assert demo_cohort() == tmp_path / "data" / "cardiac-phantom"
    ((_, subjects, seed),) = made
    assert (subjects, seed) == (8, SEED)
    from elasreg_core.config import preset_names, read_config

    phantoms = [read_config(name)[0].data.phantom for name in preset_names()]
    assert all(phantom is None or phantom.seed != seed for phantom in phantoms)

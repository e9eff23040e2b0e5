"""Cohorts that are made on first use, with made-up phantoms."""

from __future__ import annotations

from pathlib import Path

import pytest

from elasreg_core.config import preset_names, read_config
from elasreg_core.data.phantoms import Cohort
from elasreg_core.workspace import demo
from elasreg_core.workspace.demo import COHORTS, demo_cohort, ensure_phantom, make_demo


@pytest.fixture(autouse=True)
def made(monkeypatch) -> list[tuple[Path, Cohort]]:
    """Replaces the phantoms by text files; records what was asked for."""
    asked: list[tuple[Path, Cohort]] = []

    def write(out: Path, cohort: Cohort):
        asked.append((out, cohort))
        for number in range(cohort.subjects):
            (out / f"p{number}").mkdir(parents=True, exist_ok=True)
            (out / f"p{number}" / "image").write_text(str(cohort.seed))
            yield f"p{number}"

    monkeypatch.setattr(demo, "write_cohort", write)
    return asked


def hearts(subjects: int, seed: int) -> Cohort:
    return Cohort("cardiac", subjects, seed)


def content(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_cohort_is_made_once(tmp_path, made):
    heard = []
    root = ensure_phantom(hearts(2, 7), tmp_path / "data" / "hearts", heard.append)
    assert root == tmp_path / "data" / "hearts"
    assert heard == ["p0", "p1"]
    assert content(root) == {"p0/image": "7", "p1/image": "7"}
    ensure_phantom(hearts(2, 8), root, heard.append)
    assert len(made) == 1
    assert heard == ["p0", "p1"]


def interrupted(name: str) -> None:
    if name == "p1":
        raise KeyboardInterrupt


def test_a_cohort_appears_whole_or_not_at_all(tmp_path):
    root = tmp_path / "hearts"
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom(hearts(3, 7), root, interrupted)
    assert not root.exists()


def test_an_interrupted_cohort_does_not_mix_with_the_next(tmp_path):
    root = tmp_path / "hearts"
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom(hearts(3, 7), root, interrupted)
    ensure_phantom(hearts(1, 8), root)
    assert content(root) == {"p0/image": "8"}


def test_of_two_processes_the_faster_wins(tmp_path):
    root = tmp_path / "hearts"

    def other_process(name: str) -> None:
        (root / "p0").mkdir(parents=True)
        (root / "p0" / "image").write_text("theirs")

    ensure_phantom(hearts(1, 7), root, other_process)
    assert content(root) == {"p0/image": "theirs"}
    assert [path.name for path in tmp_path.iterdir()] == ["hearts"]  # nothing left over


def test_the_demo_lies_in_the_workspace(tmp_path, made, monkeypatch):
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path))
    assert demo_cohort() == tmp_path / "data" / "cardiac-phantom"
    assert [cohort for _, cohort in made] == [COHORTS["cardiac-phantom"]]
    make_demo()
    assert [cohort for _, cohort in made] == list(COHORTS.values())  # each once
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted(COHORTS)


def test_no_preset_trains_on_a_demo():
    trained = [read_config(name)[0].data for name in preset_names()]
    for name, cohort in COHORTS.items():
        for data in trained:
            assert data.root != name
            assert data.phantom is None or (data.phantom.kind, data.phantom.seed) != (cohort.kind, cohort.seed)

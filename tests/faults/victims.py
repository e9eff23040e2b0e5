"""Who is killed: a training, and a search."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from elasreg_core.config import read_config
from elasreg_core.data.phantoms import Cohort, write_cohort
from elasreg_core.data.tissues import CARDIAC
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import load_checkpoint
from elasreg_core.training.state import RunFolder
from elasreg_core.workspace.paths import STORE
from elasreg_core.workspace.store import Store
from elasreg_core.workspace.trainings import Training
from tests.builders import small_run
from tests.faults.killing import parts_in, run_to_the_end

_GRID = 31  # 960 nodes


def make_hearts(folder: Path) -> Path:
    list(write_cohort(folder, Cohort("cardiac", 1, 5)))
    return folder


class TrainingVictim:
    """`elasreg train`, which saves its state after every step."""

    def __init__(self, folder: Path, hearts: Path, models: tuple[str, ...] = ("elas-g",), steps: int = 60) -> None:
        self.folder, self._models, self._steps = folder, models, steps
        folder.mkdir()
        self._config = folder / "small.toml"
        self._config.write_text(small_run(hearts, models, steps).replace("save_every = 5", "save_every = 1"))
        self._out = folder / "uninterrupted"
        self._seen: set[Path] = set()
        self.seconds = run_to_the_end(self.command(), self.environment())
        self._expected = {model: self._result(model) for model in models}

    def begin(self, number: int) -> None:
        self._out = self.folder / f"killed-{number}"

    def command(self) -> list[str]:
        return ["train", str(self._config), "--out", str(self._out), "--resume"]

    def environment(self) -> dict[str, str]:
        return {"ELASREG_HOME": str(self.folder / "home")}

    def writes(self) -> int:
        """Temporary files that were seen."""
        self._seen |= parts_in(self.folder)
        return len(self._seen)

    def most_writes(self) -> int:
        return 40

    def done(self) -> int:
        """Steps that are saved. Every state can be taken up and shown, every checkpoint is whole."""
        training = Training(self._out, read_config(self._config)[0], CARDIAC)
        steps = 0
        for model in self._models:
            folder = self._out / model
            if training.is_trained(model):
                assert load_checkpoint(folder).read_weights()
                assert self._weights(model) == self._expected[model][0]
            else:
                with pytest.raises(InputError, match="is not a checkpoint"):
                    load_checkpoint(folder)
            saved = RunFolder(folder, "").load()
            if saved is not None:
                _, step, history = saved
                assert len(history) == step
                assert training.last_state(model).read_weights()
                steps += step
        return steps

    def is_nearly_done(self) -> bool:
        return self.done() == self._steps * len(self._models)

    def check_end(self) -> None:
        assert {model: self._result(model) for model in self._models} == self._expected
        for model in self._models:
            assert (self._out / model / "MODEL_CARD.md").is_file()
        left = {path.name for path in self._out.iterdir()}
        assert left == {*self._models, "config.toml"}, left
        shutil.rmtree(self._out)

    def _weights(self, model: str) -> str:
        return json.loads((self._out / model / "model.json").read_text())["weights_sha256"]

    def _result(self, model: str) -> tuple[str, list[str]]:
        """The weights' hash, and the history without the seconds."""
        history = (self._out / model / "history.csv").read_text().splitlines()
        return self._weights(model), [row.rpartition(",")[0] for row in history]


class SearchVictim:
    """`elasreg search` of one subject; its nodes go into the store one by one."""

    def __init__(self, folder: Path, hearts: Path, steps: int = _GRID) -> None:
        self.folder, self._hearts, self._steps = folder, hearts, steps
        folder.mkdir()
        config = folder / "small.toml"
        config.write_text(small_run(hearts, models=("elas-g",), steps=1))
        self._chain, self._family = folder / "uninterrupted", folder / "family"
        run_to_the_end(["train", str(config), "--out", str(self._family)], self.environment())
        self.seconds = run_to_the_end(self.command(), self.environment())
        self._expected = self._tables()
        self._nodes: dict[object, object] = {}

    def begin(self, number: int) -> None:
        self._chain, self._nodes = self.folder / f"killed-{number}", {}

    def command(self) -> list[str]:
        what = ["--checkpoint", str(self._family), "--data", str(self._hearts), "--dataset", "acdc"]
        return ["search", *what, "--grid", str(self._steps), "--out", str(self._chain / "sweep.csv")]

    def environment(self) -> dict[str, str]:
        return {"ELASREG_HOME": str(self._chain / "home")}

    def writes(self) -> int:
        """Nodes in the store, and temporary files of tables."""
        return count_nodes(self._chain / "home" / STORE) + len(parts_in(self.folder))

    def most_writes(self) -> int:
        return self._steps**2 + 1 - len(self._nodes)

    def done(self) -> int:
        """Nodes in the store: all that were there before, with the same scores. A table is whole or not there."""
        path = self._chain / "home" / STORE
        if not path.is_file():
            return 0
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        store = Store(path)
        now = {node: repr(of) for search in store.searches() for node, of in store.nodes(search.source).items()}
        assert now.items() >= self._nodes.items()
        self._nodes = now
        for name, table in self._tables().items():
            assert table in (None, self._expected[name]), name
        return len(now)

    def is_nearly_done(self) -> bool:
        return len(self._nodes) == self._steps**2 - 1

    def check_end(self) -> None:
        assert self._tables() == self._expected
        assert self.is_nearly_done()
        shutil.rmtree(self._chain)

    def _tables(self) -> dict[str, bytes | None]:
        paths = [self._chain / name for name in ("sweep.csv", "sweep-chosen.csv")]
        return {path.name: path.read_bytes() if path.is_file() else None for path in paths}


def count_nodes(path: Path) -> int:
    """Of one search, asked in a way that disturbs nobody."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
    ):
        return db.execute("SELECT COUNT(*) FROM scores WHERE metric = 'dice' AND label = 1").fetchone()[0]
    return 0

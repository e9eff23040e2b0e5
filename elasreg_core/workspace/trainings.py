"""Trainings of one's own: a folder each in the workspace's `checkpoints`, from its configuration to the family."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.config import RunConfig, preset_names, read_config
from elasreg_core.data.datasets import LAYOUTS
from elasreg_core.data.tissues import CARDIAC, TissueTable
from elasreg_core.errors import InputError
from elasreg_core.locks import is_held
from elasreg_core.training.plan import Plan
from elasreg_core.training.state import LOCK, RunFolder, read_curve
from elasreg_core.training.unfinished import Unfinished, last_state
from elasreg_core.workspace.paths import data_folder, family_names, home, open_data

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Training:
    """One of them, under way or finished.

    Attributes:
        folder: of the family to be.
        config: the run.
        tissues: what it learns; None if its data are not there yet to tell.
    """

    folder: Path
    config: RunConfig
    tissues: TissueTable | None

    @property
    def name(self) -> str:
        """The family's."""
        return self.folder.name

    @property
    def is_finished(self) -> bool:
        """Whether every model is a checkpoint."""
        return all(self.is_trained(model) for model in self.config.models)

    def is_trained(self, model: str) -> bool:
        """Whether one model is a checkpoint."""
        return (self.folder / model / "model.json").is_file()

    def curve(self, model: str) -> pd.DataFrame:
        """The history so far: one row a step, `state.HISTORY_COLUMNS`."""
        return read_curve(self._history(model))

    @property
    def is_under_way(self) -> bool:
        """Whether a process trains it at this moment: a job, or a command in a terminal."""
        return not self.is_finished and is_held(self.folder / LOCK)

    def plan(self, model: str) -> Plan:
        """What training the model amounts to."""
        return Plan(self.config, model, n_classes_of(self.tissues))

    def last_state(self, model: str) -> Unfinished | None:
        """The network as the training last saved it; None before that."""
        if self.tissues is None:
            return None
        return last_state(self.plan(model), RunFolder(self.folder / model, ""), self.tissues.names)

    def _history(self, model: str) -> Path:
        return self.folder / model / "history.csv"


def trainings_folder() -> Path:
    """Where they are."""
    return home() / "checkpoints"


def trainings() -> dict[str, Training]:
    """All of the workspace by name, the one that was last changed first; a folder without a configuration is none."""
    found = {}
    configs = sorted(trainings_folder().glob("[!.]*/config.toml"), key=lambda path: -path.stat().st_mtime)
    for path in configs:
        try:
            config, _ = read_config(path)
        except InputError:  # of another version, or edited by hand
            continue
        found[path.parent.name] = Training(path.parent, config, tissues_of(config))
    return found


def configurations() -> dict[str, str]:
    """What can be trained: the presets, and the .toml files in the workspace's folder `configs`; name → source."""
    own = sorted((home() / "configs").glob("[!.]*.toml"))
    return {name: name for name in preset_names()} | {f"configs/{path.name}": str(path) for path in own}


def opening_of(text: str) -> str:
    """What a configuration says of itself in its first lines of comment."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    return "\n".join(lines)


def changed_settings(config: RunConfig, wanted: Mapping[str, object], others: str = "") -> dict[str, str]:
    """The settings of `[training]` that differ from a configuration, as `read_config` takes them.

    Args:
        config: as it is written.
        wanted: values by name.
        others: more of them in words: `NAME=VALUE NAME=VALUE`.

    Raises:
        InputError: the words are none.
    """
    changed = {name: str(value) for name, value in wanted.items() if getattr(config.training, name) != value}
    for word in others.split():
        name, equals, value = word.partition("=")
        if not (equals and name.isidentifier() and value):
            raise InputError("That is no setting.", expected="NAME=VALUE, e.g. sampling=log_uniform", received=word)
        changed[name] = value
    return changed


def lay_out(name: str, text: str) -> Path:
    """The folder of a new training with its configuration; of one with the same configuration, as it is.

    Raises:
        InputError: the name is none, or belongs to something else.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "That is no name for a folder.", expected="letters, digits, dots, dashes and underscores", received=name
        )
    folder = trainings_folder() / name
    own = folder / "config.toml"
    taken = name in family_names() and not own.is_file()  # a shipped family, which it would hide
    if taken or (folder.exists() and not (own.is_file() and own.read_text(encoding="utf-8") == text)):
        raise InputError(f"There is a checkpoint {name} already.", cure="Choose another name")
    write_atomic(own, text)
    return folder


def tissues_of(config: RunConfig) -> TissueTable | None:
    """The tissues of a run's data; None if they cannot be told yet."""
    return tissues_in(data_folder() / config.data.root, config.data.layout)


def tissues_in(root: Path, layout: str) -> TissueTable | None:
    """The tissues of a data set: fixed by its layout, or found in its folder."""
    if layout in LAYOUTS and LAYOUTS[layout].tissues is not None:
        return LAYOUTS[layout].tissues
    try:
        return open_data(root, layout).tissues
    except InputError:
        return None


def n_classes_of(tissues: TissueTable | None) -> int:
    """Of the network: the tissues and the background; of unknown tissues as many as the paper's data have."""
    return len((tissues or CARDIAC).names) + 1

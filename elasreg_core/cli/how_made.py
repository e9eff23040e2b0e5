"""What a command leaves beside its result, so that `elasreg verify` can make it again (`elasreg_core.provenance`)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets import Dataset
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.provenance import made_now
from elasreg_core.tables import read_json

#: What the files of subjects that are only chosen on are called by, before subject and role.
VALIDATION = "validation"
_NOT_OPTIONS = ("run", "command", "scheduler", "workers")  # where it ran changes nothing
#: The files of a pair, by the options and the fields of a case that name them.
ROLES = ("moving", "fixed", "moving_labels", "fixed_labels", "moving_keypoints", "fixed_keypoints")


def keep_provenance(
    arguments: argparse.Namespace,
    result: Path,
    outputs: Iterable[Path],
    inputs: Mapping[str, Path],
    checkpoints: Iterable[Checkpoint] = (),
) -> None:
    """Writes the provenance of what a command has just written.

    Args:
        arguments: of the command.
        result: its folder or file.
        outputs: all files of it.
        inputs: the files that it read, by the option that named them, or by subject and role.
        checkpoints: that it used, of the families that it was given, in their order.
    """
    weights = {checkpoint.name: checkpoint.card.weights_sha256 for checkpoint in checkpoints}
    families = list(dict.fromkeys(name.split("/")[0] for name in weights))
    made_now(arguments.command, _options(arguments, families), inputs, weights, result, outputs).keep(result)


def named_files(arguments: argparse.Namespace, *options: str) -> dict[str, Path]:
    """The files that options name, as far as they were given."""
    return {name: path for name in options if (path := getattr(arguments, name)) is not None}


def files_of(dataset: Dataset, subjects: Iterable[str] | None = None) -> dict[str, Path]:
    """The files of a data set's subjects (of all), by `subject/role`."""
    wanted = dataset.subjects if subjects is None else set(subjects)
    return {name: path for case in dataset.cases if case.id in wanted for name, path in _of_case(case)}


def _of_case(case: Case) -> Iterable[tuple[str, Path]]:
    for role in ROLES:
        path = getattr(case, role)
        if path is not None and path.is_file():
            yield f"{case.id}/{role}", path
    if case.truth is not None:
        for path in sorted(case.truth.glob("*")):
            yield f"{case.id}/truth/{path.name}", path


def _options(arguments: argparse.Namespace, families: list[str]) -> dict[str, Any]:
    """All options but files and folders; families by name, given parameters by value."""
    options = {
        name: value
        for name, value in vars(arguments).items()
        if name not in _NOT_OPTIONS and not isinstance(value, Path)
    }
    if "checkpoint" in options:
        options["checkpoint"] = families[0]
    if "models" in options:
        options["models"] = families
    if getattr(arguments, "parameters", None) is not None:
        options["parameters"] = read_json(arguments.parameters)
    return options

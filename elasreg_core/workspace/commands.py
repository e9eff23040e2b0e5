"""The `elasreg` commands that pages start as jobs: what each is about, and its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elasreg_core.data.datasets import Dataset
from elasreg_core.metrics import METRICS
from elasreg_core.networks.checkpoint import Checkpoint


@dataclass(frozen=True)
class Command:
    """What `Jobs.start` takes.

    Attributes:
        kind: one of `jobs.KINDS`.
        about: what it works on, for people.
        arguments: of `elasreg`; equal ones never run at once.
    """

    kind: str
    about: str
    arguments: tuple[str, ...]


def search_command(
    checkpoint: Checkpoint,
    data: Dataset,
    subject: str,
    *,
    steps: int = 11,
    criterion: str = "dice",
    adaptive: bool = False,
    also: Sequence[str] = (),
) -> Command:
    """One subject's search; its nodes go to the workspace's store, from which whoever asked reads them.

    Args:
        checkpoint: a global one.
        data: whose subject.
        subject: its id.
        steps: of the grid.
        criterion: as of `SubjectSearch`.
        adaptive: as of `SubjectSearch`.
        also: as of `SubjectSearch`.

    Example:
        The command of a search of the demo is
        `elasreg search --checkpoint …/cardiac --model elas-g --data …/cardiac-phantom --dataset acdc
        --subject patient001 --grid 11 --criterion dice`.
    """
    scores = ", ".join(METRICS[name].title for name in dict.fromkeys((criterion, *also)))
    about = f"{subject} of {data.root.name} with {checkpoint.name}, {steps} steps, {scores}" + ", adaptive" * adaptive
    arguments = [*_searched(checkpoint, data), "--subject", subject, "--grid", str(steps), "--criterion", criterion]
    if adaptive:
        arguments.append("--adaptive")
    if also:
        arguments += ["--also", *also]
    return Command("search", about, tuple(arguments))


def cohort_search_command(
    checkpoint: Checkpoint, data: Dataset, steps: int, also: Sequence[str] = (), where: Sequence[str] = ()
) -> Command:
    """The search of all subjects of a data set, at every node; arguments as those of `search_command`.

    `where`: none, `("--workers", "2")` or `("--scheduler", address)`.
    """
    arguments = [*_searched(checkpoint, data), "--grid", str(steps), *where]
    if also:
        arguments += ["--also", *also]
    return Command("search", f"{data.root.name} with {checkpoint.name}, {steps} steps", tuple(arguments))


def compare_command(families: Sequence[str], data: Dataset, choices: Sequence[str], out: Path) -> Command:
    """A comparison of families, by name, on a data set, into a folder."""
    arguments = ["compare", "--data", str(data.root.resolve()), "--dataset", data.layout]
    arguments += ["--models", *families, "--choice", *choices, "--out", str(out)]
    return Command("compare", out.name, tuple(arguments))


def train_command(folder: Path) -> Command:
    """The training that a folder's own `config.toml` describes, begun or gone on with."""
    arguments = ("train", str(folder / "config.toml"), "--out", str(folder), "--resume")
    return Command("train", folder.name, arguments)


def _searched(checkpoint: Checkpoint, data: Dataset) -> list[str]:
    """What is searched with what, by folders: a worker may have another workspace than the page."""
    with_what = ["--checkpoint", str(checkpoint.folder.resolve().parent), "--model", checkpoint.card.model]
    return ["search", *with_what, "--data", str(data.root.resolve()), "--dataset", data.layout]

"""What a training costs, before it starts: judged by trainings whose time is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from elasreg_core.config import RunConfig
from elasreg_core.data.phantoms import Cohort
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.training.plan import Plan, step_work
from elasreg_core.workspace.paths import data_folder, family_names, find_family, home
from elasreg_core.workspace.trainings import n_classes_of, tissues_of, trainings

#: Of one phantom on two cores: seconds, and bytes on disk (`Cohort.dim`).
_PHANTOM = {2: (0.25, 0.33e6), 3: (15.0, 7.8e6)}
_ENOUGH_STEPS = 30  # to know a pace by


@dataclass(frozen=True)
class Pace:
    """How long a step takes.

    Attributes:
        seconds: of a step.
        by: the training that it was measured in.
        is_here: whether that ran in this workspace; a shipped checkpoint was trained on another day, or machine.
        work: of one of its steps (`plan.step_work`).
    """

    seconds: float
    by: str
    is_here: bool
    work: float


@dataclass(frozen=True)
class ModelCost:
    """What training one model costs."""

    model: str
    steps: int
    n_weights: int
    disk_bytes: int
    seconds: float | None
    judged_by: Pace | None


@dataclass(frozen=True)
class Cost:
    """What a run costs.

    Attributes:
        models: one after the other.
        phantoms: how many have to be made first.
        phantom_seconds, phantom_bytes: what they cost.
    """

    models: tuple[ModelCost, ...]
    phantoms: int
    phantom_seconds: float
    phantom_bytes: float

    @property
    def disk_bytes(self) -> float:
        """All that it leaves."""
        return self.phantom_bytes + sum(model.disk_bytes for model in self.models)

    @property
    def seconds(self) -> float | None:
        """All together; None where the pace of a model cannot be judged."""
        known = [model.seconds for model in self.models if model.seconds is not None]
        return self.phantom_seconds + sum(known) if len(known) == len(self.models) else None

    def to_frame(self) -> pd.DataFrame:
        """One row a model."""
        return pd.DataFrame(
            {
                "model": [of.model for of in self.models],
                "steps": [of.steps for of in self.models],
                "weights": [of.n_weights for of in self.models],
                "seconds a step": [of.seconds and of.seconds / of.steps for of in self.models],
                "minutes": [of.seconds and of.seconds / 60 for of in self.models],
                "disk (MB)": [of.disk_bytes / 1e6 for of in self.models],
            }
        )


def cost_of(config: RunConfig, paces: Sequence[Pace]) -> Cost:
    """What a run will cost.

    Args:
        config: the run.
        paces: of trainings whose time is known.
    """
    n_classes = n_classes_of(tissues_of(config))
    models = []
    for name in config.models:
        plan = Plan(config, name, n_classes)
        by = nearest(plan.work, paces)
        seconds = None if by is None else plan.steps * by.seconds * plan.work / by.work
        models.append(ModelCost(name, plan.steps, plan.n_weights, plan.disk_bytes, seconds, by))
    cohort = missing_phantoms(config)
    count = 0 if cohort is None else cohort.subjects
    seconds_each, bytes_each = (0.0, 0.0) if cohort is None else _PHANTOM[cohort.dim]
    return Cost(tuple(models), count, count * seconds_each, count * bytes_each)


def missing_phantoms(config: RunConfig) -> Cohort | None:
    """The cohort that is made before the training, if its folder is missing."""
    return None if (data_folder() / config.data.root).exists() else config.data.phantom


def nearest(work: float, paces: Sequence[Pace]) -> Pace | None:
    """The pace to judge by: of this workspace if there is any, and of the most similar work."""
    candidates = [pace for pace in paces if pace.is_here] or list(paces)
    return min(candidates, key=lambda pace: abs(math.log(pace.work / work)), default=None)


def known_paces() -> list[Pace]:
    """Of all checkpoints, shipped ones included, and of the workspace's unfinished trainings."""
    paces = []
    for name in family_names():
        try:
            members = find_family(name).members.values()
        except InputError:
            continue
        paces += [pace for checkpoint in members if (pace := _pace_of(checkpoint)) is not None]
    for training in trainings().values():
        for model in training.config.models:
            curve = training.curve(model)
            if not training.is_trained(model) and len(curve) >= _ENOUGH_STEPS:
                start = len(curve) // 3  # the first step compiles
                seconds = (curve["seconds"].iloc[-1] - curve["seconds"].iloc[start]) / (len(curve) - 1 - start)
                paces.append(Pace(float(seconds), f"{training.name}/{model}", True, training.plan(model).work))
    return paces


def _pace_of(checkpoint: Checkpoint) -> Pace | None:
    """The pace that a checkpoint's own record gives; None where it is too short or lacks something."""
    card = checkpoint.card
    try:
        config, steps, seconds = (card.training[name] for name in ("config", "steps", "seconds"))
        sides = config["window"] or card.preprocessing.grid_shape
        work = step_work(card.network, sides, config["batch_size"], config["shared_parameters"])
    except (KeyError, TypeError):
        return None
    if steps < _ENOUGH_STEPS or seconds <= 0:
        return None
    return Pace(seconds / steps, checkpoint.name, home() in checkpoint.folder.resolve().parents, work)

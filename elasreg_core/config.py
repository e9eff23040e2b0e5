"""Configurations: frozen dataclasses, read from commented TOML. Unknown keys fail; a run keeps its own copy."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from elasreg_core.data.datasets import Dataset
from elasreg_core.data.datasets.splits import SPLITS
from elasreg_core.data.phantoms import Cohort
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, Architecture
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.tables import from_table, parse_toml, read_text

SAMPLING_LAWS = ("uniform", "log_uniform", "simplex")
REGULARIZED = ("displacement", "velocity")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class DataConfig:
    """Where the training pairs are.

    Attributes:
        layout: on disk.
        root: the folder; a relative one lies in the workspace's data folder.
        phantom: the cohort to generate where `root` does not exist yet.
        split: train on the subjects of this split alone (`data/datasets/splits`); none: on all that are there.
    """

    layout: str
    root: str
    phantom: Cohort | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        if self.split is not None:
            _require_choice("split", self.split, SPLITS)


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained. The defaults are the paper's where the paper says.

    Attributes:
        steps: optimizer steps.
        batch_size: pairs a step.
        shared_parameters: one draw of the parameters for the whole batch, whose kernels are then made once and run over
            all pairs at a time, which is quicker; otherwise every pair draws its own.
        learning_rate: of Adam.
        hyper_learning_rate: of Adam for the hypernetwork's own layers; none: `learning_rate`. They feed every kernel
            of the U-Net, and a large rate kills their ReLUs, and with them all response to λ and μ.
        schedule: "constant", or "cosine" down to zero.
        regularization_scale: factor on the energy; 1 in the paper, where λ and μ hardly matter.
        sampling: law of the parameters (`training/sampling.py`): "uniform" draws each from U(0, 1), as the paper does;
            "log_uniform" their logarithms; "simplex" from λ + μ ≤ 1.
        regularized: "displacement", as in the paper, or the stationary "velocity", as in the reference code.
        augment: random views of the pairs: turned, stretched, brightened (`training/augmentation.py`).
        window: sides of a view, smaller than the grid to save time (the network fits any grid); none: the grid's.
        wobble: of a view, up to what root mean square along each axis, in voxels, a smooth random motion is added to
            the true one, so that a network meets more motions than the phantoms have; 0: none.
        supervision_steps: over so many first steps, a term that fades out pulls the displacement towards the true one,
            which phantoms have; none: without it, as after these steps in any case.
        label_weight: of a term 1 − Dice between warped and fixed labels, beside the similarity and weighed like it
            against the energy; 0: the paper's loss, which sees no labels but in Λ and Γ.
        warm_start_steps: train an adaptive network from its global one's weights, for this many steps at half the
            learning rate; none: from scratch, like the global one.
        save_every: steps between two saved states, from which `--resume` goes on.
        seed: of weights, batches, parameters and augmentation.
    """

    steps: int
    batch_size: int = 1
    shared_parameters: bool = False
    learning_rate: float = 1e-4
    hyper_learning_rate: float | None = None
    schedule: str = "constant"
    regularization_scale: float = 1.0
    sampling: str = "uniform"
    regularized: str = "displacement"
    augment: bool = False
    window: tuple[int, ...] | None = None
    wobble: float = 0.0
    supervision_steps: int | None = None
    label_weight: float = 0.0
    warm_start_steps: int | None = None
    save_every: int = 250
    seed: int = 0

    def __post_init__(self) -> None:
        _require_choice("sampling", self.sampling, SAMPLING_LAWS)
        _require_choice("regularized", self.regularized, REGULARIZED)
        _require_choice("schedule", self.schedule, SCHEDULES)
        for name in ("steps", "batch_size", "learning_rate", "save_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive.", received=getattr(self, name))
        if self.window is not None and (not self.window or min(self.window) < 2):
            raise InputError("window is degenerate.", expected="sides of at least 2 voxels", received=self.window)
        if self.hyper_learning_rate is not None and not self.hyper_learning_rate > 0:
            raise InputError("hyper_learning_rate must be positive.", received=self.hyper_learning_rate)
        if self.window is not None and not self.augment:
            raise InputError("A window is part of augmentation.", cure="Set augment = true, or leave out window")
        for name in ("warm_start_steps", "supervision_steps"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"{name} must be positive.", received=getattr(self, name))
        if self.wobble > 0 and not self.augment:
            raise InputError("wobble is part of augmentation.", cure="Set augment = true, or leave out wobble")
        for name in ("regularization_scale", "label_weight", "wobble", "seed"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must not be negative.", received=getattr(self, name))


@dataclass(frozen=True)
class RunConfig:
    """One training run: the models of one family, trained on the same data.

    Attributes:
        models: which of the paper's models to train: "diff-g", "diff-sas", "elas-g", "elas-sas".
        background: (λ, μ) of class 0 at inference; the paper's experiments use (0, 0). Diffusion takes λ alone.
        start: a family, by name or folder, from whose elas-g this run's global networks go on; none: random weights. It
            may have been trained on other tissues: what matches hearts soon matches chests.
    """

    models: tuple[str, ...]
    data: DataConfig
    training: TrainingConfig
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    network: Architecture = field(default_factory=Architecture)
    background: tuple[float, float] = (0.0, 0.0)
    start: str | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise InputError("models is empty.", expected="some of " + ", ".join(MODELS))
        for model in self.models:
            _require_choice("models", model, tuple(MODELS))
        ParameterField.uniform(self.background, n_classes=1)  # raises outside [0, 1]
        window = self.training.window
        if window is not None and len(window) != self.preprocessing.dim:
            raise InputError(
                "window has another number of sides than grid_shape.",
                expected=f"{self.preprocessing.dim} sides",
                received=window,
            )
        for i, model in enumerate(self.models):
            first = MODELS[model].global_name
            if self.training.warm_start_steps is not None and first not in (model, *self.models[:i]):
                raise InputError(
                    f"A warm start of {model} needs the global network of the same run first.",
                    expected=f'models = ["{first}", "{model}"]',
                    received=list(self.models),
                )


def subjects_of(config: RunConfig, dataset: Dataset) -> Dataset:
    """A data set as a run reads it: its split, with a truth only where that leads the first steps."""
    part = dataset.part(config.data.split)
    return part if config.training.supervision_steps is not None else part.without_truth()


def preset_names() -> tuple[str, ...]:
    """The configurations that come with the package."""
    folder = resources.files("elasreg_core") / "presets"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml")))


def read_config(source: str | Path, training: Mapping[str, str] | None = None) -> tuple[RunConfig, str]:
    """Reads a TOML file or a preset by name; returns the configuration and its text.

    Args:
        source: the path of a .toml file, or a preset's name.
        training: values that take the place of those in its `[training]`, in the text too; written as in TOML, where a
            word may go without its quotes.

    Raises:
        InputError: no such file or preset, not TOML, unknown or missing keys, wrong types.
    """
    path = Path(source)
    if path.suffix == ".toml":
        if not path.is_file():
            raise InputError(f"There is no configuration {path}.", cure="Check the path")
        text = read_text(path, "TOML")
    elif str(source) in preset_names():
        text = (resources.files("elasreg_core") / "presets" / f"{source}.toml").read_text()
    else:
        raise InputError(
            f"There is no configuration {source}.",
            expected="a .toml file or one of the presets " + ", ".join(preset_names()),
            received=source,
        )
    for name, value in (training or {}).items():
        text = _with_training(text, name, value)
    table = parse_toml(text, str(source))
    match table:
        case {"preprocessing": {"grid_shape": [_, _, _]} as preprocessing}:
            preprocessing.setdefault("slice_axis", None)  # TOML has no null: three sides are a volume
    return from_table(RunConfig, table, where=str(source)), text


def _with_training(text: str, name: str, value: str) -> str:
    """The text with this value in its `[training]`."""
    head, title, training = text.partition("[training]")
    if not title:
        raise InputError(f"The configuration has no table [training] to set {name} in.", cure="Write one, with steps")
    own, next_table, rest = training.partition("\n[")
    line = f"{name} = {_as_toml(value)}"
    own, found = re.subn(rf"(?m)^{re.escape(name)}\s*=.*$", lambda _: line, own)
    return head + title + (own if found else f"\n{line}{own}") + next_table + rest


def _as_toml(value: str) -> str:
    """The value as it stands if TOML takes it so, in quotes otherwise."""
    try:
        tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return json.dumps(value)
    return value


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} has an unknown value.", expected="one of " + ", ".join(choices), received=value)

"""Checkpoints: a folder with `model.json` and the weights, nothing that could be executed.

    <family>/elas-g/model.json                     what the network is, how it was trained, sha256 of the weights
    <family>/elas-g/weights-<sha256>.safetensors   arrays by name

A *family* is a folder of checkpoints trained on the same data, e.g. `cardiac/{elas-g, elas-sas}`. The weights file is
written first and carries its hash in its name, then model.json is replaced: a crash leaves the old pair or the new.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from elasreg_core.atomic import write_atomic
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import MODELS, Architecture, Model
from elasreg_core.tables import from_table, read_json

FORMAT = 1
LARGEST_SPACING_RATIO = 1.65  # that of the random views in training (`training/augmentation.py`)
_SHORT = 12
_LARGEST_BYTES = 2**30  # the paper's own network has 40 MB


@dataclass(frozen=True)
class ModelCard:
    """The content of `model.json`.

    Attributes:
        format: version of this file format.
        model: one of the paper's four: "diff-g", "diff-sas", "elas-g", "elas-sas".
        tissues: names in label order, background left out.
        background: (λ, μ) or (λ,) of class 0 at inference.
        preprocessing: what a pair goes through before it meets the network; fixes grid and spacing.
        network: the architecture.
        sampling, regularization_scale, regularized: under which the parameters were trained (`TrainingConfig`).
        training: configuration, steps, seconds, final losses.
        weights: name of the weights file.
        weights_sha256: its hash.
        versions: of the packages that wrote it.
    """

    format: int
    model: str
    tissues: tuple[str, ...]
    background: tuple[float, ...]
    preprocessing: Preprocessing
    network: Architecture
    sampling: str
    regularization_scale: float
    training: dict[str, Any]
    weights: str
    weights_sha256: str
    versions: dict[str, str]
    regularized: str = "displacement"


@dataclass(frozen=True)
class Checkpoint:
    """A trained network on disk; the weights are read when asked for.

    Attributes:
        folder: where it lies.
        card: what it is.
    """

    folder: Path
    card: ModelCard

    @property
    def name(self) -> str:
        """`<family>/<model>`."""
        return f"{self.folder.resolve().parent.name}/{self.folder.name}"

    @property
    def is_adaptive(self) -> bool:
        """Whether it takes parameters for every tissue."""
        return self.model.is_adaptive

    @property
    def model(self) -> Model:
        """Which of the paper's models."""
        return MODELS[self.card.model]

    @property
    def tissues(self) -> TissueTable:
        """Its label table."""
        return TissueTable(self.card.tissues)

    def require_fits(self, pair: RegistrationPair) -> None:
        """Raises InputError unless the pair has the checkpoint's tissues and dimensions, and voxels of about its size.

        The grid may be another: a convolutional network's weights do not depend on it.
        """
        settings = self.card.preprocessing
        if pair.tissues.names != self.card.tissues:
            raise InputError(
                f"The checkpoint {self.name} was trained for other tissues than {pair.id} has.",
                expected=", ".join(self.card.tissues),
                received=", ".join(pair.tissues.names),
                cure="Use a checkpoint trained for these tissues",
            )
        if len(pair.grid_shape) != settings.dim:
            raise InputError(
                f"The checkpoint {self.name} was trained in {settings.dim} dimensions.",
                expected=f"{settings.dim} sides such as {settings.grid_shape}",
                received=pair.grid_shape,
                cure="Load the pair with the checkpoint's own preprocessing",
            )
        if np.abs(np.log(np.array(pair.spacing_mm) / settings.spacing_mm)).max() > np.log(LARGEST_SPACING_RATIO):
            raise InputError(
                f"The checkpoint {self.name} was trained at another voxel size than {pair.id} has.",
                expected=f"about {settings.spacing_mm:g} mm, within a factor of {LARGEST_SPACING_RATIO:g}",
                received=f"{pair.spacing_mm} mm",
                cure="Load the pair with the checkpoint's own preprocessing",
            )

    def read_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights by name, as float32, checked against the hash in model.json and for finite values.

        Raises:
            InputError: missing, altered or damaged weights.
        """
        path = self.folder / self.card.weights
        if Path(self.card.weights).name != self.card.weights:
            raise InputError("model.json names weights outside its folder.", received=self.card.weights)
        if not path.is_file():
            raise InputError(f"The checkpoint {self.name} has no weights.", expected=path, cure="Copy it again")
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(
                f"The weights of {self.name} are too large.",
                expected=f"at most {_LARGEST_BYTES // 2**20} MiB",
                received=f"{path.stat().st_size // 2**20} MiB",
            )
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != self.card.weights_sha256:
            raise InputError(
                f"The weights of {self.name} are not those that model.json was written for.",
                expected=f"sha256 {self.card.weights_sha256[:_SHORT]}…",
                received=f"sha256 {found[:_SHORT]}…",
                cure="Copy or train the checkpoint again",
            )
        try:
            weights = safetensors.numpy.load(content)
        except safetensors.SafetensorError as error:
            raise InputError(f"{path} is not a safetensors file.", received=str(error)) from error
        broken = [name for name, array in weights.items() if not np.isfinite(array).all()]
        if broken:
            raise InputError(f"The weights of {self.name} are not finite.", received=f"NaN or infinity in {broken[0]}")
        return {name: array.astype(np.float32) for name, array in weights.items()}


def save_checkpoint(
    folder: Path, weights: Mapping[str, npt.NDArray[np.float32]], card: Mapping[str, Any]
) -> Checkpoint:
    """Writes a checkpoint folder. `card` holds the fields of ModelCard but format and weights.

    Weights are kept in 16 bits, half the size on disk; a displacement changes by less than a hundredth of a voxel.

    Returns:
        The checkpoint, read back.

    Raises:
        InputError: weights are not finite in 16 bits; nothing is written then.
    """
    folder = Path(folder)
    with np.errstate(over="ignore"):  # found just below
        halves = {name: array.astype(np.float16) for name, array in weights.items()}
    broken = [name for name, array in halves.items() if not np.isfinite(array).all()]
    if broken:
        raise InputError(
            f"The weights for {folder} cannot be kept.",
            expected=f"finite numbers up to {np.finfo(np.float16).max:g}",
            received=f"others in {broken[0]}",
            cure="Train again with a lower learning_rate",
        )
    content = safetensors.numpy.save(halves)
    digest = hashlib.sha256(content).hexdigest()
    name = f"weights-{digest[:_SHORT]}.safetensors"
    write_atomic(folder / name, content)
    table = {"format": FORMAT, **card, "weights": name, "weights_sha256": digest}
    write_atomic(folder / "model.json", json.dumps(table, indent=2, default=dataclasses.asdict) + "\n")
    for old in folder.glob("weights-*.safetensors"):
        if old.name != name:
            old.unlink()
    return load_checkpoint(folder)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Reads `model.json`; the weights stay on disk until asked for.

    Raises:
        InputError: no model.json, not JSON, of another format, or with unknown or missing keys.
    """
    folder = Path(folder)
    path = folder / "model.json"
    if not path.is_file():
        raise InputError(f"{folder} is not a checkpoint.", expected="a folder with model.json and its weights")
    table = read_json(path)
    found = table.get("format") if isinstance(table, dict) else None
    if found != FORMAT:
        raise InputError(f"{path} has another format.", expected=f"format {FORMAT}", received=f"format {found}")
    card = from_table(ModelCard, table, where=str(path))
    if card.model not in MODELS:
        raise InputError(f"{path} names an unknown model.", expected=" or ".join(MODELS), received=card.model)
    return Checkpoint(folder, card)


@dataclass(frozen=True)
class Family:
    """Checkpoints of different models trained on the same data, by model name."""

    folder: Path
    members: dict[str, Checkpoint]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    def member(self, model: str) -> Checkpoint:
        """The checkpoint of one model.

        Raises:
            InputError: the family has none.
        """
        if model not in self.members:
            raise InputError(
                f"The checkpoint family {self.name} has no {model}.",
                expected=f"{self.folder / model}/model.json",
                received=", ".join(self.members),
                cure=f'Train it with models = ["{model}"] on the same data',
            )
        return self.members[model]


def load_family(folder: Path) -> Family:
    """Reads a family folder, or the family that a checkpoint folder belongs to.

    Raises:
        InputError: no checkpoint in it, or members that do not belong together.
    """
    folder = Path(folder)
    if (folder / "model.json").is_file():
        folder = folder.resolve()
        if folder.name not in MODELS:
            raise InputError(
                f"{folder} is not named after its model.", expected=" or ".join(MODELS), received=folder.name
            )
        folder = folder.parent
    members = {m: load_checkpoint(folder / m) for m in MODELS if (folder / m / "model.json").is_file()}
    if not members:
        raise InputError(
            f"{folder} holds no checkpoint.",
            expected=" and ".join(f"{model}/model.json" for model in MODELS),
            received="a folder without them" if folder.is_dir() else "no such folder",
        )
    for model, member in members.items():
        if member.card.model != model:
            raise InputError(f"{member.name} holds another model.", expected=model, received=member.card.model)
    first, *others = members.values()
    for other in others:
        if (other.card.tissues, other.card.preprocessing) != (first.card.tissues, first.card.preprocessing):
            raise InputError(
                f"{first.name} and {other.name} do not belong together.",
                expected="the same tissues and preprocessing in a family",
                received=" and ".join(
                    f"{', '.join(c.card.tissues)} with {c.card.preprocessing}" for c in (first, other)
                ),
            )
    return Family(folder, members)

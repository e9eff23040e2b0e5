"""What runs on a cluster's workers: the sweep of one subject at some nodes, with a checkpoint that was sent there.

A checkpoint travels as the two files that it is made of, and goes through the same checks as any other: hash, names,
shapes, finite numbers. A worker builds its registrar once; the kernels of a node are made once per worker, too, by one
matrix product, and kept (`registration/engine.py`).
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elasreg_core import __version__
from elasreg_core.atomic import write_atomic
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.identification.sweep import NodeScores, sweep
from elasreg_core.networks.checkpoint import Checkpoint, load_checkpoint
from elasreg_core.physics.parameters import Node
from elasreg_core.workspace.store import SCORING_VERSION

if TYPE_CHECKING:
    from elasreg_core.registration.registrar import Registrar

#: How many threads TensorFlow takes, which it reads once.
THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_REGISTRARS_KEPT = 2
_building = threading.Lock()


class OtherVersion(InputError):
    """A worker runs another elasreg than the driver: its scores would not be those that the store is asked for."""


@functools.cache
def versions() -> tuple[str, ...]:
    """What scores depend on beside weights and images: elasreg, its scoring, TensorFlow."""
    try:
        tensorflow = version("tensorflow")
    except PackageNotFoundError:
        tensorflow = "none"
    return (f"elasreg {__version__}", f"scoring {SCORING_VERSION}", f"TensorFlow {tensorflow}")


def require_versions(here: Sequence[str], there: Sequence[str], worker: str) -> None:
    """Raises OtherVersion unless driver (`here`) and worker (`there`) run the same."""
    if tuple(here) != tuple(there):
        raise OtherVersion(
            f"The worker {worker} runs another version.",
            expected=", ".join(here),
            received=", ".join(there),
            cure="Install the same elasreg and TensorFlow on the driver, the scheduler and every worker",
        )


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint on its way.

    Attributes:
        name: `<family>/<model>`.
        card: the bytes of `model.json`.
        weights_name, weights: the other file.
    """

    name: str
    card: bytes
    weights_name: str
    weights: bytes

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> CheckpointFiles:
        """Reads both files, whose hash is checked first.

        Raises:
            InputError: missing, altered or damaged weights.
        """
        checkpoint.read_weights()
        card, weights = checkpoint.folder / "model.json", checkpoint.folder / checkpoint.card.weights
        return cls(checkpoint.name, card.read_bytes(), weights.name, weights.read_bytes())

    def unpacked(self, folder: Path) -> Checkpoint:
        """The checkpoint, written below a folder and read back.

        Raises:
            InputError: as `load_checkpoint`.
        """
        at = folder / self.name
        write_atomic(at / self.weights_name, self.weights)
        write_atomic(at / "model.json", self.card)
        return load_checkpoint(at)


def packed(pair: RegistrationPair, with_truth: bool) -> RegistrationPair:
    """What a worker needs of a pair: no path of a file, and the true motion only where it is scored."""
    return replace(pair, moving_origin=None, fixed_origin=None, notes=(), truth=pair.truth if with_truth else None)


def held(content: Any) -> Any:
    """Its argument: as a task it is computed again wherever the worker that held it died."""
    return content


def score(
    files: CheckpointFiles, pair: RegistrationPair, nodes: Sequence[Node], metrics: Sequence[str], driver: Sequence[str]
) -> list[NodeScores] | InputError:
    """Registers and scores a pair at some nodes. Bad input is returned and not raised: trying again would not help.

    Args:
        files: of a global checkpoint.
        pair: as of `packed`.
        nodes: which.
        metrics: as of `sweep`.
        driver: its `versions`.
    """
    try:
        require_versions(driver, versions(), _address())
        with _building:
            registrar = _registrar(files)
        return list(sweep(registrar.measured, pair, nodes, metrics))
    except InputError as fault:
        return fault


@functools.lru_cache(maxsize=_REGISTRARS_KEPT)
def _registrar(files: CheckpointFiles) -> Registrar:
    if "tensorflow" not in sys.modules:
        for variable in THREAD_VARIABLES:
            os.environ.setdefault(variable, str(_n_threads()))
    from elasreg_core.registration.registrar import Registrar

    with tempfile.TemporaryDirectory(prefix="elasreg-") as folder:
        return Registrar(files.unpacked(Path(folder)))


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def _n_threads() -> int:
    from distributed import get_worker

    return int(get_worker().state.nthreads)

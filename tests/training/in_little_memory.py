"""Run by `test_stacks.py` in a process of its own: a training whose pairs exceed what the process may still take."""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
from pathlib import Path

import numpy as np

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.tissues import TissueTable
from elasreg_core.training.batches import TrainingSet
from elasreg_core.training.loop import batches
from elasreg_core.training.stacks import write_stacks
from elasreg_core.training.trainer import Trainer
from tests.training.small import config_of

GRID, PAIRS, ALLOWED = (1024, 1280), 24, 180 * 2**20  # 300 MiB of pairs


def load(subject: str) -> RegistrationPair:
    rng = np.random.default_rng(int(subject))
    moving, fixed = rng.random((2, *GRID), dtype=np.float32)
    labels = rng.integers(0, 3, (2, *GRID), dtype=np.uint8)
    return RegistrationPair(subject, moving, fixed, *labels, np.eye(4), (1.0, 1.0), TissueTable(("a", "b")))


def losses(trainer: Trainer, state: dict[str, np.ndarray], pairs: TrainingSet) -> list[float]:
    """Of four steps from a state."""
    trainer.restore(state)
    return [float(trainer.step(batch, step).total) for step, batch in batches(trainer, pairs, 0)]


def main(folder: Path) -> None:
    names = [str(number) for number in range(PAIRS)]
    on_disk = write_stacks(folder / "stacks", names, load, lambda count: None)
    stacks = ("moving", "fixed", "labels", "moving_labels")
    trainer = Trainer(config_of(batch_size=2, steps=4), "elas-g", 3)
    state = trainer.state()
    losses(trainer, state, on_disk)  # whatever TensorFlow takes once
    status = Path("/proc/self/status").read_text().splitlines()
    taken = int(next(line for line in status if line.startswith("VmData")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (taken + ALLOWED, resource.RLIM_INFINITY))
    found = {
        "cohort_mib": sum(getattr(on_disk, name).nbytes for name in stacks) / 2**20,
        "allowed_mib": ALLOWED / 2**20,
    }
    found["from_disk"] = losses(trainer, state, on_disk)
    try:
        dataclasses.replace(on_disk, **{name: np.array(getattr(on_disk, name)) for name in stacks})
        found["in_memory_under_the_limit"] = "it fits"
    except MemoryError:
        found["in_memory_under_the_limit"] = "MemoryError"
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    found["in_memory"] = losses(trainer, state, TrainingSet.from_pairs([load(name) for name in names]))
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""d: training samples a second, against `HyperVxmDense.fit` with VoxelMorph's own losses at equal batch and window.

Each runs in processes of its own, in turn: a training of ours makes TensorFlow deterministic, which costs time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.report import Row
from benchmarks.timing import Timing

STEPS = 20


def against_fit(repeats: int) -> list[Row]:
    """Ours draws augmented views, and warps and integrates compiled; both make the same number of samples."""
    seconds: dict[str, list[float]] = {"ours": [], "fit": []}
    for _ in range(max(5, repeats)):
        for name in seconds:
            command = [sys.executable, "-m", "benchmarks.training", name]
            environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1"}  # as `elasreg train` sets it
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
            found = json.loads(done.stdout.splitlines()[-1])
            seconds[name].append(found["seconds"] / found["samples"])
    ours, fit = (Timing(tuple(values)) for values in seconds.values())
    what = (
        f"training, batch {found['batch']} of {found['window']}: time of a sample "
        f"({1 / ours.median:.1f} samples a second against {1 / fit.median:.1f})"
    )
    return [Row.against("d", what, ours, fit)]


def measure(name: str) -> dict[str, object]:
    """Seconds of some steps after a first few, which trace and compile."""
    from benchmarks.sweeps import hearts
    from elasreg_core.config import read_config
    from elasreg_core.training.batches import TrainingSet
    from elasreg_core.workspace.paths import find_family

    config, _ = read_config("cardiac")
    pairs = TrainingSet.from_pairs(hearts(find_family("cardiac").member("elas-g")))
    window = config.training.window or config.preprocessing.grid_shape
    run = (_ours if name == "ours" else _fit)(config, pairs, window)
    run(2)
    started = time.perf_counter()
    run(STEPS)
    seconds = time.perf_counter() - started
    size = config.training.batch_size
    sides = " × ".join(map(str, window))
    return {"seconds": seconds, "samples": STEPS * size, "batch": size, "window": sides}


def _ours(config, pairs, window) -> Callable[[int], object]:  # noqa: ARG001 (as _fit takes it)
    from elasreg_core.training.loop import batches
    from elasreg_core.training.trainer import Trainer

    trainer = Trainer(config, "elas-g", len(pairs.tissues) + 1)

    def run(steps: int) -> None:
        for step, batch in batches(trainer, pairs, trainer.steps - steps):
            float(trainer.step(batch, step).total)

    return run


def _fit(config, pairs, window) -> Callable[[int], object]:
    from elasreg_core.networks.hyper_registration import build_hyper_vxm_dense
    from elasreg_core.networks.voxelmorph_tf import keras, vxm

    stock = build_hyper_vxm_dense(config.network, window, 2)
    stock.compile(keras.optimizers.Adam(1e-4), loss=[vxm.losses.NCC().loss, vxm.losses.Grad("l2").loss])
    stream = _batches(pairs, config.training.batch_size, window)
    return lambda steps: stock.fit(stream, steps_per_epoch=steps, verbose=0)


def _batches(pairs, size: int, window: tuple[int, ...]) -> Iterator[tuple[list, list]]:
    rng = np.random.default_rng(0)
    cut = tuple(slice(side) for side in window)
    nothing = np.zeros((size, *window, len(window)), dtype=np.float32)
    while True:
        chosen = rng.choice(len(pairs.moving), size)
        moving, fixed = (stack[(chosen, *cut)][..., np.newaxis] for stack in (pairs.moving, pairs.fixed))
        yield [moving, fixed, rng.random((size, 2)).astype("f4")], [fixed, nothing]


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))

"""e: one node of a 3D sweep and the memory it takes, each grid in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.report import Row
from benchmarks.timing import Timing

GRIDS = ((96, 64, 96), (192, 128, 192))


def nodes(repeats: int) -> list[Row]:
    """Random images, and random weights that move them by some voxels."""
    rows = []
    for grid in GRIDS:
        command = [sys.executable, "-m", "benchmarks.volumes", *map(str, (repeats, *grid))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (our own arguments)
        found = json.loads(done.stdout.splitlines()[-1])
        timing = Timing(tuple(found["seconds"]))
        what = f"one node, {' × '.join(map(str, grid))}, Dice of 3 tissues and folding"
        rows.append(Row("e", what, str(timing), "–", f"peak {found['peak_bytes'] / 2**30:.1f} GiB"))
    return rows


def measure(repeats: int, grid: tuple[int, ...]) -> dict[str, object]:
    """Seconds of repeated nodes, and the process's peak memory."""
    from elasreg_core.data.pair import RegistrationPair
    from elasreg_core.data.tissues import TissueTable
    from elasreg_core.networks.architecture import Architecture
    from elasreg_core.networks.layers import weight_shapes
    from elasreg_core.networks.plain_network import PlainNetwork
    from elasreg_core.registration.engine import Engine

    rng = np.random.default_rng(0)
    architecture = Architecture(hyper_units=32)
    shapes = weight_shapes(architecture, 2, 3)
    weights = {name: rng.normal(0, 0.08, shape).astype("f4") for name, shape in shapes.items()}
    moving, fixed = rng.random((2, *grid), dtype=np.float32)
    labels = rng.integers(0, 4, (2, *grid), dtype=np.uint8)
    pair = RegistrationPair("volume", moving, fixed, *labels, np.eye(4), (1.0,) * 3, TissueTable(("a", "b", "c")))
    corner = tuple(slice(32) for _ in grid)
    small = dataclasses.replace(pair, moving=moving[corner], fixed=fixed[corner], moving_labels=None, fixed_labels=None)
    still = Engine(PlainNetwork(architecture, 2, 3, weights))
    furthest = np.abs(still.displacement(small, np.float32([0.5, 0.5]))).max()
    weights |= {name: array * 5 / furthest for name, array in weights.items() if "flow" in name}  # voxels
    engine = Engine(PlainNetwork(architecture, 2, 3, weights))
    seconds = []
    for node in rng.random((repeats + 1, 2)).astype("f4"):
        started = time.perf_counter()
        next(engine.measured(pair, node[np.newaxis]))
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[1:], "peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    """This process's own peak; on Linux `ru_maxrss` would begin with its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    repeats, *grid = map(int, sys.argv[1:])
    print(json.dumps(measure(repeats, tuple(grid))))

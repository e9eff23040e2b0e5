"""`python -m benchmarks.scale`: what docs/scale.md is computed from, measured part by part on this machine.

Seconds of work are those of the processor (of all threads), which other programs on the machine hardly change; where
waiting belongs to it (the store, the scheduler), they are those of the clock.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pickle
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.report import machine
from benchmarks.sweeps import hearts
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.phantoms import Cohort
from elasreg_core.data.prepared import PreparedPairs
from elasreg_core.data.tissues import TissueTable
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import NodeScores, SubjectSweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.registration.engine import Engine
from elasreg_core.workspace.cluster.connection import connected
from elasreg_core.workspace.cluster.worker_side import CheckpointFiles, held, packed
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import data_folder, find_family
from elasreg_core.workspace.store import Store

GRID = ParameterGrid.regular(11, include_origin=True)  # 121 nodes
Line = tuple[str, str]


def nodes() -> Iterator[Line]:
    """A worker of one thread: what a node costs it, and its peak memory, each grid in a process of its own."""
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    for sides in ((128, 128), (224, 224), (96, 64, 96)):
        command = [sys.executable, "-m", "benchmarks.scale", "--grid", *map(str, sides)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        seconds, peak = json.loads(done.stdout.splitlines()[-1])
        size = " × ".join(map(str, sides))
        yield f"core-ms of a node, {size}, Dice of 3 tissues", f"{1e3 * seconds:.0f}"
        yield f"GiB at most in such a process ({size})", f"{peak / 2**30:.2f}"


def one_grid(sides: tuple[int, ...]) -> tuple[float, int]:
    """Seconds of the processor of one node, and the process's peak memory in bytes; random images."""
    checkpoint = find_family("cardiac" if len(sides) == 2 else "thorax-3d").member("elas-g")
    parameters = checkpoint.model.n_parameters(checkpoint.tissues.n_classes)
    weights = checkpoint.read_weights()
    engine = Engine(PlainNetwork(checkpoint.card.network, parameters, len(sides), weights))
    pair = RegistrationPair(**_volume(sides))
    n = 24 if len(sides) == 2 else 4
    vectors = np.array(GRID.nodes[:n], dtype=np.float32)
    return _cpu(lambda: list(engine.measured(pair, vectors)), 3) / n, 1024 * resource.getrusage(
        resource.RUSAGE_SELF
    ).ru_maxrss


def store() -> Iterator[Line]:
    """SQLite: bytes of a node, and nodes a second, written one by one and in chunks."""
    made = [_scores(node) for node in GRID.nodes]
    with tempfile.TemporaryDirectory() as folder:
        one_by_one, in_chunks = Store(Path(folder) / "a.sqlite"), Store(Path(folder) / "b.sqlite")
        subjects = [f"{number:064x}" for number in range(100)]  # keys are as long as a hash
        started = time.perf_counter()
        for scores in made:
            one_by_one.add(subjects[0], scores)
        yield "nodes a second into the store, one by one", f"{len(made) / (time.perf_counter() - started):.0f}"
        started = time.perf_counter()
        for subject in subjects:
            for first in range(0, len(made), 32):
                in_chunks.add(subject, *made[first : first + 32])
        n = len(made) * len(subjects)
        yield "nodes a second into the store, 32 at a time", f"{n / (time.perf_counter() - started):.0f}"
        with sqlite3.connect(in_chunks.path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield "bytes of a node in the store (3 tissues)", f"{in_chunks.path.stat().st_size / n:.0f}"
        started = time.perf_counter()
        for subject in subjects:
            in_chunks.nodes(subject)
        yield "ms to read a subject's 121 nodes", f"{10 * (time.perf_counter() - started):.1f}"
    table = SubjectSweep.from_nodes("patient001", ("RV", "LV-Myo", "LV-BP"), GRID, made).table
    yield "kB of a subject's table in the driver", f"{table.memory_usage(deep=True).sum() / 1e3:.0f}"


def pairs() -> Iterator[Line]:
    """Reading, and what travels."""
    hearts_network, chests_network = (find_family(name).member("elas-g") for name in ("cardiac", "thorax-3d"))
    hearts(hearts_network, subjects=1)
    root = data_folder() / ".benchmark-chests"
    if not root.exists():
        ensure_phantom(Cohort("thorax", 2, seed=99, dim=3), root, lambda _: None)
    for what, checkpoint, folder, layout in (
        ("2D", hearts_network, data_folder() / ".benchmark-hearts", "acdc"),
        ("3D", chests_network, root, "lungct"),
    ):
        yield from _pairs_of(what, checkpoint, open_dataset(folder, layout).without_truth())


def _pairs_of(what: str, checkpoint: Checkpoint, dataset) -> Iterator[Line]:
    settings, subject = checkpoint.card.preprocessing, dataset.subjects[0]
    size = " × ".join(map(str, settings.grid_shape))
    read = _cpu(lambda: dataset.load(subject, settings, checkpoint.tissues))
    yield f"ms to read a {what} pair onto {size}", f"{1e3 * read:.0f}"
    with tempfile.TemporaryDirectory() as folder:
        prepared = dataclasses.replace(dataset, prepared=PreparedPairs(Path(folder)))
        prepared.prepare(subject, settings, checkpoint.tissues)
        read = _cpu(lambda: prepared.load(subject, settings, checkpoint.tissues))
    yield f"ms to read it prepared ({what})", f"{1e3 * read:.1f}"
    pair = dataset.load(subject, settings, checkpoint.tissues)
    yield f"ms to hash it ({what})", f"{1e3 * _cpu(lambda: dataclasses.replace(pair).digest):.1f}"
    yield f"kB of it on the way ({what})", f"{len(pickle.dumps(packed(pair, False))) / 1e3:.0f}"
    files = CheckpointFiles.of(checkpoint)
    yield f"MB of the checkpoint on the way ({what})", f"{len(pickle.dumps(files)) / 1e6:.1f}"
    parameters = checkpoint.model.n_parameters(checkpoint.tissues.n_classes)
    network = PlainNetwork(checkpoint.card.network, parameters, settings.dim, checkpoint.read_weights())
    nodes = np.array(GRID.nodes, dtype=np.float32)
    made = _cpu(lambda: network.kernels(nodes).numpy())
    yield f"ms to make the kernels of 121 nodes ({what})", f"{1e3 * made:.0f}"
    yield f"MB of these kernels ({what})", f"{network.kernels(nodes).numpy().nbytes / 1e6:.0f}"


def scheduler() -> Iterator[Line]:
    """Tasks a second that do nothing, driver and scheduler on this machine."""
    with connected(None, 2) as cluster:
        client = cluster.client
        client.gather(client.map(held, range(20), pure=False))
        started = time.perf_counter()
        futures = [client.submit(held, number, pure=False) for number in range(2000)]
        client.gather(futures)
        yield "tasks a second through the scheduler", f"{2000 / (time.perf_counter() - started):.0f}"
        volume = RegistrationPair(**_volume((192, 128, 192)))
        started = time.perf_counter()
        for _ in range(5):
            client.submit(len, [client.submit(held, volume, pure=False)], pure=False).result()
        megabytes = 5 * len(pickle.dumps(volume)) / 1e6
        yield "MB a second to a worker (pairs of 192 × 128 × 192)", f"{megabytes / (time.perf_counter() - started):.0f}"


def _volume(sides: tuple[int, ...]) -> dict[str, object]:
    """The parts of a pair of random images and labels."""
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, *sides), dtype=np.float32)
    labels = rng.integers(0, 4, (2, *sides), dtype=np.uint8)
    return {
        "id": "volume",
        "moving": moving,
        "fixed": fixed,
        "moving_labels": labels[0],
        "fixed_labels": labels[1],
        "affine": np.eye(4),
        "spacing_mm": (1.0,) * len(sides),
        "tissues": TissueTable(("a", "b", "c")),
    }


def _scores(node: tuple[float, ...]) -> NodeScores:
    rng = np.random.default_rng(0)
    whole = {"tre_mm": float("nan"), "neg_jacobian_percent": rng.random(), "sd_log_jacobian": rng.random()}
    return NodeScores(node, {"dice": tuple(rng.random(3))}, whole)


def _cpu(run: Callable[[], object], repeats: int = 5) -> float:
    """Median seconds of the processor, after a first run that does not count."""
    run()
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


PARTS = {"nodes": nodes, "store": store, "pairs": pairs, "scheduler": scheduler}


def main() -> None:
    """Prints the parts asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--grid", nargs="+", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.grid:
        print(json.dumps(one_grid(tuple(arguments.grid))))
        return
    print(f"| | {machine()} |\n|---|---|")
    for name in arguments.only:
        for what, figure in PARTS[name]():
            print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.scale`: what docs/scale.md is computed from, measured part by part on this machine.

Seconds of work are those of a core (of all threads of a process together), which other programs on the machine change
less than those of the clock.
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

from benchmarks.cluster import Silent
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
from elasreg_core.workspace.cluster.cohort import search_cohort
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
    for sides in ((128, 128), (224, 224), (96, 64, 96), (192, 128, 192)):
        command = [sys.executable, "-m", "benchmarks.scale", "--grid", *map(str, sides)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        seconds, peak, has_gpu = json.loads(done.stdout.splitlines()[-1])
        size = " × ".join(map(str, sides))
        yield (
            f"{'ms on the GPU' if has_gpu else 'core-ms'} of a node, {size}, Dice of 3 tissues",
            f"{1e3 * seconds:.3g}",
        )
        yield f"GiB at most in such a process ({size})", f"{peak / 2**30:.2f}"


def one_grid(sides: tuple[int, ...]) -> tuple[float, int, bool]:
    """Seconds of a node of random images, of a core or by a GPU's clock, and the process's peak memory in bytes."""
    from elasreg_core.networks.voxelmorph_tf import tf

    checkpoint = find_family("cardiac" if len(sides) == 2 else "thorax-3d").member("elas-g")
    parameters = checkpoint.model.n_parameters(checkpoint.tissues.n_classes)
    engine = Engine(PlainNetwork(checkpoint.card.network, parameters, len(sides), checkpoint.read_weights()))
    pair = RegistrationPair(**_volume(sides))
    vectors = np.array(GRID.nodes[: 24 if len(sides) == 2 else 2], dtype=np.float32)
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    clock = time.perf_counter if has_gpu else time.process_time
    seconds = _median(lambda: list(engine.measured(pair, vectors)), 3, clock) / len(vectors)
    return seconds, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, has_gpu


def store() -> Iterator[Line]:
    """SQLite: bytes of a node, and nodes a second, written one by one and in chunks."""
    made = [_scores(node) for node in GRID.nodes]
    with tempfile.TemporaryDirectory() as folder:
        one_by_one, in_chunks = Store(Path(folder) / "a.sqlite"), Store(Path(folder) / "b.sqlite")
        subjects = [f"{number:064x}" for number in range(100)]  # keys are as long as a hash
        started = time.process_time()
        for scores in made:
            one_by_one.add(subjects[0], scores)
        yield "core-µs to put a node into the store, one by one", f"{1e6 * _since(started) / len(made):.0f}"
        started, began = time.process_time(), time.perf_counter()
        for subject in subjects:
            for first in range(0, len(made), 32):
                in_chunks.add(subject, *made[first : first + 32])
        n = len(made) * len(subjects)
        yield "core-µs to put a node into the store, 32 at a time", f"{1e6 * _since(started) / n:.0f}"
        yield "nodes a second by the clock", f"{n / (time.perf_counter() - began):.0f}"
        with sqlite3.connect(in_chunks.path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield "bytes of a node in the store (3 tissues)", f"{in_chunks.path.stat().st_size / n:.0f}"
        started = time.process_time()
        for subject in subjects:
            in_chunks.nodes(subject)
        yield "core-ms to read a subject's 121 nodes", f"{10 * _since(started):.1f}"
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


def driver() -> Iterator[Line]:
    """Driver and scheduler, which share a process here: what a subject, and a task, costs them."""
    checkpoint = find_family("cardiac").member("elas-g")
    hearts(checkpoint, subjects=1)
    dataset = open_dataset(data_folder() / ".benchmark-hearts", "acdc").without_truth()
    os.environ["ELASREG_HOME"] = tempfile.mkdtemp(prefix="elasreg-benchmark-")

    def load(subject: str) -> RegistrationPair:
        return dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues)

    with connected(None, 1) as cluster:
        list(search_cohort(cluster, checkpoint, dataset.subjects[:2], load, 3, Silent()))
        started = time.process_time()
        time.sleep(5)
        idle = _since(started) / 5
        yield "core-ms of the driver a second of waiting", f"{1e3 * idle:.0f}"
        started, began = time.process_time(), time.perf_counter()
        list(search_cohort(cluster, checkpoint, dataset.subjects[2:14], load, 11, Silent()))
        busy = _since(started) - idle * (time.perf_counter() - began)
        yield "core-ms of the driver a 2D subject, 4 tasks and 120 nodes, beside that", f"{1e3 * busy / 12:.0f}"
        started = time.process_time()
        cluster.client.gather([cluster.client.submit(held, number, pure=False) for number in range(1000)])
        yield "core-ms of the driver an empty task", f"{_since(started):.1f}"
        volume = RegistrationPair(**_volume((192, 128, 192)))
        started = time.process_time()
        for _ in range(5):
            cluster.client.submit(len, [cluster.client.submit(held, volume, pure=False)], pure=False).result()
        yield "core-ms of the driver to send a pair of 192 × 128 × 192", f"{200 * _since(started):.0f}"
        yield "MB of it on the way", f"{len(pickle.dumps(volume)) / 1e6:.0f}"


def _since(started: float) -> float:
    return time.process_time() - started


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


def _cpu(run: Callable[[], object]) -> float:
    return _median(run, 5, time.process_time)


def _median(run: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds by a clock, after a first run that does not count."""
    run()
    seconds = []
    for _ in range(repeats):
        started = clock()
        run()
        seconds.append(clock() - started)
    return statistics.median(seconds)


PARTS = {"nodes": nodes, "store": store, "pairs": pairs, "driver": driver}


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

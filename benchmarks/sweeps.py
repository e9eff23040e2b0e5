"""a, b, c, f: sweeps of hearts, against the plain way, against the floor, and how they grow."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np

from benchmarks.report import Row
from benchmarks.stock import StockSweep
from benchmarks.timing import Timing, side_by_side
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.phantoms import Cohort
from elasreg_core.identification.adaptive import undecided
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import PLATEAU_TOLERANCE
from elasreg_core.identification.sweep import NodeScores, sweep
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.physics.parameters import Node
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import data_folder, find_family

GRID = ParameterGrid.regular(11, include_origin=True)  # 121 nodes
SUBJECTS = 30


def hearts(checkpoint: Checkpoint, side: int = 128, subjects: int = SUBJECTS) -> list[RegistrationPair]:
    """Phantoms that no shipped checkpoint was trained on, on a square grid of the checkpoint's voxel size."""
    root = data_folder() / ".benchmark-hearts"  # hidden from the app's list
    if not root.exists():
        ensure_phantom(Cohort("cardiac", SUBJECTS, seed=99), root, lambda _: None)
    dataset = open_dataset(root, "acdc")
    settings = dataclasses.replace(checkpoint.card.preprocessing, grid_shape=(side, side))
    return [dataset.load(subject, settings) for subject in dataset.subjects[:subjects]]


def exhaustive(registrar: Registrar, pair: RegistrationPair, grid: ParameterGrid = GRID) -> dict[Node, NodeScores]:
    """The scores of every node."""
    return {s.node: s for s in sweep(registrar.measured, pair, grid.nodes)}


def adaptive(registrar: Registrar, pair: RegistrationPair) -> dict[Node, NodeScores]:
    """The scores of the nodes that the choice needs."""
    known: dict[Node, NodeScores] = {}
    while wanted := undecided(known, GRID):
        known |= {s.node: s for s in sweep(registrar.measured, pair, wanted)}
    return known


def against_stock(repeats: int) -> list[Row]:
    """A and b, with equal results."""
    checkpoint = find_family("cardiac").member("elas-g")
    registrar = Registrar(checkpoint)
    rows = []
    for side in (128, 224):
        (pair,) = hearts(checkpoint, side, subjects=1)
        stock = StockSweep(checkpoint, pair.grid_shape)
        ours = np.array([scores.by_tissue("dice") for scores in exhaustive(registrar, pair).values()])
        theirs = stock.dice(pair, GRID.nodes)
        gap = np.nanmax(np.abs(ours - theirs))
        candidates = {
            "exhaustive": lambda pair=pair: exhaustive(registrar, pair),
            "adaptive": lambda pair=pair: adaptive(registrar, pair),
            "stock": lambda pair=pair, stock=stock: stock.dice(pair, GRID.nodes),
        }
        times = side_by_side(candidates, repeats)
        what = f"121 nodes of one subject, {side} × {side}, Dice of 3 tissues"
        equal = f"{what}; largest difference of Dice {gap:.1g}"
        rows.append(Row.against("a", equal, times["exhaustive"], times["stock"]))
        nodes = len(adaptive(registrar, pair))
        rows.append(Row.against("a", f"{what}, adaptive: {nodes} nodes", times["adaptive"], times["stock"]))
    return rows + _cohort(checkpoint, registrar)


def _cohort(checkpoint: Checkpoint, registrar: Registrar) -> list[Row]:
    """b: each subject is one run of each candidate."""
    pairs = hearts(checkpoint)
    stock = StockSweep(checkpoint, pairs[0].grid_shape)
    seconds: dict[str, list[float]] = {"exhaustive": [], "adaptive": [], "stock": []}
    gaps, shares = [], []
    for pair in pairs:
        full, few = exhaustive(registrar, pair), adaptive(registrar, pair)
        shares.append(len(few) / len(full))
        everywhere, there = (np.array([s.by_tissue("dice") for s in scores.values()]) for scores in (full, few))
        gaps.append(everywhere.max(axis=0) - there.max(axis=0))
        candidates = {
            "exhaustive": lambda pair=pair: exhaustive(registrar, pair),
            "adaptive": lambda pair=pair: adaptive(registrar, pair),
            "stock": lambda pair=pair: stock.dice(pair, GRID.nodes[:12]),
        }
        for name, timing in side_by_side(candidates, 1).items():
            seconds[name] += timing.per(12 / 121 if name == "stock" else 1).seconds
    times = {name: Timing(tuple(values)) for name, values in seconds.items()}
    within = np.mean(np.array(gaps) <= PLATEAU_TOLERANCE["dice"])
    note = "; of 12 nodes, × 121/12"
    what = f"121 nodes, 128 × 128, each of {len(pairs)} subjects"
    return [
        Row.against("b", what, times["exhaustive"], times["stock"], note),
        Row.against(
            "b",
            f"{what}, adaptive: {np.mean(shares):.0%} of the nodes ({min(shares):.0%} to {max(shares):.0%}); "
            f"within {PLATEAU_TOLERANCE['dice']} Dice of the full grid in {within:.1%} of {np.size(gaps)} cases",
            times["adaptive"],
            times["stock"],
            note,
        ),
    ]


def floor(repeats: int) -> list[Row]:
    """c: how much of the time the multiplications of the passes alone would take."""
    checkpoint = find_family("cardiac").member("elas-g")
    registrar = Registrar(checkpoint)
    a, b = tf.random.normal((2048, 2048)), tf.random.normal((2048, 2048))
    product = tf.function(lambda: tf.reduce_sum(a @ b))
    rows = []
    for side in (128, 224):
        (pair,) = hearts(checkpoint, side, subjects=1)
        candidates = {"sweep": lambda pair=pair: exhaustive(registrar, pair), "product": lambda: product().numpy()}
        times = side_by_side(candidates, max(5, repeats))
        rate = 2 * 2048**3 / times["product"].median
        flops = pass_flops(checkpoint.card.network, pair.grid_shape) * len(GRID.nodes)
        least = flops / rate
        rows.append(
            Row(
                "c",
                f"{side} × {side}: {flops / len(GRID.nodes) / 1e9:.2f} GFLOP a pass at {rate / 1e9:.0f} GFLOP/s",
                f"{times['sweep']}",
                f"{least * 1e3:.0f} ms: the floor",
                f"{least / times['sweep'].median:.0%} of our time",
            )
        )
    return rows


def pass_flops(architecture: Architecture, sides: Sequence[int]) -> float:
    """Multiplications and additions of the U-Net's convolutions."""
    levels, voxels, taps = len(architecture.encoder), math.prod(sides), 3 ** len(sides)
    total, n_in = 0.0, 2
    for level, n_out in enumerate(architecture.encoder):
        total += n_in * n_out * voxels / 2 ** (level * len(sides))
        n_in = n_out
    for level, n_out in zip(range(levels, 0, -1), architecture.decoder, strict=False):
        total += n_in * n_out * voxels / 2 ** (level * len(sides))
        n_in = n_out + architecture.encoder[level - 1]
    for n_out in (*architecture.decoder[levels:], len(sides)):
        total += n_in * n_out * voxels
        n_in = n_out
    return 2 * taps * total


def growth(repeats: int) -> list[Row]:
    """f: time against nodes, voxels and subjects, and the exponents that fit."""
    checkpoint = find_family("cardiac").member("elas-g")
    registrar = Registrar(checkpoint)
    pairs = hearts(checkpoint, subjects=8)
    (large,) = hearts(checkpoint, 288, subjects=1)
    nodes = GRID.nodes

    def run(of: Sequence[RegistrationPair], n_nodes: int) -> None:
        for pair in of:
            list(sweep(registrar.measured, pair, nodes[:n_nodes]))

    series = {
        "nodes": ([(pairs[:1], n) for n in (8, 16, 32, 64, 120)], (8, 16, 32, 64, 120)),
        "voxels": ([([_cut(large, side)], 16) for side in (96, 128, 192, 288)], (96, 128, 192, 288)),
        "subjects": ([(pairs[:n], 16) for n in (1, 2, 4, 8)], (1, 2, 4, 8)),
    }
    rows = []
    for name, (calls, sizes) in series.items():
        times = side_by_side({str(i): lambda call=call: run(*call) for i, call in enumerate(calls)}, repeats)
        amounts = np.square(sizes) if name == "voxels" else np.array(sizes)
        medians = [timing.median for timing in times.values()]
        exponent = np.polyfit(np.log(amounts), np.log(medians), 1)[0]
        steps = ", ".join(f"{amount}: {1e3 * median:.0f} ms" for amount, median in zip(amounts, medians, strict=True))
        rows.append(Row("f", f"time against {name}", steps, "–", f"exponent {exponent:.2f}"))
    return rows


def _cut(pair: RegistrationPair, side: int) -> RegistrationPair:
    """The middle of a pair."""
    keep = tuple(itertools.repeat(slice((pair.grid_shape[0] - side) // 2, (pair.grid_shape[0] + side) // 2), 2))
    names = ("moving", "fixed", "moving_labels", "fixed_labels")
    return dataclasses.replace(pair, **{name: getattr(pair, name)[keep] for name in names}, truth=None, keypoints=None)

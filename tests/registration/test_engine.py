"""The engine's numbers are those of the plain way: displacement by displacement, label by label, fold by fold."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.physics.fields import warp_labels
from elasreg_core.registration import engine as module
from elasreg_core.registration import memory
from elasreg_core.registration.engine import Engine
from elasreg_core.registration.measured import measure_displacement

SMALL = Architecture(encoder=(4, 5), decoder=(5, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5)


def random_pair(grid, seed=0):
    rng = np.random.default_rng(seed)
    moving, fixed = rng.random((2, *grid)).astype("f4")
    labels = np.arange(4).repeat(1 + grid[0] // 4)[: grid[0]].astype("u1")  # slabs along the first axis
    labels = np.broadcast_to(labels.reshape(-1, *[1] * (len(grid) - 1)), grid).copy()
    tissues = TissueTable(("a", "b", "c"))
    spacing = (1.0, 1.5, 2.5)[: len(grid)]
    return RegistrationPair("p", moving, fixed, labels, np.roll(labels, 1, axis=1), np.eye(4), spacing, tissues)


def random_network(grid, voxels=1.5):
    """A network with random weights, as VoxelMorph has it and plain, that moves its voxels about so far."""
    rng = np.random.default_rng(3)
    stock = HyperRegistrationNetwork(SMALL, grid, 2)
    weights = {name: rng.normal(0, 0.3, w.shape).astype("f4") for name, w in stock.weights().items()}
    stock.set_weights(weights)
    largest = np.abs(displacement(stock, random_pair(grid), np.float32([0.5, 0.5]))).max()
    weights |= {name: array * voxels / largest for name, array in weights.items() if "flow" in name}
    stock.set_weights(weights)
    return stock, PlainNetwork(SMALL, 2, len(grid), weights)


def displacement(stock, pair, node):
    images = (image[np.newaxis, ..., np.newaxis] for image in (pair.moving, pair.fixed))
    return stock.displacement(*images, node[np.newaxis])[0].numpy()


@pytest.mark.parametrize("grid", [(15, 22), (9, 14, 11)])
def test_every_node_is_registered_and_measured_as_if_alone(grid):
    stock, network = random_network(grid)
    engine = Engine(network)
    nodes = np.random.default_rng(1).random((6, 2)).astype("f4")  # a batch of four, and two left over
    for seed in (0, 1):
        pair = random_pair(grid, seed)
        for node, found in zip(nodes, engine.measured(pair, nodes), strict=True):
            expected = measure_displacement(pair, displacement(stock, pair, node))
            assert 0.5 < np.abs(expected.displacement).max() < 6
            np.testing.assert_allclose(found.displacement, expected.displacement, atol=1e-5)
            np.testing.assert_allclose(engine.displacement(pair, node), expected.displacement, atol=1e-5)
            assert found.dice == pytest.approx(expected.dice, abs=2e-3, nan_ok=True)  # rounding may turn a voxel
            assert found.neg_jacobian_percent == pytest.approx(expected.neg_jacobian_percent, abs=0.1)
            assert found.sd_log_jacobian == pytest.approx(expected.sd_log_jacobian, rel=1e-3)


def test_folding_and_absent_classes_are_measured_as_numpy_does():
    grid = (16, 20)
    stock, network = random_network(grid, voxels=12)
    pair = random_pair(grid)
    pair = dataclasses.replace(pair, moving_labels=np.where(pair.moving_labels == 3, 0, pair.moving_labels))
    node = np.float32([0.2, 0.9])
    (found,) = Engine(network).measured(pair, node[np.newaxis])
    expected = measure_displacement(pair, displacement(stock, pair, node))
    assert expected.neg_jacobian_percent > 1
    assert found.neg_jacobian_percent == pytest.approx(expected.neg_jacobian_percent)
    np.testing.assert_allclose(found.dice, expected.dice)
    assert np.isnan(found.dice[2])


def test_a_nodes_numbers_do_not_depend_on_its_neighbours():
    _, network = random_network((16, 20))
    nodes = np.random.default_rng(1).random((7, 2)).astype("f4")
    together = list(Engine(network).measured(random_pair((16, 20)), nodes))
    engine = Engine(network)
    for one, node in zip(together, nodes, strict=True):
        (alone,) = engine.measured(random_pair((16, 20)), node[np.newaxis])
        np.testing.assert_allclose(alone.displacement, one.displacement, atol=1e-6)
        assert alone.dice == one.dice
        assert alone.sd_log_jacobian == pytest.approx(one.sd_log_jacobian, rel=1e-4)


@pytest.mark.parametrize("without", [("moving_labels",), ("fixed_labels",), ("moving_labels", "fixed_labels")])
def test_of_a_pair_without_labels_the_deformation_is_measured_and_dice_is_undefined(without):
    _, network = random_network((16, 20), voxels=12)
    engine, whole = Engine(network), random_pair((16, 20))
    nodes = np.float32([[0.2, 0.9], [0.7, 0.1]])
    pair = dataclasses.replace(whole, **dict.fromkeys(without))
    for found, expected in zip(engine.measured(pair, nodes), engine.measured(whole, nodes), strict=True):
        assert np.isnan(found.dice).tolist() == [True] * 3
        np.testing.assert_array_equal(found.displacement, expected.displacement)
        assert found.neg_jacobian_percent == expected.neg_jacobian_percent > 1
        assert found.sd_log_jacobian == expected.sd_log_jacobian


def test_a_class_that_the_warp_makes_vanish_is_missed_not_absent():
    _, network = random_network((16, 20), voxels=12)
    pair = random_pair((16, 20))
    node = np.float32([0.2, 0.9])
    read = warp_labels(np.arange(16 * 20).reshape(16, 20), Engine(network).displacement(pair, node))
    labels = np.zeros(16 * 20, "u1")
    labels[min(set(range(16 * 20)) - set(read.ravel()))] = 1  # a voxel that the warp does not read
    labels = labels.reshape(16, 20)
    (found,) = Engine(network).measured(
        dataclasses.replace(pair, moving_labels=labels, fixed_labels=labels), node[np.newaxis]
    )
    np.testing.assert_array_equal(found.dice, [0, np.nan, np.nan])


def test_a_grid_with_a_side_of_one_voxel_is_refused():
    _, network = random_network((16, 20))
    pair = random_pair((16, 2))
    assert Engine(network).displacement(pair, np.float32([0.5, 0.5])).shape == (16, 2, 2)
    flat = {name: getattr(pair, name)[:, :1] for name in ("moving", "fixed", "moving_labels", "fixed_labels")}
    with pytest.raises(InputError, match="two voxels along every axis. Received: 16 × 1"):
        Engine(network).displacement(dataclasses.replace(pair, **flat), np.float32([0.5, 0.5]))


def test_a_grid_that_does_not_fit_into_memory_is_refused(monkeypatch):
    _, network = random_network((16, 20))
    monkeypatch.setattr(memory, "bytes_free", lambda: 1000)
    with pytest.raises(InputError, match="16 × 20 voxels does not fit into memory"):
        Engine(network).displacement(random_pair((16, 20)), np.float32([0.5, 0.5]))


def test_threads_share_an_engine_and_a_sweep_may_be_left():
    _, network = random_network((16, 20))
    engine = Engine(network)
    nodes = np.random.default_rng(1).random((9, 2)).astype("f4")
    pairs = [random_pair((16, 20)), random_pair((12, 20))]
    next(engine.measured(pairs[0], nodes))  # left after one of nine
    alone = [[found.displacement for found in engine.measured(pair, nodes)] for pair in pairs]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda pair: [m.displacement for m in engine.measured(pair, nodes)], pairs))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_kernels_are_generated_once_per_node_and_bounded(monkeypatch):
    _, network = random_network((16, 20))
    made = []
    generate = network.kernels
    monkeypatch.setattr(network, "kernels", lambda vectors: made.append(len(vectors)) or generate(vectors))
    engine = Engine(network)
    nodes = np.random.default_rng(1).random((8, 2)).astype("f4")
    for seed in (0, 1):
        list(engine.measured(random_pair((16, 20), seed), nodes))
    assert made == [4, 4]  # the second subject finds all of them
    monkeypatch.setattr(module, "_KERNEL_BYTES_KEPT", 5 * generate(nodes[:1]).shape[1] * 4)
    list(engine.measured(random_pair((16, 20)), nodes[[7, 6, 5, 0]]))
    list(engine.measured(random_pair((16, 20)), nodes[1:5]))
    assert made == [4, 4, 4]  # 4 was among the five used last; three are made as four
    list(engine.measured(random_pair((16, 20)), nodes[[0, 7]]))
    assert made == [4, 4, 4, 4]  # 7, as 0 is still there


def test_kept_kernels_do_not_keep_those_generated_with_them():
    network = SimpleNamespace(kernels=lambda vectors: tf.zeros((len(vectors), 64)))  # rows of 256 bytes can be shared
    cache = module._KernelCache(network)
    cache.of(np.random.default_rng(1).random((4, 2)).astype("f4"))
    starts = sorted(np.asarray(memoryview(kernels)).ctypes.data for kernels in cache._kept.values())
    assert 256 not in np.diff(starts)  # as they would stand end to end


def test_the_grids_used_last_are_kept(monkeypatch):
    built = []
    make = module._Passes
    monkeypatch.setattr(module, "_Passes", lambda network, grid: built.append(grid) or make(network, grid))
    monkeypatch.setattr(module, "_GRIDS_KEPT", 2)
    _, network = random_network((16, 20))
    engine = Engine(network)
    for rows in (16, 12, 16, 8, 16, 12):
        assert engine.displacement(random_pair((rows, 20)), np.float32([0.5, 0.5])).shape == (rows, 20, 2)
    # 16 stays, as it is used again and again; 8 takes the place of 12, and 12 that of 8
    assert built == [(16, 20), (12, 20), (8, 20), (12, 20)]

"""What `make bench` counts and writes: not how fast anything is, but that its figures are the right ones."""

from __future__ import annotations

import math

import pytest

from benchmarks.report import Row, write
from benchmarks.sweeps import pass_flops
from benchmarks.timing import Timing, side_by_side
from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.hyper_registration import build_hyper_vxm_dense


@pytest.mark.parametrize("sides", [(32, 48), (16, 32, 16)])
def test_the_floor_counts_the_convolutions_that_voxelmorph_makes(sides):
    architecture = Architecture(encoder=(4, 5, 6), decoder=(6, 5, 4, 4, 3), hyper_units=8)
    total = 0
    for layer in build_hyper_vxm_dense(architecture, sides, 2).layers:
        kernels = [w for w in layer.weights if w.name.endswith(("hyperkernel_kernel:0", "flow/kernel:0"))]
        if kernels:  # generated ones are rows of a dense layer, the velocity's is one itself
            shape = kernels[0].shape
            products = shape[-1] if len(shape) == 2 else math.prod(shape)
            total += 2 * products * math.prod(layer.output.shape[1:-1])
    assert pass_flops(architecture, sides) == total


def test_candidates_take_turns_after_one_run_that_does_not_count():
    calls = []
    times = side_by_side({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert calls == ["a", "b"] * 3
    assert [len(timing.seconds) for timing in times.values()] == [2, 2]


def test_a_row_says_how_many_times_as_fast_ours_is(tmp_path):
    row = Row.against("a", "a sweep", Timing((0.2, 0.1, 0.4)), Timing((3.0, 2.0, 9.0)), " each")
    assert (row.ours, row.rival, row.ratio) == ("200 ms (100 to 400)", "3 s (2 to 9) each", "15")
    text = write([row], tmp_path / "RESULTS.md", 3)
    assert "| a | a sweep | 200 ms (100 to 400) | 3 s (2 to 9) each | 15 |" in text
    assert "TensorFlow" in text

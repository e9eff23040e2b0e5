"""Memory: counted by hand, and a sentence where it is too little."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture
from elasreg_core.registration.memory import bytes_free, bytes_needed, require_memory


def test_the_widest_convolution_at_full_resolution_counts():
    # The default's is 32 + 16 → 32 features, 80 in all, and 30 floats for what follows: 110 floats of 4 bytes a voxel.
    assert bytes_needed(Architecture(), (192, 128, 192)) == 440 * 192 * 128 * 192
    # sides are padded to multiples of 16
    assert bytes_needed(Architecture(), (120, 97)) == 440 * 128 * 112
    # no convolution after the last concatenation: 5 + 6 features in, 2 out
    assert bytes_needed(Architecture(encoder=(6,), decoder=(5,)), (10, 10)) == 4 * (13 + 30) * 100


def test_a_grid_that_does_not_fit_is_refused_with_the_need(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2 * 2**30))
    assert bytes_free() <= 2 * 2**30  # a container may have less
    require_memory(Architecture(), (128, 128), nodes=4)
    with pytest.raises(
        InputError,
        match=r"512 × 512 × 400 voxels does not fit.*at most [0-2].. GiB, which is free. Received: a need of 43.0 GiB.",
    ):
        require_memory(Architecture(), (512, 512, 400), nodes=1)

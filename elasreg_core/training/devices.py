"""One network on several devices: each takes its share of a batch, and all take the same step.

`tf.distribute.MirroredStrategy` keeps a copy of the weights on every device. A replica's loss is the mean over its
share; shares are equal, so the mean of the replicas' gradients is the gradient of the whole batch's loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError
from elasreg_core.networks.voxelmorph_tf import tf

Arrays = Mapping[str, npt.NDArray[Any]]


class Replicas:
    """The devices that a training runs on.

    Attributes:
        n: how many.
        strategy: the scope in which variables are made.
    """

    def __init__(self, batch_size: int, devices: int | None = None) -> None:
        """Takes devices.

        Args:
            batch_size: of the whole step; every device takes as many of its pairs.
            devices: how many; None: of several GPUs as many as can share the batch, otherwise one device.

        Raises:
            InputError: there are not so many, or they cannot share the batch equally.
        """
        names = [device.name for device in tf.config.list_logical_devices("GPU")]
        if devices is None:
            devices = max((n for n in range(1, len(names) + 1) if batch_size % n == 0), default=1)
        names = names or [device.name for device in tf.config.list_logical_devices("CPU")]
        if not 1 <= devices <= len(names):
            raise InputError(
                f"This machine cannot train on {devices} devices.",
                expected=f"1 to {len(names)}",
                received=devices,
                cure="Leave out --devices to take all GPUs there are",
            )
        if batch_size % devices:
            raise InputError(
                f"{devices} devices cannot share batches of {batch_size} equally.",
                cure="Set batch_size to a multiple of the devices, e.g. --set batch_size="
                f"{-(-batch_size // devices) * devices}, or take fewer --devices",
            )
        self.n = devices
        self.strategy = _mirrored(names[:devices]) if devices > 1 else tf.distribute.get_strategy()

    def shared_out(self, arrays: Arrays, batch_size: int) -> dict[str, Any]:
        """A batch's arrays, each device's share on it; what is not one per pair goes to all of them."""
        if self.n == 1:
            return {name: tf.constant(array) for name, array in arrays.items()}
        return {name: self._shared(np.asarray(array), batch_size) for name, array in arrays.items()}

    def run(self, step: Callable[..., Any], arrays: Mapping[str, Any]) -> Any:
        """Runs a step on every device; returns the mean of its results."""
        results = self.strategy.run(step, kwargs=dict(arrays))
        if self.n == 1:
            return results
        return tf.nest.map_structure(lambda of_one: self._mean(of_one), results)

    def averaged(self, values: Any) -> Any:
        """Inside a step: tensors averaged over the devices."""
        if self.n == 1:
            return values
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)

    def _mean(self, of_one: Any) -> tf.Tensor:
        return self.strategy.reduce(tf.distribute.ReduceOp.MEAN, of_one, axis=None)

    def _shared(self, array: npt.NDArray[Any], batch_size: int) -> Any:
        share = batch_size // self.n

        def of(context: Any) -> tf.Tensor:
            first = context.replica_id_in_sync_group * share
            is_per_pair = array.ndim > 0 and len(array) == batch_size
            return tf.constant(array[first : first + share] if is_per_pair else array)

        return self.strategy.experimental_distribute_values_from_function(of)


def _mirrored(names: Sequence[str]) -> Any:
    """Sums on one device, in the same order every time.

    (TensorFlow's own choice, collective operations, failed in a process's second training: it met the first one's.)
    """
    return tf.distribute.MirroredStrategy(list(names), cross_device_ops=tf.distribute.ReductionToOneDevice())

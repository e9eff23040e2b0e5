"""The one door to VoxelMorph, Neurite and legacy Keras. Nothing else imports them.

VoxelMorph 0.2 and Neurite 0.2, their last releases on TensorFlow, were written for Keras 2 and Python ≤ 3.10:

* `tf.keras` must be tf-keras, and the backends be named: `elasreg_core/__init__.py` says so in the environment;
* `inspect.getargspec`, gone since Python 3.11, is lent to Neurite's class decorators while they are imported.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from elasreg_core.errors import InputError


def _first_four_of_getfullargspec(function: object) -> tuple[object, ...]:
    return tuple(inspect.getfullargspec(function)[:4])


@contextlib.contextmanager
def _native_stderr_discarded() -> Iterator[None]:
    """TensorFlow's C++ side greets on stderr whatever its log level; Python's own errors still pass."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr to protect (a windowed or detached process)
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


inspect.getargspec = _first_four_of_getfullargspec  # type: ignore[attr-defined]
try:
    with warnings.catch_warnings(), _native_stderr_discarded():
        warnings.simplefilter("ignore")
        import tensorflow as tf

        package = tf.keras.Model.__module__.partition(".")[0]
        if package != "tf_keras":
            raise InputError(
                "TensorFlow's Keras was used before elasreg_core was imported.",
                expected="Keras 2 (tf-keras), which VoxelMorph 0.2 needs",
                received=f"the package {package}",
                cure="Import elasreg_core first, or set TF_USE_LEGACY_KERAS=1 in the environment",
            )
        import neurite as ne
        import voxelmorph as vxm
finally:
    del inspect.getargspec  # type: ignore[attr-defined]

tf.get_logger().setLevel("ERROR")
for _gpu in tf.config.list_physical_devices("GPU"):
    with contextlib.suppress(RuntimeError):  # a program that used the GPU before us has chosen
        tf.config.experimental.set_memory_growth(_gpu, True)  # the app and its searches share one GPU
tf.config.experimental.enable_tensor_float_32_execution(False)  # a GPU's numbers should be the CPU's
keras = tf.keras


def quick_on_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
    """A graph of a function that XLA makes into few loops on a CPU; a GPU runs TensorFlow's own kernels.

    Of loops over voxels, not of convolutions and matrix products, which gain nothing.
    """
    compiled: Callable[..., Any] = tf.function(function, jit_compile=not tf.config.list_physical_devices("GPU"))
    return compiled


__all__ = ["keras", "ne", "quick_on_cpu", "tf", "vxm"]

"""The one door to VoxelMorph, Neurite and legacy Keras. Nothing else imports them.

VoxelMorph 0.2 and Neurite 0.2, their last releases on TensorFlow, were written for Keras 2 and Python ≤ 3.10:

* `TF_USE_LEGACY_KERAS=1` must stand before TensorFlow's first import, so that `tf.keras` is tf-keras;
* the backends must be named;
* `inspect.getargspec`, gone since Python 3.11, is lent to Neurite's class decorators while they are imported.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import warnings
from collections.abc import Iterator

from elasreg_core.errors import InputError

_ENVIRONMENT = {
    "TF_USE_LEGACY_KERAS": "1",
    "VXM_BACKEND": "tensorflow",
    "NEURITE_BACKEND": "tensorflow",
}

if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") != "1":
    raise InputError(
        "TensorFlow was imported before elasreg_core.",
        expected="TF_USE_LEGACY_KERAS=1 before TensorFlow's first import (VoxelMorph 0.2 needs Keras 2)",
        received=f"TF_USE_LEGACY_KERAS={os.environ.get('TF_USE_LEGACY_KERAS', '')!r}",
        cure="Import elasreg_core's networks first, or set TF_USE_LEGACY_KERAS=1 in the environment",
    )
os.environ.update(_ENVIRONMENT)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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
        import neurite as ne
        import tensorflow as tf
        import voxelmorph as vxm
finally:
    del inspect.getargspec  # type: ignore[attr-defined]

tf.get_logger().setLevel("ERROR")
keras = tf.keras

__all__ = ["keras", "ne", "tf", "vxm"]

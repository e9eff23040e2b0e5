"""How a network for volumes takes up the weights of one for slices, which is trained in minutes.

From random weights a network of volumes had not begun to move anything after 900 slow steps. So it begins with the
kernels of slices in the middle of its own. Where all slices are alike each moves as the network of slices moves it, and
nothing moves across; elsewhere its max pooling mixes neighbouring slices.
(Inflation, as of filters for video: Carreira and Zisserman, CVPR 2017. There a filter is spread over all of time; here
it is not, as what a slice's kernel finds must stay where it is.)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from elasreg_core.networks.weights import NAME

_TAPS = 3  # of every kernel, along each axis
_FLOW = f"{NAME}_flow/"

Weights = Mapping[str, npt.NDArray[np.float32]]


def spread(weights: Weights, across: int) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of a network of slices as those of the same network for volumes, by the same names.

    Args:
        weights: by name.
        across: the axis of the volume across which the slices lie, 0, 1 or 2.
    """
    grown = dict(weights)
    for name, array in weights.items():
        if "/hyperkernel_" in name:  # generated kernels, flat: (units, 3 · 3 · in · out), or (3 · 3 · in · out,)
            kernels = array.reshape(*array.shape[:-1], _TAPS, _TAPS, -1)
            grown[name] = _in_the_middle(kernels, array.ndim - 1 + across).reshape(*array.shape[:-1], -1)
        elif name == f"{_FLOW}kernel":  # (3, 3, in, 2) → (3, 3, 3, in, 3)
            grown[name] = np.insert(_in_the_middle(array, across), across, 0, axis=-1)
        elif name == f"{_FLOW}bias":
            grown[name] = np.insert(array, across, 0)
    return grown


def _in_the_middle(kernels: npt.NDArray[np.float32], axis: int) -> npt.NDArray[np.float32]:
    """Kernels with one more axis of taps, the middle one of which holds what was there."""
    padding = [(0, 0)] * (kernels.ndim + 1)
    padding[axis] = (1, 1)
    return np.pad(np.expand_dims(kernels, axis), padding)

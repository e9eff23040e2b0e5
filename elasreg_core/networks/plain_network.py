"""The network as plain functions of its weights: the numbers of `HyperVxmDense`, without its graph.

The kernels of all convolutions depend on the parameters (λ, μ) and not on the images. So they are generated for many
nodes at once, kept, and reused for every subject; what a node then costs is a plain U-Net and an integration.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.convolutions import Activation, convolve, convolve_many, convolve_upsampled
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.networks.weights import NAME, require_weights

_LEAK = 0.2  # of VoxelMorph's leaky ReLUs


class _Convolution(NamedTuple):
    """One convolution of the U-Net."""

    name: str
    n_in: int
    n_out: int


class _Layer(NamedTuple):
    """A convolution's kernel `(*k, in, out)`, its bias `(out,)`, and what is done to its result."""

    kernel: tf.Tensor
    bias: tf.Tensor
    activation: Activation


class PlainNetwork:
    """One network's weights, ready for any grid.

    Attributes:
        architecture: of the network.
        n_parameters: P, the length of the parameter vector.
        dim: D, 2 or 3.
    """

    def __init__(
        self,
        architecture: Architecture,
        n_parameters: int,
        dim: int,
        weights: Mapping[str, npt.NDArray[np.float32]],
    ) -> None:
        """Takes weights by VoxelMorph's names, as `HyperRegistrationNetwork.weights` returns them.

        Raises:
            InputError: they are of another network.
        """
        self.architecture, self.n_parameters, self.dim = architecture, n_parameters, dim
        *self._convolutions, self._last = _convolutions(architecture, dim)
        require_weights(weights, weight_shapes(architecture, n_parameters, dim))
        named = {name.removeprefix(f"{NAME}_"): array for name, array in weights.items()}
        dense = [f"hyp_dense_{layer}" for layer in range(1, architecture.hyper_layers + 1)]
        self._hypernetwork = [_constants(named, f"{name}/") for name in dense]
        last = [f"unet_{c.name}/{part}_" for c in self._convolutions for part in ("hyperkernel", "hyperbias")]
        self._to_kernels = tuple(
            tf.constant(np.concatenate([named[f"{name}{part}"] for name in last], axis=-1))
            for part in ("kernel", "bias")
        )  # one matrix product makes the kernels and biases of all convolutions
        self._flow = _constants(named, f"{self._last.name}/")

    def kernels(self, parameters: npt.NDArray[np.float32]) -> tf.Tensor:
        """What the hypernetwork makes of the parameters `(N, P)`: all kernels and biases of N nodes, `(N, W)`."""
        features = tf.constant(parameters, tf.float32)
        for weight, bias in self._hypernetwork:
            features = tf.nn.relu(features @ weight + bias)
        weight, bias = self._to_kernels
        return features @ weight + bias

    def velocities(self, moving: tf.Tensor, fixed: tf.Tensor, kernels: tf.Tensor) -> tf.Tensor:
        """The velocities of one pair at N nodes, shape `(N, *sides, D)`, with the displacement's axes and unit.

        Args:
            moving: the moving image, shape `(1, *sides, 1)`; sides must be multiples of the architecture's divisor.
            fixed: the fixed image, same shape.
            kernels: of N nodes, `(N, W)`; N must be known to a `tf.function`.
        """
        convolved = convolve_many(tf.concat([moving, fixed], axis=-1))
        nodes = [self._layers(node) for node in tf.unstack(kernels)]
        return tf.concat([self._velocity(convolved(*layers[0]), layers[1:]) for layers in nodes], axis=0)

    def _velocity(self, features: tf.Tensor, layers: list[_Layer]) -> tf.Tensor:
        """VoxelMorph's U-Net after its first convolution: down by max pooling, up by repetition, skip connections."""
        rest, skips = iter(layers), []
        for _ in self.architecture.encoder:
            skips.append(features)
            features = convolve(tf.nn.max_pool(features, 2, 2, "VALID"), *next(rest))
        for skip in reversed(skips):
            features = convolve_upsampled(features, skip, *next(rest))
        for layer in rest:
            features = convolve(features, *layer)
        return features

    def _layers(self, kernels: tf.Tensor) -> list[_Layer]:
        """One node's convolutions in the order in which the U-Net applies them."""
        shapes = [(*(3,) * self.dim, c.n_in, c.n_out) for c in self._convolutions]
        sizes = [size for shape in shapes for size in (math.prod(shape), shape[-1])]
        parts = iter(tf.split(kernels, sizes))
        generated = [_Layer(tf.reshape(next(parts), shape), next(parts), _activated) for shape in shapes]
        return [*generated, _Layer(*self._flow, tf.identity)]


def weight_shapes(architecture: Architecture, n_parameters: int, dim: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by VoxelMorph's name."""
    taps = 3**dim
    widths = [n_parameters, *[architecture.hyper_units] * architecture.hyper_layers]
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(widths), start=1):
        shapes |= {f"hyp_dense_{layer}/kernel": (n_in, n_out), f"hyp_dense_{layer}/bias": (n_out,)}
    *generated, flow = _convolutions(architecture, dim)
    for name, n_in, n_out in generated:
        for part, size in (("hyperkernel", taps * n_in * n_out), ("hyperbias", n_out)):
            shapes |= {f"unet_{name}/{part}_kernel": (widths[-1], size), f"unet_{name}/{part}_bias": (size,)}
    shapes |= {f"{flow.name}/kernel": (*(3,) * dim, flow.n_in, flow.n_out), f"{flow.name}/bias": (flow.n_out,)}
    return {f"{NAME}_{name}": shape for name, shape in shapes.items()}


def _convolutions(architecture: Architecture, dim: int) -> list[_Convolution]:
    """The U-Net's convolutions in the order in which they are applied.

    The last one, from features to velocity, has weights of its own; those of the others come from the hypernetwork.
    """
    encoder, decoder = architecture.encoder, architecture.decoder
    levels = len(encoder)
    found, n_in = [], 2
    for level, n_out in enumerate(encoder):
        found.append(_Convolution(f"enc_conv_{level}_0", n_in, n_out))
        n_in = n_out
    for level, n_out in zip(reversed(range(levels)), decoder, strict=False):
        found.append(_Convolution(f"dec_conv_{level}_0", n_in, n_out))
        n_in = n_out + encoder[level]
    for number, n_out in enumerate(decoder[levels:]):
        found.append(_Convolution(f"dec_final_conv_{number}", n_in, n_out))
        n_in = n_out
    return [*found, _Convolution("flow", n_in, dim)]


def _constants(weights: Mapping[str, npt.NDArray[np.float32]], prefix: str) -> tuple[Any, Any]:
    return tf.constant(weights[f"{prefix}kernel"]), tf.constant(weights[f"{prefix}bias"])


def _activated(features: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(features, _LEAK)

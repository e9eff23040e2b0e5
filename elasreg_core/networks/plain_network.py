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
from elasreg_core.networks.convolutions import convolve, convolve_many, convolve_upsampled, phase_kernels
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.networks.weights import NAME, require_weights

Weights = npt.NDArray[np.float32]

_LEAK = 0.2  # of VoxelMorph's leaky ReLUs


class _Convolution(NamedTuple):
    """One convolution of the U-Net; the first `n_coarse` of its features come from the level below."""

    name: str
    n_in: int
    n_out: int
    n_coarse: int = 0

    def parts(self, kernels: Weights, biases: Weights, dim: int) -> list[Weights]:
        """What a pass takes of kernels `(N, 3^D · in · out)` and biases `(N, out)`, the biases last."""
        kernels = kernels.reshape(-1, *(3,) * dim, self.n_in, self.n_out)
        if not self.n_coarse:
            return [kernels, biases]
        coarse, skip = kernels[..., : self.n_coarse, :], kernels[..., self.n_coarse :, :]
        return [phase_kernels(coarse, dim), skip, biases]


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
        weights: Mapping[str, Weights],
    ) -> None:
        """Takes weights by VoxelMorph's names, as `HyperRegistrationNetwork.weights` returns them.

        Raises:
            InputError: they are of another network.
        """
        self.architecture, self.n_parameters, self.dim = architecture, n_parameters, dim
        require_weights(weights, weight_shapes(architecture, n_parameters, dim))
        named = {name.removeprefix(f"{NAME}_"): array for name, array in weights.items()}
        dense = [f"hyp_dense_{layer}" for layer in range(1, architecture.hyper_layers + 1)]
        self._hypernetwork = [
            (tf.constant(named[f"{name}/kernel"]), tf.constant(named[f"{name}/bias"])) for name in dense
        ]
        *generated, flow = _convolutions(architecture, dim)
        parts = [c.parts(*_of_last_layer(named, c.name), dim) for c in generated]
        self._shapes = [[part.shape[1:] for part in of_one] for of_one in parts]
        columns = np.concatenate([part.reshape(len(part), -1) for of_one in parts for part in of_one], axis=-1)
        self._to_kernels = tf.constant(columns[:-1]), tf.constant(columns[-1])  # one matrix product makes all of them
        own = flow.parts(named[f"{flow.name}/kernel"], named[f"{flow.name}/bias"][np.newaxis], dim)
        self._flow = [tf.constant(part[0]) for part in own]

    def kernels(self, parameters: npt.NDArray[np.float32] | tf.Tensor) -> tf.Tensor:
        """What the hypernetwork makes of the parameters `(N, P)`: all kernels and biases of N nodes, `(N, W)`."""
        features = tf.convert_to_tensor(parameters, tf.float32)
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

    def _velocity(self, features: tf.Tensor, layers: list[tuple[Any, ...]]) -> tf.Tensor:
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

    def _layers(self, kernels: tf.Tensor) -> list[tuple[Any, ...]]:
        """One node's convolutions as the U-Net applies them: kernel or kernels, bias, and what follows."""
        sizes = [math.prod(shape) for shapes in self._shapes for shape in shapes]
        parts = iter(tf.split(kernels, sizes))
        generated = [[tf.reshape(next(parts), shape) for shape in shapes] for shapes in self._shapes]
        return [*((*layer, _activated) for layer in generated), (*self._flow, tf.identity)]


def weight_shapes(architecture: Architecture, n_parameters: int, dim: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by VoxelMorph's name."""
    taps = 3**dim
    widths = [n_parameters, *[architecture.hyper_units] * architecture.hyper_layers]
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(widths), start=1):
        shapes |= {f"hyp_dense_{layer}/kernel": (n_in, n_out), f"hyp_dense_{layer}/bias": (n_out,)}
    *generated, flow = _convolutions(architecture, dim)
    for name, n_in, n_out, _ in generated:
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
    n_coarse = 0
    for level, n_out in zip(reversed(range(levels)), decoder, strict=False):
        found.append(_Convolution(f"dec_conv_{level}_0", n_in, n_out, n_coarse))
        n_in, n_coarse = n_out + encoder[level], n_out
    for number, n_out in enumerate(decoder[levels:]):
        found.append(_Convolution(f"dec_final_conv_{number}", n_in, n_out, n_coarse))
        n_in, n_coarse = n_out, 0
    return [*found, _Convolution("flow", n_in, dim, n_coarse)]


def _of_last_layer(named: Mapping[str, Weights], convolution: str) -> tuple[Weights, Weights]:
    """What makes a convolution's kernel and bias of the hypernetwork's last features: rows, then a constant."""
    kernel, bias = (
        np.vstack([named[f"unet_{convolution}/{part}_kernel"], named[f"unet_{convolution}/{part}_bias"]])
        for part in ("hyperkernel", "hyperbias")
    )
    return kernel, bias


def _activated(features: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(features, _LEAK)

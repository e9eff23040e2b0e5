"""The network as plain functions of its weights: the numbers of `HyperVxmDense`, without its graph.

The kernels of all convolutions depend on the parameters (λ, μ) and not on the images. So they are generated for many
nodes at once, kept, and reused for every subject; what a node then costs is a plain U-Net and an integration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.convolutions import convolve, convolve_many, convolve_upsampled, phase_kernels
from elasreg_core.networks.layers import Convolution, convolutions, weight_shapes
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.networks.weights import NAME, require_weights

Weights = npt.NDArray[np.float32]

_LEAK = 0.2  # of VoxelMorph's leaky ReLUs


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
        *generated, flow = convolutions(architecture, dim)
        parts = [_parts(c, *_of_last_layer(named, c.name), dim) for c in generated]
        self._shapes = [[part.shape[1:] for part in of_one] for of_one in parts]
        columns = np.concatenate([part.reshape(len(part), -1) for of_one in parts for part in of_one], axis=-1)
        self._to_kernels = tf.constant(columns[:-1]), tf.constant(columns[-1])  # one matrix product makes all of them
        own = _parts(flow, named[f"{flow.name}/kernel"], named[f"{flow.name}/bias"][np.newaxis], dim)
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


def _parts(convolution: Convolution, kernels: Weights, biases: Weights, dim: int) -> list[Weights]:
    """What a pass takes of kernels `(N, 3^D · in · out)` and biases `(N, out)`, the biases last."""
    kernels = kernels.reshape(-1, *(3,) * dim, convolution.n_in, convolution.n_out)
    if not convolution.n_coarse:
        return [kernels, biases]
    coarse, skip = kernels[..., : convolution.n_coarse, :], kernels[..., convolution.n_coarse :, :]
    return [phase_kernels(coarse, dim), skip, biases]


def _of_last_layer(named: Mapping[str, Weights], convolution: str) -> tuple[Weights, Weights]:
    """What makes a convolution's kernel and bias of the hypernetwork's last features: rows, then a constant."""
    kernel, bias = (
        np.vstack([named[f"unet_{convolution}/{part}_kernel"], named[f"unet_{convolution}/{part}_bias"]])
        for part in ("hyperkernel", "hyperbias")
    )
    return kernel, bias


def _activated(features: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(features, _LEAK)

"""Hyper-convolutions run as plain convolutions: the same numbers as Neurite's, without its `tf.map_fn`.

`HyperVxmDense` stays the definition of the network; `with_fast_layers` clones its graph with these layers in place
of Neurite's, sharing nothing but names and shapes, so that weights move between the two unchanged.
"""

from __future__ import annotations

from typing import Any

from elasreg_core.networks.voxelmorph_tf import keras, ne, tf


def _convolve(layer: Any, features: tf.Tensor, hyper: tf.Tensor) -> tf.Tensor | None:
    """One kernel for the whole batch, or one for each sample of a known batch size; None if the size is unknown."""
    kernels = layer._call_dense_pseudo_layer(hyper, layer.hyperkernel)  # (P, *k, in, out)
    biases = layer._call_dense_pseudo_layer(hyper, layer.hyperbias)  # (P, out)
    n_kernels = kernels.shape[0]
    if n_kernels is None:
        return None
    if n_kernels == 1:
        return tf.nn.bias_add(tf.nn.convolution(features, kernels[0], padding="SAME"), biases[0])
    convolved = [
        tf.nn.bias_add(tf.nn.convolution(sample, kernels[i], padding="SAME"), biases[i])
        for i, sample in enumerate(tf.split(features, n_kernels))
    ]
    return tf.concat(convolved, axis=0)


class FastHyperConv2D(ne.layers.HyperConv2DFromDense):
    """Neurite's layer, run as plain convolutions."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """As Neurite's; a symbolic call, while the graph is cloned, is Neurite's own."""
        convolved = _convolve(self, *inputs)
        return super().call(inputs) if convolved is None else convolved


class FastHyperConv3D(ne.layers.HyperConv3DFromDense):
    """Neurite's layer, run as plain convolutions."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """As Neurite's; a symbolic call, while the graph is cloned, is Neurite's own."""
        convolved = _convolve(self, *inputs)
        return super().call(inputs) if convolved is None else convolved


_FAST: dict[Any, Any] = {
    ne.layers.HyperConv2DFromDense: FastHyperConv2D,
    ne.layers.HyperConv3DFromDense: FastHyperConv3D,
}


def with_fast_layers(network: Any) -> Any:
    """Clones a `HyperVxmDense` graph with fast hyper-convolutions; weights are freshly initialised."""

    def swap(layer: Any) -> Any:
        fast = _FAST.get(type(layer))
        if fast is None:
            return layer.__class__.from_config(layer.get_config())
        config = layer.get_config()
        config.pop("rank")
        return fast.from_config(config)

    return keras.models.clone_model(network, clone_function=swap)

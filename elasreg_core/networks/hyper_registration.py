"""A hyper-registration network: two images and a parameter vector in, a displacement out.

The definition is VoxelMorph's `HyperVxmDense` (HyperMorph: Hoopes et al., IPMI 2021); here it gets fast layers, any
grid size, and the *integrated displacement* as its output. (`HyperVxmDense` itself returns the velocity second.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.fast_layers import with_fast_layers
from elasreg_core.networks.voxelmorph_tf import keras, tf, vxm
from elasreg_core.networks.weights import NAME, by_name, require_weights


def build_hyper_vxm_dense(architecture: Architecture, sides: tuple[int, ...], n_parameters: int) -> Any:
    """The network as VoxelMorph defines it, with outputs (warped, displacement); sides must suit the U-Net."""
    return vxm.networks.HyperVxmDense(
        sides,
        nb_hyp_params=n_parameters,
        nb_hyp_layers=architecture.hyper_layers,
        nb_hyp_units=architecture.hyper_units,
        nb_unet_features=[list(architecture.encoder), list(architecture.decoder)],
        int_steps=architecture.integration_steps,
        svf_resolution=1,
        int_resolution=1,
        reg_field="warp",  # the second output is the displacement, not the velocity
        name=NAME,
    )


class HyperRegistrationNetwork:
    """Predicts displacements on one grid; sides are padded for the U-Net and cropped again.

    Attributes:
        grid_shape: (X, Y[, Z]) of the images.
        n_parameters: length of the parameter vector.
    """

    def __init__(self, architecture: Architecture, grid_shape: tuple[int, ...], n_parameters: int) -> None:
        self.grid_shape = grid_shape
        self.n_parameters = n_parameters
        sides = tuple(side + (-side) % architecture.divisor for side in grid_shape)
        self._padding = [(0, 0), *((0, big - side) for big, side in zip(sides, grid_shape, strict=True)), (0, 0)]
        stock = build_hyper_vxm_dense(architecture, sides, n_parameters)
        fast = with_fast_layers(stock)
        self._velocity_model = keras.Model(fast.inputs, fast.get_layer(f"{NAME}_flow").output)
        self._integration = fast.get_layer(f"{NAME}_flow_int")

    def displacement(self, moving: tf.Tensor, fixed: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """The displacement, shape `(B, X, Y[, Z], D)` in voxels.

        Args:
            moving: the moving images, shape `(B, X, Y[, Z], 1)`.
            fixed: the fixed images, same shape.
            parameters: shape `(B, P)`, or `(1, P)` for one setting shared by the whole batch.
        """
        return self.integrate(self.velocity(moving, fixed, parameters))

    def velocity(self, moving: tf.Tensor, fixed: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """The velocity on the padded grid, as the U-Net predicts it; arguments as those of `displacement`."""
        padded = [tf.pad(image, self._padding) for image in (moving, fixed)]
        return self._velocity_model([*padded, parameters])

    def integrate(self, velocity: tf.Tensor) -> tf.Tensor:
        """The displacement of a velocity, by scaling and squaring on the padded grid."""
        return self.cropped(self._integration(velocity))

    def cropped(self, field: tf.Tensor) -> tf.Tensor:
        """A field on the padded grid, `(B, *sides, D)`, on the images' own grid."""
        return field[(slice(None), *(slice(side) for side in self.grid_shape))]

    def warp(self, moving: tf.Tensor, displacement: tf.Tensor) -> tf.Tensor:
        """moving(p + u(p)), shape `(B, X, Y[, Z], channels)`, differentiable."""
        transformer = vxm.layers.SpatialTransformer(interp_method="linear", indexing="ij")  # keeps its channels' number
        return transformer([moving, displacement])

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        """What an optimizer updates: hypernetwork, kernel generators and the flow layer."""
        return list(self._velocity_model.trainable_variables)

    @property
    def hypernetwork_variables(self) -> list[tf.Variable]:
        """Those of the trainable variables that make up the hypernetwork's own layers."""
        return [v for v in self.trainable_variables if v.name.startswith(f"{NAME}_hyp_dense")]

    def hyper_features(self, parameters: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What the hypernetwork makes of parameters `(B, P)` before they become kernels: its last layer, `(B, U)`."""
        features = tf.constant(parameters)
        for kernel, bias in zip(*[iter(self.hypernetwork_variables)] * 2, strict=True):
            features = tf.nn.relu(features @ kernel + bias)
        return features.numpy()

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """All weights by name, in VoxelMorph's naming without its `:0`."""
        return {name: variable.numpy() for name, variable in by_name(self._velocity_model.weights).items()}

    def set_weights(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Loads weights by name.

        Raises:
            InputError: names or shapes differ from this network's.
        """
        own = by_name(self._velocity_model.weights)
        require_weights(weights, {name: tuple(variable.shape) for name, variable in own.items()})
        for name, variable in own.items():
            variable.assign(weights[name])

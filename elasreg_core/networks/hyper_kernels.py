"""What a hypernetwork makes of (λ, μ): the kernels of its U-Net, in NumPy from a checkpoint's weights.

    features = ReLU(… ReLU(parameters · W_1 + b_1) …),    kernel of a layer = features · W + b

The same numbers as `PlainNetwork.kernels` and VoxelMorph's `HyperVxmDense`, one layer at a time, without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.networks.architecture import Architecture
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.layers import convolutions, weight_shapes
from elasreg_core.networks.weights import NAME, require_weights

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class HyperKernels:
    """A network's hypernetwork.

    Attributes:
        architecture: of the network.
        dim: D, 2 or 3.
        weights: by VoxelMorph's names.
    """

    architecture: Architecture
    dim: int
    weights: Mapping[str, Weights]

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> HyperKernels:
        """Reads a checkpoint's weights.

        Raises:
            InputError: missing, altered or damaged weights, or those of another network.
        """
        card, model = checkpoint.card, checkpoint.model
        found = cls(card.network, card.preprocessing.dim, checkpoint.read_weights())
        n_parameters = model.n_parameters(checkpoint.tissues.n_classes)
        require_weights(found.weights, weight_shapes(found.architecture, n_parameters, found.dim))
        return found

    @property
    def layers(self) -> tuple[str, ...]:
        """The convolutions whose kernels the hypernetwork makes, in the order in which the U-Net applies them."""
        return tuple(layer.name for layer in convolutions(self.architecture, self.dim)[:-1])

    def features(self, parameters: npt.ArrayLike) -> Weights:
        """What the dense layers make of parameters `(P,)`, before they become kernels: shape `(U,)`."""
        features = np.asarray(parameters, dtype=np.float32)
        for number in range(1, self.architecture.hyper_layers + 1):
            features = np.maximum(self._linear(features, f"hyp_dense_{number}/", ""), 0)
        return features

    def kernel(self, layer: str, parameters: npt.ArrayLike) -> Weights:
        """A layer's kernel under parameters `(P,)`, shape `(3, 3[, 3], in, out)`."""
        flat = self._linear(self.features(parameters), f"unet_{layer}/", "hyperkernel_")
        n_out = len(self.weights[f"{NAME}_unet_{layer}/hyperbias_bias"])
        return flat.reshape(*(3,) * self.dim, -1, n_out)

    def changes(self, start: npt.ArrayLike, end: npt.ArrayLike) -> pd.DataFrame:
        """How far the kernels of every layer move from one setting to another.

        Returns:
            Columns layer, weights (their number), change_percent: 100 · ‖K(end) − K(start)‖ / ‖K(start)‖.
        """
        rows = []
        for layer in self.layers:
            before, after = self.kernel(layer, start), self.kernel(layer, end)
            change = 100 * np.linalg.norm(after - before) / np.linalg.norm(before)
            rows.append((layer, before.size, float(change)))
        return pd.DataFrame(rows, columns=["layer", "weights", "change_percent"])

    def _linear(self, features: Weights, layer: str, part: str) -> Weights:
        name = f"{NAME}_{layer}{part}"
        product: Weights = features @ self.weights[f"{name}kernel"] + self.weights[f"{name}bias"]
        return product

"""How a network takes up the weights of another one, and how an adaptive one comes to tell its classes apart.

An adaptive network begins as its global one, which knows one (λ, μ) for the whole image. Spread over the classes, that
network's own layers answer to the mean of all classes' parameters alone, and training hardly parts them: their features
vary by a few thousandths. So the adaptive network has one more unit in every layer for each parameter, a *line*: it
carries that parameter's value as it is to the last layer, where nothing is read off it yet. What training then reads
off the lines is centred at the mean of the sampling law: it can part the classes without moving their common ground.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError
from elasreg_core.networks.architecture import Model
from elasreg_core.networks.voxelmorph_tf import tf
from elasreg_core.networks.weights import NAME, by_name
from elasreg_core.training.sampling import LAWS

#: What a line carries per unit of its parameter: the rate at which its readout is learned, beside the other weights'.
LINE = 0.2
_HIDDEN = f"{NAME}_hyp_dense_"
_READOUTS = ("/hyperkernel_kernel", "/hyperbias_kernel")

Weights = Mapping[str, npt.NDArray[np.float32]]


def taken_up(weights: Weights, model: Model, n_classes: int) -> dict[str, npt.NDArray[np.float32]]:
    """A global network's weights as those of a network without lines: of its regularizer, or of the elastic one.

    The first layer of an adaptive network spreads each parameter's row over the classes, a share 1/C to each, so that
    it begins as the global network wherever all classes agree, and between the values elsewhere. A network with one
    parameter, diffusion's, that starts from an elastic one begins as that one with μ = λ.

    Raises:
        InputError: the weights are those of a network with other parameters.
    """
    taken, first = dict(weights), f"{_HIDDEN}1/kernel"
    rows = taken[first]
    if model.regularizer.count == 1:
        rows = rows.sum(axis=0, keepdims=True)
    if len(rows) != len(model.regularizer.parameters):
        raise InputError(
            f"{model.name} cannot start from this network.",
            expected="the weights of " + " or ".join(dict.fromkeys(("elas-g", model.global_name))),
            received=f"a network with {len(rows)} parameters",
        )
    copies = n_classes if model.is_adaptive else 1
    taken[first] = np.repeat(rows / np.float32(copies), copies, axis=0)
    return taken


def with_line_weights(weights: Weights, n_parameters: int) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of the same network with lines (`plan.with_lines`), from which nothing is read off yet."""
    grown = dict(weights)
    for name, array in weights.items():
        if name.startswith(_HIDDEN) and name.endswith("/bias"):
            grown[name] = np.pad(array, (0, n_parameters))
        elif name.startswith(_HIDDEN):
            is_first = name == f"{_HIDDEN}1/kernel"
            grown[name] = np.pad(array, ((0, 0 if is_first else n_parameters), (0, n_parameters)))
            grown[name][-n_parameters:, -n_parameters:] = np.eye(n_parameters) * (LINE if is_first else 1)
        elif name.endswith(_READOUTS):
            grown[name] = np.pad(array, ((0, n_parameters), (0, 0)))
    return grown


class Lines:
    """What is read off the lines of a network in training, centred: a step of it adds nothing at the law's mean."""

    def __init__(self, variables: Sequence[tf.Variable], model: Model, n_parameters: int, sampling: str) -> None:
        """Finds the readouts among the variables that an optimizer updates."""
        names = list(by_name(variables))
        self._biases = {
            i: names.index(name.removesuffix("kernel") + "bias")
            for i, name in enumerate(names)
            if name.endswith(_READOUTS)
        }
        self._variables = variables
        self._n = n_parameters
        per_class = len(model.regularizer.parameters)
        drawn = LAWS[sampling](np.random.default_rng(0), (4096, per_class, n_parameters // per_class))
        self._mean = tf.constant(LINE * drawn.reshape(4096, -1).mean(axis=0)[:, np.newaxis], tf.float32)

    def centred(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The gradients by the readouts of x − mean, where the network has those of x."""
        centred = list(gradients)
        for kernel, bias in self._biases.items():
            lines = gradients[kernel][-self._n :] - self._mean * gradients[bias]
            centred[kernel] = tf.concat([gradients[kernel][: -self._n], lines], axis=0)
        return centred

    def readouts(self) -> dict[int, tf.Tensor]:
        """What is read off now; for `keep_centred` after a step."""
        return {kernel: tf.identity(self._variables[kernel][-self._n :]) for kernel in self._biases}

    def keep_centred(self, before: Mapping[int, tf.Tensor]) -> None:
        """Takes out of the biases what a step's change of the readouts adds at the law's mean."""
        for kernel, bias in self._biases.items():
            change = self._variables[kernel][-self._n :] - before[kernel]
            self._variables[bias].assign_sub(tf.reduce_sum(self._mean * change, axis=0))

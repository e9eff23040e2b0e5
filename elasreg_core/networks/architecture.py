"""The shape of a network, and the names of the paper's models. No TensorFlow here."""

from __future__ import annotations

from dataclasses import dataclass

from elasreg_core.errors import InputError
from elasreg_core.physics.parameters import Regularizer
from elasreg_core.physics.regularizers import REGULARIZERS

_MOST_LAYERS, _MOST_FEATURES = 32, 4096


@dataclass(frozen=True)
class Model:
    """One of the paper's four models, or of another regularizer's two.

    Attributes:
        name: as in Table 1; g is global, sas spatially adaptive and subject-specific.
        regularizer: whose parameters it takes.
        is_adaptive: whether every class has its own.
    """

    name: str
    regularizer: Regularizer
    is_adaptive: bool

    def n_parameters(self, n_classes: int) -> int:
        """Length of the parameter vector: of all classes, the background first, or of the image."""
        return len(self.regularizer.parameters) * (n_classes if self.is_adaptive else 1)

    @property
    def global_name(self) -> str:
        """The global model with the same regularizer: the one whose sweep chooses this one's parameters."""
        return self.name.removesuffix("sas").removesuffix("g") + "g"


#: The models of the paper's Table 1, in its order: diff-g, diff-sas, elas-g, elas-sas; then other regularizers'.
MODELS = {
    model.name: model
    for regularizer in REGULARIZERS.values()
    for model in (
        Model(f"{regularizer.models}-g", regularizer, is_adaptive=False),
        Model(f"{regularizer.models}-sas", regularizer, is_adaptive=True),
    )
}


@dataclass(frozen=True)
class Architecture:
    """A U-Net whose kernels come from a hypernetwork. The defaults are HyperMorph's (Hoopes et al., IPMI 2021).

    Attributes:
        encoder, decoder: features of each U-Net convolution.
        hyper_layers, hyper_units: dense layers of the hypernetwork, and their width.
        integration_steps: scaling-and-squaring steps from velocity to displacement.
    """

    encoder: tuple[int, ...] = (16, 32, 32, 32)
    decoder: tuple[int, ...] = (32, 32, 32, 32, 32, 16, 16)
    hyper_layers: int = 6
    hyper_units: int = 128
    integration_steps: int = 7

    def __post_init__(self) -> None:
        sizes = (*self.encoder, *self.decoder, self.hyper_layers, self.hyper_units, self.integration_steps)
        if not self.encoder or len(self.decoder) < len(self.encoder) or min(sizes) < 1:
            raise InputError(
                "The network's architecture is not one.",
                expected="positive sizes, and at least as many decoder as encoder levels",
                received=self,
            )
        largest = (len(self.decoder), _MOST_LAYERS), (self.hyper_layers, _MOST_LAYERS), (max(sizes), _MOST_FEATURES)
        if any(size > bound for size, bound in largest) or self.integration_steps > _MOST_LAYERS:
            raise InputError(
                "The network's architecture is larger than any network here.",
                expected=f"at most {_MOST_LAYERS} layers and steps, and {_MOST_FEATURES} features and units",
                received=f"{max(map(len, (self.encoder, self.decoder)))} levels, sizes up to {max(sizes)}",
            )

    @property
    def divisor(self) -> int:
        """Every side of the grid that the U-Net sees must be a multiple of this."""
        return int(2 ** len(self.encoder))

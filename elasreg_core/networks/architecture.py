"""The shape of a network, and the names of the paper's models. No TensorFlow here."""

from __future__ import annotations

from dataclasses import dataclass

from elasreg_core.errors import InputError

#: Models of the paper's Table 1 that can be trained, and whether their parameters are one pair per tissue.
MODELS = {"elas-g": "global", "elas-sas": "adaptive"}


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

    @property
    def divisor(self) -> int:
        """Every side of the grid that the U-Net sees must be a multiple of this."""
        return int(2 ** len(self.encoder))


def n_parameters(model: str, n_classes: int) -> int:
    """Length of a model's parameter vector: (λ, μ), or one pair per class with the background first."""
    return 2 if MODELS[model] == "global" else 2 * n_classes

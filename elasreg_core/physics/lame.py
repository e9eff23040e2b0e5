"""The Lamé parameters of a registration: λ resists volume change, μ resists shear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError

BACKGROUND = "background"


@dataclass(frozen=True)
class LameField:
    """One (λ, μ) per label class; class 0 is the background.

    Attributes:
        lam: λ_0 … λ_{C−1}, each in [0, 1].
        mu: μ_0 … μ_{C−1}, each in [0, 1].
    """

    lam: tuple[float, ...]
    mu: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.lam) != len(self.mu) or not self.lam:
            raise InputError(
                "A Lamé field needs one λ and one μ for every class.",
                received=f"{len(self.lam)} λ and {len(self.mu)} μ",
            )
        outside = [value for value in (*self.lam, *self.mu) if not 0 <= value <= 1]
        if outside:
            raise InputError(
                "A Lamé parameter is outside the range that the networks were trained on.",
                expected="λ and μ in [0, 1]",
                received=", ".join(f"{value:g}" for value in outside),
            )

    @classmethod
    def uniform(cls, lam: float, mu: float, n_classes: int) -> LameField:
        """The same (λ, μ) everywhere: the only kind that a global network can take."""
        return cls((float(lam),) * n_classes, (float(mu),) * n_classes)

    @classmethod
    def from_tissues(
        cls,
        parameters: Mapping[str, tuple[float, float]],
        tissues: Sequence[str],
        background: tuple[float, float],
    ) -> LameField:
        """From `{tissue: (λ, μ)}`; `tissues` gives the class order 1 … C−1, `background` class 0.

        Raises:
            InputError: a tissue is missing or unknown.
        """
        if set(parameters) - {BACKGROUND} != set(tissues):
            raise InputError(
                "The parameters are not those of the checkpoint's tissues.",
                expected=", ".join(tissues),
                received=", ".join(parameters) or "none",
                cure="Give one λ and one μ for every tissue",
            )
        pairs = [parameters.get(BACKGROUND, background), *(parameters[name] for name in tissues)]
        return cls(tuple(float(lam) for lam, _ in pairs), tuple(float(mu) for _, mu in pairs))

    @property
    def is_uniform(self) -> bool:
        """Whether all classes share one (λ, μ)."""
        return len(set(self.lam)) == 1 and len(set(self.mu)) == 1

    def global_vector(self) -> npt.NDArray[np.float32]:
        """(λ, μ), shape `(2,)`: the input of a global network.

        Raises:
            InputError: the classes differ, which a global network cannot express.
        """
        if not self.is_uniform:
            raise InputError(
                "A global network takes one (λ, μ) for the whole image.",
                received=f"λ = {self.lam}, μ = {self.mu}",
                cure="Use the spatially adaptive checkpoint (elas-sas) for tissue-wise parameters",
            )
        return np.array([self.lam[0], self.mu[0]], dtype=np.float32)

    def adaptive_vector(self) -> npt.NDArray[np.float32]:
        """(λ_0 … λ_{C−1}, μ_0 … μ_{C−1}), shape `(2C,)`: the input of a spatially adaptive network."""
        return np.array([*self.lam, *self.mu], dtype=np.float32)

    def by_tissue(self, tissues: Sequence[str]) -> dict[str, dict[str, float]]:
        """`{"background": {"lambda": …, "mu": …}, tissue: …}`, the form written to files."""
        names = (BACKGROUND, *tissues)
        return {name: {"lambda": lam, "mu": mu} for name, lam, mu in zip(names, self.lam, self.mu, strict=True)}

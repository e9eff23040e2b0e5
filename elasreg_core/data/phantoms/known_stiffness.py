"""λ and μ of tissues as the literature knows their stiffness, scaled into [0, 1], the range of the parameters.

Elastography gives kPa, over seven decades from lung to bone; a regularizer's parameters are relative. What is kept:

    λ : μ = 2ν / (1 − 2ν)        within each tissue, exactly
    the larger of λ and μ        from 0.1 (the softest of the tissues) to 1 (the stiffest), linear in log E

E is the geometric mean of the reported range, ν the middle of its range (sources: `data/known_tissues`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elasreg_core.data.known_tissues import TISSUES
from elasreg_core.data.phantoms.materials import Stiffness, StiffnessRange

SOFTEST = 0.1

#: What is known of the tissues that data sets label, by their names.
LITERATURE: dict[str, StiffnessRange] = {tissue.name: tissue.stiffness for tissue in TISSUES.values()}


@dataclass(frozen=True)
class KnownStiffness:
    """One tissue's stiffness and what it becomes.

    Attributes:
        tissue: its name.
        stiffness: in the middle of what is reported.
        magnitude: its place between the softest tissue (0.1) and the stiffest (1).
        source: where the numbers are from.
    """

    tissue: str
    stiffness: Stiffness
    magnitude: float
    source: str

    @property
    def ratio(self) -> float:
        """λ / μ."""
        return self.stiffness.lam_kpa / self.stiffness.mu_kpa

    @property
    def scaled(self) -> tuple[float, float]:
        """(λ, μ) in [0, 1]."""
        return self.magnitude * min(self.ratio, 1.0), self.magnitude / max(self.ratio, 1.0)


def known_stiffness(tissues: Sequence[str]) -> tuple[KnownStiffness, ...]:
    """Every tissue's known stiffness, in order; empty where one of them is not known.

    Example:
        >>> lung, bone, liver = known_stiffness(["lung", "bone", "liver"])
        >>> print(f"{bone.ratio:.1f}, {bone.scaled[0]:.2f}, {bone.scaled[1]:.2f}")  # ν = 0.3, the stiffest
        1.5, 1.00, 0.67
    """
    if not all(tissue in LITERATURE for tissue in tissues):
        return ()
    middles = [_middle(LITERATURE[tissue]) for tissue in tissues]
    logs = np.log([middle.youngs_modulus_kpa for middle in middles])
    span = np.ptp(logs)
    places = (logs - logs.min()) / span if span > 0 else np.ones(len(logs))
    return tuple(
        KnownStiffness(tissue, middle, float(SOFTEST + (1 - SOFTEST) * place), LITERATURE[tissue].source)
        for tissue, middle, place in zip(tissues, middles, places, strict=True)
    )


def _middle(reported: StiffnessRange) -> Stiffness:
    return Stiffness(
        float(np.sqrt(np.prod(reported.youngs_modulus_kpa))), float(np.mean(np.array(reported.poisson_ratio)))
    )

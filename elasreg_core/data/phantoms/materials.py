"""How stiff the tissues are: ranges from the literature, one draw per subject, and the Lamé parameters that follow.

Elastography measures a shear stiffness μ at 30 to 140 Hz, above the quasi-static one; nearly incompressible tissue has
E ≈ 3 μ. Ranges cover what the sources report and, where those are few, a factor of about two around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StiffnessRange:
    """A tissue as a linear elastic, isotropic material.

    Attributes:
        youngs_modulus_kpa: range of E; subjects are drawn log-uniformly from it.
        poisson_ratio: range of ν; subjects are drawn uniformly from it.
        source: where the ranges are from.
    """

    youngs_modulus_kpa: tuple[float, float]
    poisson_ratio: tuple[float, float]
    source: str

    def draw(self, rng: np.random.Generator) -> Stiffness:
        """One subject's stiffness."""
        return Stiffness(
            float(np.exp(rng.uniform(*np.log(self.youngs_modulus_kpa)))), float(rng.uniform(*self.poisson_ratio))
        )


@dataclass(frozen=True)
class Stiffness:
    """E and ν of one tissue in one subject, and the Lamé parameters that follow."""

    youngs_modulus_kpa: float
    poisson_ratio: float

    @property
    def lam_kpa(self) -> float:
        """λ = E ν / ((1 + ν)(1 − 2ν)).

        Example:
            >>> print(f"{Stiffness(10.0, 0.25).lam_kpa:.1f}")
            4.0
        """
        nu = self.poisson_ratio
        return self.youngs_modulus_kpa * nu / ((1 + nu) * (1 - 2 * nu))

    @property
    def mu_kpa(self) -> float:
        """μ = E / (2 (1 + ν)).

        Example:
            >>> print(f"{Stiffness(10.0, 0.25).mu_kpa:.1f}")
            4.0
        """
        return self.youngs_modulus_kpa / (2 * (1 + self.poisson_ratio))


@dataclass(frozen=True)
class Material:
    """One tissue of an anatomy.

    Attributes:
        name: the tissue.
        label: its label in the data set's table; 0 for everything that the data set leaves unlabelled.
        stiffness: what a subject's stiffness is drawn from.
    """

    name: str
    label: int
    stiffness: StiffnessRange


LUNG = StiffnessRange(
    (1.0, 5.0),
    (0.2, 0.45),
    "μ 1.1 to 1.8 kPa: Mariappan, JMRI 33 (2011) 1351; E 1.9 kPa, ν 0.34: Birzle, J Mech Behav Biomed Mater 94 (2019) "
    "126; ν 0.2 to 0.45 in models of breathing: Werner, Med Phys 36 (2009) 1500",
)
LIVER = StiffnessRange(
    (5.0, 8.0),
    (0.45, 0.49),
    "μ 1.7 to 2.5 kPa: Venkatesh, JMRI 39 (2014) 1; E 7.8 kPa, ν 0.45: Brock, Med Phys 32 (2005) 1647",
)
FAT = StiffnessRange((2.0, 5.0), (0.45, 0.49), "E 3.25 ± 0.91 kPa: Samani, Phys Med Biol 52 (2007) 1565; ν: assumption")
MUSCLE = StiffnessRange(
    (10.0, 20.0), (0.45, 0.49), "μ 3.9 to 6.2 kPa: Chakouch, PLoS One 10 (2015) e0138873; ν: assumption"
)
BONE = StiffnessRange(
    (5e5, 1.2e7),
    (0.3, 0.3),
    "whole vertebrae and ribs 1 GPa, ν 0.3: Orthop Surg 9 (2017) 311, table 1; rib cortex 14 GPa: Kemper, Stapp Car "
    "Crash J 49 (2005) 199",
)
CARTILAGE = StiffnessRange(
    (1e4, 3.5e4), (0.40, 0.45), "11 to 33 MPa: Weber, Sci Rep 11 (2021), 10.1038/s41598-021-93176-x; ν: assumption"
)
AIRWAY = StiffnessRange(
    (50.0, 500.0), (0.2, 0.3), "assumption: a cartilage-ringed tube as a whole, softer than its cartilage (1 to 17 MPa)"
)
MEDIASTINUM = StiffnessRange((5.0, 30.0), (0.40, 0.49), "assumption: between fat and muscle")
ABDOMEN = StiffnessRange((3.0, 20.0), (0.40, 0.49), "order of magnitude: Rosen, J Biomech Eng 130 (2008) 021020")
RELAXED_HEART = StiffnessRange(
    (6.0, 25.0), (0.45, 0.49), "μ 2 kPa: Couade, IEEE TMI 30 (2011) 295; 5 to 8 kPa: Wassenaar, MRM 75 (2016) 1586"
)
CONTRACTED_HEART = StiffnessRange(
    (30.0, 100.0),
    (0.45, 0.49),
    "μ 30 kPa at end systole: Couade, IEEE TMI 30 (2011) 295; ν: Miller, NMR Biomed 31 (2018) e3848",
)
BLOOD = StiffnessRange(
    (0.3, 1.5), (0.0, 0.3), "assumption: a soft compressible filling, as blood leaves through the plane; not tissue"
)
FILLING = StiffnessRange((0.05, 0.05), (0.0, 0.0), "no tissue: a filling too soft to matter")

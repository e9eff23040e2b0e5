"""Simple motions of a plane whose energies are known by hand: what a lesson, or a test, can be checked against.

Each is linear about the middle c of the grid, u(p) = (p − c) · A with A[i, j] = ∂_i u_j, so that its energy is the same
everywhere; a translation has A = 0. Axis 0 is p_0, axis 1 is p_1, in voxels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from elasreg_core.physics.energy_parts import EnergyParts
from elasreg_core.physics.fields import FloatArray


@dataclass(frozen=True)
class Motion:
    """One way to move a plane, with an amount.

    Attributes:
        name: for reading and in links.
        symbol: of the amount.
        meaning: of the amount, with its unit.
        field: u in formulas.
        gradient: A of an amount, shape (2, 2).
        known: the energies of an amount, derived by hand.
        elastic_formula: the elastic energy, as LaTeX.
        diffusion_formula: Σ (∂_i u_j)², as LaTeX.
        notice: what its energies teach.
        shift: u along axis 0, in sides of the grid per amount; only a translation has any.
    """

    name: str
    symbol: str
    meaning: str
    field: str
    gradient: Callable[[float], FloatArray]
    known: Callable[[float], EnergyParts]
    elastic_formula: str
    diffusion_formula: str
    notice: str
    shift: float = 0.0

    def displacement(self, shape: tuple[int, int], amount: float) -> FloatArray:
        """The field on a grid, shape `(X, Y, 2)`, in voxels.

        Example:
            >>> stretch = MOTIONS["Stretch"].displacement((5, 3), 0.5)  # the middle is voxel (2, 1)
            >>> print(stretch[4, 0])
            [1. 0.]
        """
        from_middle = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij"), axis=-1)
        field: FloatArray = from_middle @ self.gradient(amount)
        field[..., 0] += self.shift * shape[0] * amount
        return field


def _turn(angle: float) -> FloatArray:
    """R(θ) − 1, transposed: row i is ∂_i u."""
    return np.array([[np.cos(angle) - 1, np.sin(angle)], [-np.sin(angle), np.cos(angle) - 1]])


MOTIONS = {
    motion.name: motion
    for motion in (
        Motion(
            "Translation",
            "t",
            "t, in widths of the picture",
            "u = (t · width, 0)",
            lambda _: np.zeros((2, 2)),
            lambda _: EnergyParts(0.0, 0.0, 0.0),
            "0",
            "0",
            "Moving everything costs nothing, whatever λ and μ: no neighbour changes its distance to another.",
            shift=1.0,
        ),
        Motion(
            "Rotation",
            "ω",
            "ω, in radians",
            "u = ω (−p₁, p₀)",
            lambda w: np.array([[0.0, w], [-w, 0.0]]),
            lambda w: EnergyParts(0.0, 0.0, 2 * w**2),
            "0",
            r"2\,\omega^2",
            "The elastic energy is 0 and diffusion's is not: only the elastic one knows that a rotation bends nothing. "
            "Drawn at a finite ω the grid grows a little: this field is a rotation for small ω only.",
        ),
        Motion(
            "Turn",
            "θ",
            "θ, in radians",
            "u = R(θ) p − p",
            _turn,
            lambda a: EnergyParts(2 * (1 - np.cos(a)) ** 2, 2 * (1 - np.cos(a)) ** 2, 4 * (1 - np.cos(a))),
            r"(2\lambda + 2\mu)\,(1 - \cos\theta)^2",
            r"4\,(1 - \cos\theta)",
            "A true rotation costs a little: *linear* elasticity takes it for a shrinking by 1 − cos θ. The error "
            "grows with θ⁴, diffusion's price with θ².",
        ),
        Motion(
            "Stretch",
            "a",
            "a, relative change of length along axis 0",
            "u = (a p₀, 0)",
            lambda a: np.array([[a, 0.0], [0.0, 0.0]]),
            lambda a: EnergyParts(a**2, a**2 / 2, a**2),
            r"\left(\tfrac{\lambda}{2} + \mu\right) a^2",
            "a^2",
            "Both parts answer: a stretch changes shape (μ) and area (λ). Pressing costs the same as pulling.",
        ),
        Motion(
            "Shear",
            "γ",
            "γ, tangent of the shear angle",
            "u = (0, γ p₀)",
            lambda g: np.array([[0.0, g], [0.0, 0.0]]),
            lambda g: EnergyParts(g**2 / 2, 0.0, g**2),
            r"\tfrac{1}{2}\,\mu\,\gamma^2",
            r"\gamma^2",
            "Squares become parallelograms of the same area: λ plays no part, and μ alone is felt.",
        ),
        Motion(
            "Dilation",
            "a",
            "a, relative change of every length",
            "u = a (p₀, p₁)",
            lambda a: a * np.eye(2),
            lambda a: EnergyParts(2 * a**2, 2 * a**2, 2 * a**2),
            r"(2\lambda + 2\mu)\,a^2",
            "2\\,a^2",
            "λ has its greatest share, half of the energy at λ = μ. Diffusion charges what it charges for a rotation "
            "of the same amount: it cannot tell the two apart.",
        ),
    )
}

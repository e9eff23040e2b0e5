"""A block of soft tissue with a rib in it, pressed or slid: why stiffness should be local, in a twentieth of a second.

The block lies between two plates. The lower one holds it, the upper one moves. The nodes of the finite elements are the
voxels of the picture, so that nothing is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.data.phantoms.mechanics import ElasticBody, Load
from elasreg_core.physics.fields import FloatArray, displacement_gradient, jacobian_determinant

SHAPE = (49, 37)
SPACING_MM = 2.0
TISSUES = ("soft tissue", "rib")
PUSHES = ("press", "slide")

_HALF_LENGTH_MM, _HALF_THICKNESS_MM, _SLANT = 26.0, 4.0, np.deg2rad(25)


def _is_rib(points_mm: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether points `(..., 2)` lie in the rib: a slanted bar in the middle."""
    x, y = np.moveaxis(points_mm - (np.array(SHAPE) - 1) * SPACING_MM / 2, -1, 0)
    along, across = x * np.cos(_SLANT) + y * np.sin(_SLANT), y * np.cos(_SLANT) - x * np.sin(_SLANT)
    return (np.abs(along) <= _HALF_LENGTH_MM) & (np.abs(across) <= _HALF_THICKNESS_MM)


@lru_cache(maxsize=1)
def _body() -> ElasticBody:
    return ElasticBody(tuple(np.arange(side) * SPACING_MM for side in SHAPE))


@dataclass(frozen=True)
class RibbedBlock:
    """The block and what is done to it. Only ratios of stiffness matter, as displacements are prescribed.

    Attributes:
        lam, mu: of the soft tissue.
        ratio: how much stiffer the rib is, in both; 1: one stiffness everywhere.
        push: "press", the upper plate comes down; "slide", it moves sideways.
        depth_mm: by how much.
    """

    lam: float
    mu: float
    ratio: float
    push: str = "press"
    depth_mm: float = 12.0

    @cached_property
    def displacement(self) -> FloatArray:
        """Where the block goes, shape `(X, Y, 2)`, in voxels."""
        body = _body()
        stiffer = body.element_means(np.where(_is_rib(body.points_mm), self.ratio, 1.0))
        held = np.zeros(SHAPE, dtype=bool)
        held[:, [0, -1]] = True
        plates = np.zeros((*SHAPE, 2))
        plates[:, -1] = (self.depth_mm, 0.0) if self.push == "slide" else (0.0, -self.depth_mm)
        (moved_mm,) = body.solve(self.lam * stiffer, self.mu * stiffer, [Load()], held, plates)
        return moved_mm / SPACING_MM


def rib_labels() -> npt.NDArray[np.uint8]:
    """0 soft tissue, 1 rib, shape `SHAPE`."""
    return _is_rib(_body().node_points_mm).astype(np.uint8)


def rib_outline() -> FloatArray:
    """Points around the rib, half a voxel apart, the first one again at the end: shape `(N, 2)`, in voxels."""
    half = np.array([_HALF_LENGTH_MM, _HALF_THICKNESS_MM])
    corners = half * [(1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1)]
    steps = np.linspace(0, 1, 1 + int(4 * _HALF_LENGTH_MM / SPACING_MM))[:, np.newaxis]
    points = np.concatenate([start + steps * (end - start) for start, end in pairwise(corners)])
    turn = np.array([[np.cos(_SLANT), np.sin(_SLANT)], [-np.sin(_SLANT), np.cos(_SLANT)]])
    outline: FloatArray = points @ turn / SPACING_MM + (np.array(SHAPE) - 1) / 2
    return outline


def strain_size(displacement: FloatArray) -> FloatArray:
    """‖ε‖ = √(ε:ε) at every voxel: how much lengths and angles change, shape `(X, Y)`."""
    gradient = displacement_gradient(displacement)
    return np.sqrt((((gradient + gradient.swapaxes(-2, -1)) / 2) ** 2).sum(axis=(-2, -1)))


def rib_table(one_stiffness: FloatArray, local_stiffness: FloatArray) -> pd.DataFrame:
    """What each setting does to each tissue: one row per setting and tissue.

    Args:
        one_stiffness: the displacement with one stiffness everywhere.
        local_stiffness: with each tissue's own, which counts as the truth.

    Returns:
        Columns setting, tissue, strain_percent (mean ‖ε‖), volume_change_percent (mean |det ∇φ − 1|), and error_mm,
        the mean distance to the motion with local stiffness.
    """
    labels, rows = rib_labels(), []
    for setting, displacement in (("one stiffness", one_stiffness), ("each tissue its own", local_stiffness)):
        error_mm = SPACING_MM * np.linalg.norm(displacement - local_stiffness, axis=-1)
        volume = np.abs(jacobian_determinant(displacement) - 1)
        strain = strain_size(displacement)
        for label, tissue in enumerate(TISSUES):
            where = labels == label
            values = (100 * strain[where].mean(), 100 * volume[where].mean(), error_mm[where].mean())
            rows.append((setting, tissue, *map(float, values)))
    return pd.DataFrame(rows, columns=["setting", "tissue", "strain_percent", "volume_change_percent", "error_mm"])

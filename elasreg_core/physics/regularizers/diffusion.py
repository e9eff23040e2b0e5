"""HyperMorph's regularizer, to which the paper compares its own: the energy of `physics/diffusion.py`."""

from __future__ import annotations

from typing import Any

from elasreg_core.physics.parameters import DIFFUSION

REGULARIZER = DIFFUSION


def energy_density(displacement: Any, weight: Any) -> Any:
    """Of `diffusion_energy_density`, in voxel units."""
    from elasreg_core.physics.diffusion import diffusion_energy_density

    return diffusion_energy_density(displacement, weight)

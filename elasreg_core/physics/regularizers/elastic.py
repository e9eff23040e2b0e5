"""The paper's regularizer: the linear elastic energy of `physics/elasticity.py`."""

from __future__ import annotations

from typing import Any

from elasreg_core.physics.parameters import ELASTIC

REGULARIZER = ELASTIC


def energy_density(displacement: Any, lam: Any, mu: Any) -> Any:
    """Of `elastic_energy_density`, in voxel units."""
    from elasreg_core.physics.elasticity import elastic_energy_density

    return elastic_energy_density(displacement, lam, mu)

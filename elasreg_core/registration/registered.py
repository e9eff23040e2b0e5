"""What a registration of one pair is. No TensorFlow: whoever shows or writes one need not be able to make it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from elasreg_core.physics.fields import jacobian_determinant
from elasreg_core.physics.parameters import ParameterField


@dataclass(frozen=True)
class Registration:
    """One registered pair (conventions: `physics/fields.py`).

    Attributes:
        pair_id: the subject.
        displacement: shape `(X, Y[, Z], D)`, in voxels of the fixed grid.
        warped: the moving image on the fixed grid.
        warped_labels: the moving labels on the fixed grid (nearest neighbour), if there were any.
        parameters: what it was made with.
        checkpoint: name of the checkpoint.
        seconds: of the forward pass, warping included.
    """

    pair_id: str
    displacement: npt.NDArray[np.float32]
    warped: npt.NDArray[np.float32]
    warped_labels: npt.NDArray[np.uint8] | None
    parameters: ParameterField
    checkpoint: str
    seconds: float

    @cached_property
    def digest(self) -> str:
        """Of the displacement: equal ones show equal things."""
        return hashlib.sha256(self.displacement.tobytes()).hexdigest()

    @cached_property
    def jacobian(self) -> npt.NDArray[np.float32]:
        """Det ∇φ at every voxel, shape `(X, Y[, Z])`."""
        return jacobian_determinant(self.displacement).astype(np.float32)

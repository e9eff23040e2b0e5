"""What a parameter can be chosen by: scores of each tissue, or of the deformation as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.metrics import displacement_error_vox, hd95_mm, local_ncc
from elasreg_core.physics.fields import warp_image, warp_labels

Displacement = npt.NDArray[np.floating[Any]]
PerTissue = tuple[float, ...]


def hd95_per_tissue(pair: RegistrationPair, displacement: Displacement) -> PerTissue:
    """HD95 of warped and fixed labels, in mm."""
    moving_labels, _ = pair.require_labels()
    warped = warp_labels(moving_labels, displacement)
    return tuple(hd95_mm(warped == label, where, pair.spacing_mm) for label, where in _tissues(pair))


def ncc_per_tissue(pair: RegistrationPair, displacement: Displacement) -> PerTissue:
    """Mean local NCC of warped and fixed image over each tissue of the fixed labels: needs no moving labels."""
    ncc = local_ncc(pair.fixed, warp_image(pair.moving, displacement))
    return tuple(float(ncc[where].mean()) if where.any() else float("nan") for _, where in _tissues(pair))


def displacement_error_per_tissue(pair: RegistrationPair, displacement: Displacement) -> PerTissue:
    """Mean distance to the true displacement within each tissue of the fixed labels, in voxels; phantoms only."""
    return tuple(displacement_error_vox(pair.truth, displacement, where) for _, where in _tissues(pair))


#: Scores of each tissue that are computed where they are asked for; Dice always is.
ON_DEMAND: dict[str, Callable[[RegistrationPair, Displacement], PerTissue]] = {
    "hd95_mm": hd95_per_tissue,
    "ncc": ncc_per_tissue,
    "displacement_error_vox": displacement_error_per_tissue,
}
#: What a choice may go by. TRE is the whole deformation's, the same for every tissue.
CRITERIA = ("dice", *ON_DEMAND, "tre_mm")
#: Which of them need no labels of the moving image, nor landmarks: what could be done for a new patient.
LABEL_FREE = ("ncc",)


def _tissues(pair: RegistrationPair) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    fixed_labels = pair.require_fixed_labels()
    for label, _ in pair.tissues:
        yield label, fixed_labels == label

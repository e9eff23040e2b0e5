"""One parameter moved from 0 to 1 while all others stay: what the registration does on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.sweep import Measure
from elasreg_core.metrics import local_ncc
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.parameters import ParameterField

VALUES = tuple(round(0.1 * step, 1) for step in range(11))


@dataclass(frozen=True)
class Step:
    """The registration at one value.

    Attributes:
        value: of the parameter that moves.
        displacement: shape `(X, Y[, Z], D)`, in voxels of the fixed grid.
        warped, warped_labels: the moving image, and its labels if there are any, on the fixed grid.
        dice: per tissue in label order, NaN where undefined.
        neg_jacobian_percent, sd_log_jacobian: of the deformation.
        ncc: mean local NCC over the image, which needs no labels.
    """

    value: float
    displacement: npt.NDArray[np.floating]
    warped: npt.NDArray[np.floating]
    warped_labels: npt.NDArray[np.integer] | None
    dice: tuple[float, ...]
    neg_jacobian_percent: float
    sd_log_jacobian: float
    ncc: float


def fields_along(
    parameters: ParameterField, parameter: str, label: int | None, values: Sequence[float] = VALUES
) -> tuple[ParameterField, ...]:
    """The parameters with one of them at each value.

    Args:
        parameters: where the others stay.
        parameter: "lambda" or "mu".
        label: the class whose parameter moves; None: that of all classes alike.
        values: in [0, 1].

    Example:
        >>> lung_alone = fields_along(ParameterField(((0.0, 0.0), (0.3, 0.1))), "mu", 1, [0.5, 1.0])
        >>> [field.nodes[1] for field in lung_alone]
        [(0.3, 0.5), (0.3, 1.0)]
    """
    place = parameters.regularizer.parameters.index(parameter)
    return tuple(
        ParameterField(
            tuple(
                (*node[:place], float(value), *node[place + 1 :]) if label in (None, of) else node
                for of, node in enumerate(parameters.nodes)
            )
        )
        for value in values
    )


def along(
    measure: Measure,
    pair: RegistrationPair,
    fields: Sequence[ParameterField],
    values: Sequence[float] = VALUES,
) -> tuple[Step, ...]:
    """Registers a pair at every value, in one batch.

    Args:
        measure: `Registrar.measured` of the checkpoint.
        pair: with or without labels.
        fields: of `fields_along`.
        values: theirs.

    Raises:
        InputError: the pair or the parameters do not fit the checkpoint.
    """
    return tuple(
        Step(
            value,
            found.displacement,
            warped := warp_image(pair.moving, found.displacement),
            None if pair.moving_labels is None else warp_labels(pair.moving_labels, found.displacement),
            found.dice,
            found.neg_jacobian_percent,
            found.sd_log_jacobian,
            float(local_ncc(pair.fixed, warped).mean()),
        )
        for value, found in zip(values, measure(pair, fields), strict=True)
    )

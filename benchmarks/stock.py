"""The rival: a sweep as VoxelMorph's own tutorials would write it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.networks.hyper_registration import build_hyper_vxm_dense
from elasreg_core.networks.voxelmorph_tf import vxm
from elasreg_core.networks.weights import by_name
from elasreg_core.physics.parameters import Node


class StockSweep:
    """`HyperVxmDense.predict` node by node, VoxelMorph's `Transform` for the labels, its NumPy Dice."""

    def __init__(self, checkpoint: Checkpoint, grid_shape: tuple[int, ...]) -> None:
        card = checkpoint.card
        n = checkpoint.model.n_parameters(checkpoint.tissues.n_classes)
        self.network = build_hyper_vxm_dense(card.network, grid_shape, n)
        weights = checkpoint.read_weights()
        for name, variable in by_name(self.network.weights).items():
            variable.assign(weights[name])
        self.transform = vxm.networks.Transform(grid_shape, interp_method="nearest")

    def dice(self, pair: RegistrationPair, nodes: Iterable[Node]) -> npt.NDArray[np.float64]:
        """Dice of every tissue at every node, `(N, C−1)`."""
        moving, fixed, labels = (
            array[np.newaxis, ..., np.newaxis].astype("f4") for array in (pair.moving, pair.fixed, pair.moving_labels)
        )
        found = []
        for node in nodes:
            _, displacement = self.network.predict([moving, fixed, np.float32([node])], verbose=0)
            warped = self.transform.predict([labels, displacement], verbose=0)[0, ..., 0]
            found.append(vxm.py.utils.dice(warped, pair.fixed_labels, labels=range(1, pair.tissues.n_classes)))
        return np.array(found)

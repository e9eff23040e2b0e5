"""How a 2D grid lies on the screen: in millimetres, in the radiological orientation, with true proportions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.data.pair import RegistrationPair

#: Radiological display: what the right and the lower side of the screen should show, by anatomical axis.
_ACROSS = {"R": "L", "L": "L", "A": "P", "P": "P", "S": "I", "I": "I"}
_OPPOSITE = {"L": "R", "P": "A", "I": "S"}


@dataclass(frozen=True)
class Plane:
    """Array axis 0 runs across the screen, axis 1 down it; either is flipped where radiology demands.

    Attributes:
        spacing_mm: voxel sizes along both axes.
        codes: where increasing indices lead, e.g. ("L", "P").
    """

    spacing_mm: tuple[float, float]
    codes: tuple[str, str]

    @classmethod
    def of(cls, pair: RegistrationPair) -> Plane:
        """The plane of a 2D pair."""
        first, second, _ = nib.aff2axcodes(pair.affine)
        return cls((pair.spacing_mm[0], pair.spacing_mm[1]), (first, second))

    def positions_mm(self, axis: int, voxels: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Screen coordinates of voxel positions along an axis."""
        return np.asarray(voxels, dtype=float) * self.spacing_mm[axis]

    def lay_out(
        self, figure: go.Figure, shape: tuple[int, ...], title: str, height: int = 300, colour_bar: bool = False
    ) -> go.Figure:
        """Axes, directions and proportions for a figure over a grid of this shape; margins are fixed, and so quick."""
        across, down = self._axis(0, shape), self._axis(1, shape)
        return figure.update_layout(
            xaxis=across,
            yaxis=down | {"scaleanchor": "x", "scaleratio": 1},
            title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 13}},
            height=height,
            margin={"l": 54, "r": 70 if colour_bar else 8, "t": 30, "b": 52, "autoexpand": False},
            legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center"},
            uirevision="keep",
        )

    def _axis(self, axis: int, shape: tuple[int, ...]) -> dict[str, Any]:
        code, target = self.codes[axis], _ACROSS[self.codes[axis]]
        ends = [-0.5 * self.spacing_mm[axis], (shape[axis] - 0.5) * self.spacing_mm[axis]]
        backwards = (code != target) != (axis == 1)  # Plotly's y runs up
        direction = f"{_OPPOSITE[target]} → {target}" if axis == 0 else f"{target} ← {_OPPOSITE[target]}"
        return {
            "title": {"text": f"{direction} (mm)", "standoff": 4},  # Plotly writes the y title upwards
            "range": ends[::-1] if backwards else ends,
            "showgrid": False,
            "zeroline": False,
            "automargin": False,
            "constrain": "domain",
        }

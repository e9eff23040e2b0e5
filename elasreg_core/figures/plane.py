"""How a plane through a pair lies on the screen: in millimetres, as radiologists have it, with true proportions."""

from __future__ import annotations

from collections.abc import Sequence
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
#: The planes through a volume: which anatomical axis runs across the screen, and which down.
_PLANES = {"axial": ("L", "P"), "coronal": ("L", "I"), "sagittal": ("P", "I")}


@dataclass(frozen=True)
class Plane:
    """Array axis 0 runs across the screen, axis 1 down it; either is flipped where radiology demands.

    Attributes:
        spacing_mm: voxel sizes along both axes.
        codes: where increasing indices lead, e.g. ("L", "P").
    """

    spacing_mm: tuple[float, float]
    codes: tuple[str, str]

    @property
    def is_flipped(self) -> tuple[bool, bool]:
        """Whether increasing indices run to the left, and whether they run up."""
        return self.codes[0] != _ACROSS[self.codes[0]], self.codes[1] != _ACROSS[self.codes[1]]

    @property
    def directions(self) -> tuple[str, str]:
        """What the screen shows from left to right, and from top to bottom, e.g. ("R → L", "A → P")."""
        ends = [_ACROSS[code] for code in self.codes]
        return f"{_OPPOSITE[ends[0]]} → {ends[0]}", f"{_OPPOSITE[ends[1]]} → {ends[1]}"

    @property
    def axis_titles(self) -> tuple[str, str]:
        """The directions as axis titles; the second to be read upwards, e.g. ("R → L (mm)", "P ← A (mm)")."""
        across, down = self.directions
        return f"{across} (mm)", f"{' ← '.join(reversed(down.split(' → ')))} (mm)"

    def positions_mm(self, axis: int, voxels: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Screen coordinates of voxel positions along an axis."""
        return np.asarray(voxels, dtype=float) * self.spacing_mm[axis]

    def ends_mm(self, axis: int, side: int) -> tuple[float, float]:
        """Where the first of so many voxels begins along an axis, and where the last one ends."""
        return -0.5 * self.spacing_mm[axis], (side - 0.5) * self.spacing_mm[axis]

    def lay_out(
        self, figure: go.Figure, shape: tuple[int, ...], title: str, height: int = 300, colour_bar: bool = False
    ) -> go.Figure:
        """Axes, directions and proportions for a figure over a grid of this shape; margins are fixed, and so quick."""
        across, down = self.screen_axis(0, shape), self.screen_axis(1, shape)
        return figure.update_layout(
            xaxis=across,
            yaxis=down | {"scaleanchor": "x", "scaleratio": 1},
            title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 13}},
            height=height,
            margin={"l": 54, "r": 76 if colour_bar else 8, "t": 30, "b": 52, "autoexpand": False},
            legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center"},
            uirevision="keep",
        )

    def screen_axis(self, axis: int, shape: Sequence[int]) -> dict[str, Any]:
        """Range, direction and title of one axis of the screen."""
        ends = self.ends_mm(axis, shape[axis])
        backwards = self.is_flipped[axis] != (axis == 1)  # Plotly's y runs up
        return {
            "title": {"text": self.axis_titles[axis], "standoff": 4},
            "range": ends[::-1] if backwards else ends,
            "showgrid": False,
            "zeroline": False,
            "automargin": False,
            "constrain": "domain",
        }


@dataclass(frozen=True)
class View:
    """A plane through a pair: what of its arrays is seen there, and how that lies on the screen.

    Attributes:
        name: "axial", "coronal" or "sagittal"; "slice" for the one plane of a 2D pair.
        plane: of the screen.
        axes: the array axes that run across the screen and down it.
        across_axis, at: the axis that the plane cuts, and where; None in 2D.
    """

    name: str
    plane: Plane
    axes: tuple[int, int]
    across_axis: int | None = None
    at: int | None = None

    def image(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What the plane shows of an array `(X, Y[, Z])`: across the screen, then down it."""
        seen = array if self.at is None else array.take(self.at, axis=self.across_axis)
        return seen.T if self.axes[0] > self.axes[1] else seen

    def vectors(self, displacement: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A displacement `(X, Y[, Z], D)` within the plane, `(across, down, 2)`; what leads through it is left out."""
        return np.stack([self.image(displacement[..., axis]) for axis in self.axes], axis=-1)


def views_of(pair: RegistrationPair, at: Sequence[int] | None = None) -> tuple[View, ...]:
    """The planes in which a pair is shown: its own in 2D, three that cross in one voxel in 3D.

    Args:
        pair: of either kind.
        at: that voxel; none: the middle of the fixed labels, or of the image.
    """
    codes = nib.aff2axcodes(pair.affine)
    if len(pair.grid_shape) == 2:
        ends = _ACROSS[codes[0]], _ACROSS[codes[1]]
        axes = (0, 1) if ends in _PLANES.values() else (1, 0)
        return (View("slice", _plane(pair, codes, axes), axes),)
    at = middle_of(pair) if at is None else at
    axis_of = {_ACROSS[code]: axis for axis, code in enumerate(codes)}
    views = []
    for name, (across, down) in _PLANES.items():
        axes = axis_of[across], axis_of[down]
        cut = 3 - sum(axes)
        views.append(View(name, _plane(pair, codes, axes), axes, cut, int(at[cut])))
    return tuple(views)


def _plane(pair: RegistrationPair, codes: Sequence[str], axes: tuple[int, int]) -> Plane:
    across, down = axes
    return Plane((pair.spacing_mm[across], pair.spacing_mm[down]), (codes[across], codes[down]))


def middle_of(pair: RegistrationPair) -> tuple[int, ...]:
    """The voxel in the middle of the fixed labels' box; of the image, where there are none."""
    inside = np.argwhere(pair.fixed_labels > 0) if pair.fixed_labels is not None else np.empty((0, 3))
    if not len(inside):
        return tuple(side // 2 for side in pair.grid_shape)
    return tuple(int(index) for index in (inside.min(axis=0) + inside.max(axis=0)) // 2)

"""A panel of a picture that goes on paper: one plane, drawn with Matplotlib in mm, as radiologists have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from elasreg_core.figures.deformation import grid_lines
from elasreg_core.figures.palette import DIVERGING, FOLDING, GREY, GRID, tissue_colours
from elasreg_core.figures.plane import Plane

_LINES = 22  # of the deformation grid, along the longer side


class Still:
    """Axes that show a plane; what is drawn on them are arrays `(across, down)` of its voxels."""

    def __init__(self, axes: Axes, plane: Plane, shape: tuple[int, ...]) -> None:
        """Lays the axes out for a grid of this shape."""
        self.axes, self._plane, self._shape = axes, plane, shape
        across, down = (plane.ends_mm(axis, shape[axis]) for axis in (0, 1))
        self._extent = (*across, *down)
        axes.set_aspect("equal")
        axes.tick_params(labelsize=8, length=2, pad=2)
        axes.locator_params(nbins=5)
        self._limits = (
            across[::-1] if plane.is_flipped[0] else across,
            down if plane.is_flipped[1] else down[::-1],  # Matplotlib's y runs up
        )
        self._keep_limits()

    def image(self, image: npt.NDArray[Any], opacity: float = 1.0) -> None:
        """Intensities in [0, 1], in grey."""
        self._show(image, cmap=GREY, vmin=0, vmax=1, alpha=opacity)

    def contours(self, labels: npt.NDArray[np.integer] | None, tissues: Sequence[str], style: str = "solid") -> None:
        """The outline of every tissue, in its colour."""
        if labels is None:
            return
        x, y = (self._plane.positions_mm(axis, np.arange(self._shape[axis])) for axis in (0, 1))
        for label, colour in enumerate(tissue_colours(tissues).values(), start=1):
            inside = (labels == label).T
            if inside.any() and not inside.all():
                self.axes.contour(x, y, inside, levels=[0.5], colors=[colour], linewidths=1.4, linestyles=style)
        self._keep_limits()

    def diverging(self, values: npt.NDArray[Any], centre: float, reach: float) -> AxesImage:
        """A map that is white at its centre, blue above and red below."""
        return self._show(values, cmap=DIVERGING, vmin=centre - reach, vmax=centre + reach)

    def grid(self, displacement: npt.NDArray[Any]) -> None:
        """Lines through p + u(p); the displacement `(across, down, 2)` in voxels."""
        every = max(1, round(max(self._shape) / _LINES))
        self.axes.plot(*grid_lines(displacement, self._plane, every), color=GRID, linewidth=0.8)
        self._keep_limits()

    def folds(self, jacobian: npt.NDArray[Any]) -> None:
        """Crosses where the Jacobian determinant is not positive."""
        folded = np.argwhere(jacobian <= 0)
        positions = [self._plane.positions_mm(axis, folded[:, axis]) for axis in (0, 1)]
        self.axes.plot(*positions, "x", color=FOLDING, markersize=4, markeredgewidth=1)

    def _show(self, values: npt.NDArray[Any], **look: Any) -> AxesImage:
        shown = self.axes.imshow(values.T, origin="lower", extent=self._extent, **look)
        self._keep_limits()
        return shown

    def _keep_limits(self) -> None:
        across, down = self._limits
        self.axes.set(xlim=across, ylim=down)

"""Step 3: a block with a rib after a push, coloured by how much its matter is strained."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from scipy import ndimage

from elasreg_core.data.phantoms.motion import inverse_displacement
from elasreg_core.figures.lesson.axes import ends_mm, lay_out, lines_mm
from elasreg_core.physics.fields import identity_grid, warp_points

_LINES = "rgba(30, 30, 30, 0.7)"
_STRAIN = ["#FFFFFF", "#A9D9F4", "#56B4E9", "#0072B2"]
_ROOM = (0.2, 0.08)
_RIB = "#D500F9"
_EVERY = 3


def block_figure(
    displacement: npt.NDArray[Any],
    strain: npt.NDArray[Any],
    outline: npt.NDArray[Any],
    spacing_mm: float,
    title: str,
    highest: float,
) -> go.Figure:
    """The grid at p + u(p), over its strain and the rib's outline carried along.

    Args:
        displacement: shape `(X, Y, 2)`, in voxels.
        strain: of every voxel p, shape `(X, Y)`.
        outline: points around the rib, shape `(N, 2)`, in voxels.
        spacing_mm: voxel size.
        title: above it.
        highest: strain at the end of the colour scale.
    """
    spacing = (spacing_mm, spacing_mm)
    before, inside = _carried_back(displacement)
    seen = ndimage.map_coordinates(strain, before, order=1, mode="nearest")
    seen[~inside] = np.nan
    x, y = ((np.arange(n) - margin) * spacing_mm for n, margin in zip(seen.shape, _margins(strain.shape), strict=True))
    figure = go.Figure(
        go.Heatmap(
            z=100 * seen.T.astype(np.float32),
            x=x,
            y=y,
            zmin=0,
            zmax=100 * highest,
            colorscale=_STRAIN,
            colorbar={"thickness": 8, "title": {"text": "strain ‖ε‖ (%)", "side": "right"}},
            hovertemplate="strain %{z:.1f} %<extra></extra>",
        )
    )
    lines = lines_mm(identity_grid(strain.shape) + displacement, spacing, _EVERY)
    figure.add_trace(
        go.Scatter(x=lines[0], y=lines[1], mode="lines", line={"color": _LINES, "width": 0.8}, hoverinfo="skip")
    )
    around = warp_points(outline, displacement) * spacing
    figure.add_trace(
        go.Scatter(
            x=around[:, 0],
            y=around[:, 1],
            mode="lines",
            name="rib",
            line={"color": _RIB, "width": 2.5},
            hoverinfo="skip",
        )
    )
    return lay_out(figure, ends_mm(strain.shape, spacing, _ROOM), title, height=320, colour_bar=True)


def _margins(shape: tuple[int, ...]) -> list[int]:
    """Voxels added on either side, so that what leaves the block's place is seen."""
    return [round(part * side) for part, side in zip(_ROOM, shape, strict=True)]


def _carried_back(displacement: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """For every voxel of the picture the point p of the block that came there, `(2, …)`, and whether there is one."""
    margins = _margins(displacement.shape[:2])
    wide = np.pad(displacement, [(margin, margin) for margin in margins] + [(0, 0)], mode="edge")
    before = np.indices(wide.shape[:2]) + np.moveaxis(inverse_displacement(wide), -1, 0)
    before -= np.reshape(margins, (2, 1, 1))
    last = np.reshape(displacement.shape[:2], (2, 1, 1)) - 1
    inside: npt.NDArray[np.bool_] = np.all((before >= 0) & (before <= last), axis=0)
    return before, inside

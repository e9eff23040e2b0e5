"""The displacement as arrows: from voxels p of the fixed image to p + u(p), where they lie in the moving one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from elasreg_core.figures.images import image_trace
from elasreg_core.figures.palette import OKABE_ITO
from elasreg_core.figures.plane import Plane

_ALONG = 16  # arrows along the longer side
_SHORTEST_VOX = 0.1  # shorter ones would be heads without a shaft
_COLOURS = [[0, OKABE_ITO[0]], [0.5, OKABE_ITO[4]], [1, OKABE_ITO[6]]]  # bright throughout: they lie on grey
_SHADES = 8
_HEAD_PX = 6


def arrow_figure(displacement: npt.NDArray[Any], plane: Plane, title: str, fixed: npt.NDArray[Any]) -> go.Figure:
    """Arrows at true length, their colour the length in mm, over the fixed image; where nothing moves there are none.

    Plotly draws `go.Quiver` beneath heatmaps, and so beneath the image: these are lines with arrow heads.

    Args:
        displacement: within the plane, shape `(X, Y, 2)`, in voxels.
        plane: how the grid lies on the screen.
        title: of the figure.
        fixed: shape `(X, Y)`.
    """
    starts, vectors = _arrows(displacement)
    lengths_mm = np.linalg.norm(vectors * np.array(plane.spacing_mm), axis=1)
    longest = float(lengths_mm.max(initial=1e-3))
    shades = np.minimum((lengths_mm / longest * _SHADES).astype(int), _SHADES - 1)
    figure = go.Figure(image_trace(fixed, plane))
    for shade, colour in enumerate(sample_colorscale(_COLOURS, _SHADES)):
        of = shades == shade
        ends = starts[of] + vectors[of]
        points = np.stack([starts[of], ends, np.full_like(ends, np.nan)], axis=1).reshape(-1, 2)  # a gap after each
        figure.add_trace(
            go.Scatter(
                x=plane.positions_mm(0, points[:, 0]),
                y=plane.positions_mm(1, points[:, 1]),
                mode="lines+markers",
                line={"color": colour, "width": 1.5},
                marker={
                    "symbol": "arrow",
                    "angleref": "previous",
                    "size": np.tile([0, _HEAD_PX, 0], int(of.sum())),
                    "color": np.repeat(lengths_mm[of], 3),
                    "colorscale": _COLOURS,
                    "cmin": 0,
                    "cmax": longest,
                    "showscale": shade == _SHADES - 1,  # that of the longest is never empty
                    "colorbar": {"thickness": 8, "title": {"text": "|u| in the plane (mm)", "side": "right"}},
                },
                text=[f"{length:.1f} mm" for length in np.repeat(lengths_mm[of], 3)],
                hovertemplate="%{x:.0f}, %{y:.0f} mm: |u| %{text}<extra></extra>",
                showlegend=False,
            )
        )
    return plane.lay_out(figure, displacement.shape[:2], title, colour_bar=True)


def _arrows(displacement: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where arrows start, and how far they go: both `(N, 2)`, in voxels."""
    every = max(1, round(max(displacement.shape[:2]) / _ALONG))
    rows, columns = (np.arange(every // 2, side, every) for side in displacement.shape[:2])
    starts = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    vectors = displacement[starts[:, 0], starts[:, 1]].astype(float)
    moves = np.linalg.norm(vectors, axis=1) >= _SHORTEST_VOX
    return starts[moves].astype(float), vectors[moves]

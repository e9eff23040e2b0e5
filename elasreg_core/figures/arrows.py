"""The displacement as arrows: from voxels p of the fixed image to p + u(p), where they lie in the moving one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from elasreg_core.figures.images import image_trace
from elasreg_core.figures.plane import Plane

_ALONG = 22  # arrows along the longer side
_COLOURS = "Viridis"


def arrow_figure(
    displacement: npt.NDArray[Any], plane: Plane, title: str, fixed: npt.NDArray[Any] | None = None
) -> go.Figure:
    """Arrows at true length, their colour the length in mm, over the fixed image.

    Args:
        displacement: within the plane, shape `(X, Y, 2)`, in voxels.
        plane: how the grid lies on the screen.
        title: of the figure.
        fixed: shape `(X, Y)`.
    """
    figure = go.Figure()
    if fixed is not None:
        figure.add_trace(image_trace(fixed, plane, opacity=0.55))
    every = max(1, round(max(displacement.shape[:2]) / _ALONG))
    starts = [np.arange(every // 2, side, every) for side in displacement.shape[:2]]
    i, j = (index.ravel() for index in np.meshgrid(*starts, indexing="ij"))
    vectors_mm = displacement[i, j] * np.array(plane.spacing_mm)  # (N, 2)
    lengths_mm = np.linalg.norm(vectors_mm, axis=1)
    figure.add_trace(
        go.Quiver(
            x=plane.positions_mm(0, i),
            y=plane.positions_mm(1, j),
            u=vectors_mm[:, 0],
            v=vectors_mm[:, 1],
            anchor="tail",
            arrowref="data",
            lengthmode="raw",
            text=[f"{length:.1f} mm" for length in lengths_mm],
            hovertemplate="%{x:.0f}, %{y:.0f} mm: %{text}<extra></extra>",
            marker={
                "color": lengths_mm,
                "colorscale": _COLOURS,
                "cmin": 0,
                "cmax": max(float(lengths_mm.max()), 1e-3),
                "showscale": True,
                "colorbar": {"thickness": 8, "title": {"text": "|u| (mm)", "side": "right"}},
            },
            showlegend=False,
        )
    )
    return plane.lay_out(figure, displacement.shape[:2], title, colour_bar=True)

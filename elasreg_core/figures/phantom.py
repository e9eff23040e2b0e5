"""A phantom as a row of pictures: both images, how stiff its tissues are, and its true motion."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import plotly.graph_objects as go

from elasreg_core.data.phantoms.phantom import Phantom
from elasreg_core.figures.deformation import grid_figure, jacobian_figure
from elasreg_core.figures.images import image_figure
from elasreg_core.figures.plane import Plane
from elasreg_core.physics.fields import jacobian_determinant


def phantom_figures(phantom: Phantom, tissues: tuple[str, ...]) -> list[go.Figure]:
    """Fixed, moving, stiffness, deformation grid and volume change of a 2D phantom.

    Args:
        phantom: of one plane.
        tissues: names of its labels 1, 2, ….
    """
    raster = phantom.raster
    codes = nib.aff2axcodes(raster.affine)
    first, second = raster.axes
    plane = Plane((raster.spacing_mm[first], raster.spacing_mm[second]), (codes[first], codes[second]))
    return [
        image_figure(phantom.fixed, plane, "Fixed", phantom.fixed_labels, tissues),
        image_figure(phantom.moving, plane, "Moving", phantom.moving_labels, tissues),
        stiffness_figure(phantom, plane),
        grid_figure(phantom.displacement, plane, "True deformation", moving=phantom.moving),
        jacobian_figure(jacobian_determinant(phantom.displacement), plane, "True volume change"),
    ]


def stiffness_figure(phantom: Phantom, plane: Plane) -> go.Figure:
    """Young's modulus at every voxel, on a logarithmic scale: tissues span nine orders of magnitude."""
    modulus = np.array([stiffness.youngs_modulus_kpa for _, stiffness in phantom.table])[phantom.materials]
    names = np.array([material.name for material, _ in phantom.table])[phantom.materials]
    decades = np.arange(-1, 8)
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(modulus).T.astype(np.float32),
            x=plane.positions_mm(0, np.arange(modulus.shape[0])),
            y=plane.positions_mm(1, np.arange(modulus.shape[1])),
            customdata=np.stack([names.T, modulus.T], axis=-1),
            colorscale="Viridis",
            zmin=-1,
            zmax=7,
            colorbar={
                "thickness": 8,
                "title": {"text": "E (kPa)", "side": "right"},
                "tickvals": decades[::2],
                "ticktext": [f"1e{decade}" for decade in decades[::2]],
            },
            hovertemplate="%{customdata[0]}: %{customdata[1]:.3g} kPa<extra></extra>",
        )
    )
    return plane.lay_out(figure, modulus.shape, "Stiffness", colour_bar=True)

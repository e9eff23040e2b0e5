"""Plotly figures: arrays and tables in, figures out; no Streamlit, no files.

The modules that write a whole document are imported where they are needed: `report`, `registration_report`, and
`summary`, which draws with Matplotlib.
"""

from __future__ import annotations

from elasreg_core.figures.chosen import chosen_figure
from elasreg_core.figures.coinciding import SPREADS
from elasreg_core.figures.deformation import grid_figure, jacobian_figure
from elasreg_core.figures.heatmap import criterion_figure
from elasreg_core.figures.identifiability import identifiability_figure
from elasreg_core.figures.images import difference_figure, image_figure
from elasreg_core.figures.one_parameter import MOVING_PICTURES, one_parameter_figure
from elasreg_core.figures.palette import group_colours, model_colour, tissue_colours
from elasreg_core.figures.phantom import phantom_figures
from elasreg_core.figures.plane import Plane, View, middle_of, views_of
from elasreg_core.figures.registration import Panel, pair_panels, registration_panels
from elasreg_core.figures.side_by_side import PICTURES, pair_side_by_side, side_by_side
from elasreg_core.figures.stiffness import correlation_figure, correlation_map
from elasreg_core.figures.surface import surface_figure
from elasreg_core.figures.training import loss_figure

#: Pass as `config` wherever a figure is shown: nothing is ever sent to a cloud.
PLOT_CONFIG = {"displaylogo": False, "showSendToCloud": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}

__all__ = [
    "MOVING_PICTURES",
    "PICTURES",
    "PLOT_CONFIG",
    "SPREADS",
    "Panel",
    "Plane",
    "View",
    "chosen_figure",
    "correlation_figure",
    "correlation_map",
    "criterion_figure",
    "difference_figure",
    "grid_figure",
    "group_colours",
    "identifiability_figure",
    "image_figure",
    "jacobian_figure",
    "loss_figure",
    "middle_of",
    "model_colour",
    "one_parameter_figure",
    "pair_panels",
    "pair_side_by_side",
    "phantom_figures",
    "registration_panels",
    "side_by_side",
    "surface_figure",
    "tissue_colours",
    "views_of",
]

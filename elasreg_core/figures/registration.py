"""What a registration made of a pair, panel by panel, in one plane."""

from __future__ import annotations

from typing import NamedTuple

import plotly.graph_objects as go

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures.deformation import grid_figure, jacobian_figure
from elasreg_core.figures.images import difference_figure, image_figure
from elasreg_core.figures.plane import View
from elasreg_core.registration.registered import Registration


class Panel(NamedTuple):
    """One figure of a row: its name within the row, and what it shows in words."""

    name: str
    alt: str
    figure: go.Figure


def pair_panels(pair: RegistrationPair, view: View) -> list[Panel]:
    """The two images as they came, with their labels."""
    return [
        _panel(
            role.lower(),
            view,
            f"The {role.lower()} image of {pair.id} with its tissues outlined",
            image_figure(
                view.image(image),
                view.plane,
                role,
                None if labels is None else view.image(labels),
                pair.tissues.names,
            ),
        )
        for role, image, labels in (
            ("Fixed", pair.fixed, pair.fixed_labels),
            ("Moving", pair.moving, pair.moving_labels),
        )
    ]


def registration_panels(pair: RegistrationPair, registration: Registration, view: View) -> list[Panel]:
    """Warped image, difference, deformation grid and Jacobian."""
    names, plane = pair.tissues.names, view.plane
    warped, fixed, moving = (view.image(image) for image in (registration.warped, pair.fixed, pair.moving))
    warped_labels, fixed_labels, moving_labels = (
        None if labels is None else view.image(labels)
        for labels in (registration.warped_labels, pair.fixed_labels, pair.moving_labels)
    )
    jacobian = view.image(registration.jacobian)
    grid_title = "Where fixed voxels lie in moving"
    return [
        _panel(
            "warped",
            view,
            "The moving image warped onto the fixed one, warped labels solid, fixed labels dotted",
            image_figure(warped, plane, "Moving, warped (dotted: fixed)", warped_labels, names, fixed_labels),
        ),
        _panel(
            "difference",
            view,
            "The difference that the registration leaves",
            difference_figure(fixed, warped, plane, "Warped − fixed"),
        ),
        _panel(
            "grid",
            view,
            "The fixed image's grid carried into the moving image",
            grid_figure(
                *(view.vectors(registration.displacement), plane, grid_title),
                moving=moving,
                moving_labels=moving_labels,
                tissues=names,
            ),
        ),
        _panel(
            "jacobian",
            view,
            "Jacobian determinant: blue expands from fixed to moving, red contracts, white keeps its volume",
            jacobian_figure(jacobian, plane, "Volume change, fixed → moving"),
        ),
    ]


def _panel(name: str, view: View, alt: str, figure: go.Figure) -> Panel:
    if view.across_axis is None:
        return Panel(name, alt, figure.update_layout(showlegend=False))
    figure.update_layout(showlegend=False, title_text=f"{figure.layout.title.text}, {view.name}")
    return Panel(f"{name}-{view.name}", f"{alt}; {view.name} plane {view.at}", figure)

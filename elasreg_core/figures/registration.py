"""What a registration made of a pair, panel by panel, in one plane."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt
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
        panel(
            role.lower(),
            view,
            f"The {role.lower()} image of {pair.id} with its tissues outlined",
            image_figure(view.image(image), view.plane, role, _seen(labels, view), pair.tissues.names),
        )
        for role, image, labels in (
            ("Fixed", pair.fixed, pair.fixed_labels),
            ("Moving", pair.moving, pair.moving_labels),
        )
    ]


def registration_panels(pair: RegistrationPair, registration: Registration, view: View) -> list[Panel]:
    """Warped image, difference, deformation grid and Jacobian."""
    makers = (warped_panel, difference_panel, grid_panel, jacobian_panel)
    return [make(pair, registration, view) for make in makers]


def warped_panel(pair: RegistrationPair, registration: Registration, view: View) -> Panel:
    """The warped image, with the fixed labels for comparison."""
    return panel(
        "warped",
        view,
        "The moving image warped onto the fixed one, warped labels solid, fixed labels dotted",
        image_figure(
            view.image(registration.warped),
            view.plane,
            "Moving, warped (dotted: fixed)",
            _seen(registration.warped_labels, view),
            pair.tissues.names,
            _seen(pair.fixed_labels, view),
        ),
    )


def difference_panel(pair: RegistrationPair, registration: Registration, view: View) -> Panel:
    """What the registration leaves of the difference."""
    fixed, warped = view.image(pair.fixed), view.image(registration.warped)
    figure = difference_figure(fixed, warped, view.plane, "Warped − fixed")
    return panel("difference", view, "The difference that the registration leaves", figure)


def grid_panel(pair: RegistrationPair, registration: Registration, view: View) -> Panel:
    """The deformed grid over the moving image."""
    figure = grid_figure(
        *(view.vectors(registration.displacement), view.plane, "Where fixed voxels lie in moving"),
        moving=view.image(pair.moving),
        moving_labels=_seen(pair.moving_labels, view),
        tissues=pair.tissues.names,
    )
    return panel("grid", view, "The fixed image's grid carried into the moving image", figure)


def jacobian_panel(_: RegistrationPair, registration: Registration, view: View) -> Panel:
    """Volume change, folds marked."""
    return panel(
        "jacobian",
        view,
        "Jacobian determinant: blue expands from fixed to moving, red contracts, white keeps its volume",
        jacobian_figure(view.image(registration.jacobian), view.plane, "Volume change, fixed → moving"),
    )


def panel(name: str, view: View, alt: str, figure: go.Figure) -> Panel:
    """A figure as a panel of a view's row; in 3D its plane is named."""
    if view.across_axis is None:
        return Panel(name, alt, figure.update_layout(showlegend=False))
    figure.update_layout(showlegend=False, title_text=f"{figure.layout.title.text}, {view.name}")
    return Panel(f"{name}-{view.name}", f"{alt}; {view.name} plane {view.at}", figure)


def _seen(labels: npt.NDArray[Any] | None, view: View) -> npt.NDArray[Any] | None:
    return None if labels is None else view.image(labels)

"""The views in which a registration is judged by eye, each a few panels side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures.arrows import arrow_figure
from elasreg_core.figures.blink import blink_figure
from elasreg_core.figures.checkerboard import checkerboard_figure
from elasreg_core.figures.images import difference_figure, image_figure
from elasreg_core.figures.plane import View
from elasreg_core.figures.registration import (
    Panel,
    difference_panel,
    grid_panel,
    jacobian_panel,
    pair_panels,
    panel,
    warped_panel,
)
from elasreg_core.registration.registered import Registration

CHECKERBOARD = "checkerboard"


@dataclass(frozen=True)
class Look:
    """One way to look at a registration.

    Attributes:
        title: of the button that chooses it.
        panels: what it shows in one plane; the number is the side of a checkerboard's square in mm.
        hint: what to look for.
    """

    title: str
    panels: Callable[[RegistrationPair, Registration, View, float], list[Panel]]
    hint: str


def _images(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    fixed, moving = pair_panels(pair, view)
    return [moving, fixed, warped_panel(pair, registration, view)]


def _difference(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    before = difference_figure(view.image(pair.fixed), view.image(pair.moving), view.plane, "Moving − fixed")
    return [
        panel("difference-before", view, "The difference before the registration", before),
        difference_panel(pair, registration, view),
    ]


def _checkerboard(pair: RegistrationPair, registration: Registration, view: View, square_mm: float) -> list[Panel]:
    return [
        panel(
            f"checkerboard-{when}",
            view,
            f"Squares of the fixed and the {name} image in turn",
            checkerboard_figure(
                view.image(pair.fixed), view.image(image), view.plane, f"Fixed and {name}, in squares", square_mm
            ),
        )
        for when, name, image in (("before", "moving", pair.moving), ("after", "warped", registration.warped))
    ]


def _blink(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    figure = blink_figure(view.image(pair.fixed), view.image(registration.warped), view.plane)
    return [panel("blink", view, "The fixed and the warped image in the same place, in turn", figure)]


def _contours(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    fixed, names = view.image(pair.fixed), pair.tissues.names
    fixed_labels = None if pair.fixed_labels is None else view.image(pair.fixed_labels)
    return [
        panel(
            f"contours-{when}",
            view,
            f"Outlines of the {name} labels, solid, and of the fixed ones, dotted, over the fixed image",
            image_figure(
                *(fixed, view.plane, f"{name.capitalize()} labels on fixed (dotted)"),
                None if labels is None else view.image(labels),
                names,
                fixed_labels,
            ),
        )
        for when, name, labels in (
            ("before", "moving", pair.moving_labels),
            ("after", "warped", registration.warped_labels),
        )
    ]


def _grid(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    return [grid_panel(pair, registration, view)]


def _jacobian(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    return [jacobian_panel(pair, registration, view)]


def _arrows(pair: RegistrationPair, registration: Registration, view: View, _: float) -> list[Panel]:
    alt = "Arrows from fixed voxels to where they lie in the moving image"
    if view.across_axis is not None:
        alt += "; what leads out of the plane is not drawn"
    figure = arrow_figure(
        view.vectors(registration.displacement), view.plane, "Displacement, fixed → moving", view.image(pair.fixed)
    )
    return [panel("arrows", view, alt, figure)]


#: In the order in which they are shown.
LOOKS = {
    "images": Look("Images", _images, "Do the solid outlines of the warped image lie on the dotted ones?"),
    "difference": Look("Difference", _difference, "White is equal; edges that stay blue or red are misaligned."),
    CHECKERBOARD: Look("Checkerboard", _checkerboard, "Edges should run on from square to square."),
    "blink": Look("Blink", _blink, "What jumps between the images is misaligned. The browser plays it, for a minute."),
    "contours": Look("Contours", _contours, "Solid: warped labels; dotted: fixed. They should coincide."),
    "grid": Look("Grid", _grid, "Lines should bend smoothly, and never cross."),
    "jacobian": Look("Jacobian", _jacobian, "White keeps its volume; crosses mark folds, det ∇φ ≤ 0."),
    "arrows": Look("Arrows", _arrows, "Neighbours should move alike, but for tissues that slide along each other."),
}

"""A registration as one picture: what came, what was made of it, and where the grid went, plane by plane."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from elasreg_core import __version__
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores
from elasreg_core.figures.deformation import volume_reach
from elasreg_core.figures.palette import FOLDING, tissue_colours
from elasreg_core.figures.plane import View, views_of
from elasreg_core.figures.sheet import DPI, Sheet
from elasreg_core.figures.still import Still
from elasreg_core.metrics import shown
from elasreg_core.registration.registered import Registration

COLUMNS = (
    "Fixed",
    "Moving",
    "Moving, warped",
    "Before: moving − fixed",
    "After: warped − fixed",
    "Where fixed voxels lie in moving",
    "Volume change, fixed → moving",
)
_LONGEST_NAME = 60
_WEBP_QUALITY = 90


def summary_png(pair: RegistrationPair, registration: Registration, initial: Scores, registered: Scores) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    figure = summary_figure(pair, registration, initial, registered)
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": f"elasreg {__version__}"})
    return file.getvalue()


def summary_webp(pair: RegistrationPair, registration: Registration, initial: Scores, registered: Scores) -> bytes:
    """The picture as a WebP file, a fifth of the PNG's size: for documents that hold many."""
    file = io.BytesIO()
    figure = summary_figure(pair, registration, initial, registered)
    figure.savefig(file, format="webp", dpi=DPI, pil_kwargs={"quality": _WEBP_QUALITY})
    return file.getvalue()


def summary_figure(pair: RegistrationPair, registration: Registration, initial: Scores, registered: Scores) -> Figure:
    """The picture: a row for every plane of the pair, the columns `COLUMNS`.

    Args:
        pair: 2D or 3D, with or without labels.
        registration: of it.
        initial: scores of the pair as it came.
        registered: its scores now.
    """
    views = views_of(pair)
    sheet = Sheet(views, [view.image(pair.fixed).shape for view in views], COLUMNS)
    scale = _scale_of(pair, registration, views)
    drawn = [_draw(panels, pair, registration, view, scale) for view, panels in zip(views, sheet.rows, strict=True)]
    sheet.colour_bar(drawn[0][0], 3, 4, "intensity difference; white: equal")
    sheet.colour_bar(drawn[0][1], 6, 6, "det ∇φ; blue expands, red contracts")
    jacobians = [view.image(registration.jacobian) for view in views]
    sheet.legend(_lines(pair, any((jacobian <= 0).any() for jacobian in jacobians)))
    name = pair.id if len(pair.id) <= _LONGEST_NAME else f"{pair.id[: _LONGEST_NAME - 1]}…"
    dice = f"mean Dice {shown(initial.mean_dice)} → {shown(registered.mean_dice)}"
    folding = f"folding {registered.neg_jacobian_percent:.3f} %"
    sheet.headline(name, f"{dice}  ·  {folding}  ·  {registration.checkpoint}")
    return sheet.figure


class _Scale(NamedTuple):
    """How far the colours reach: of both differences alike, around 0; of det ∇φ, around 1."""

    difference: float
    volume: float


def _scale_of(pair: RegistrationPair, registration: Registration, views: Sequence[View]) -> _Scale:
    differences = [
        np.abs(view.image(image) - view.image(pair.fixed)).ravel()
        for view in views
        for image in (pair.moving, registration.warped)
    ]
    jacobians = np.concatenate([view.image(registration.jacobian).ravel() for view in views])
    return _Scale(max(float(np.percentile(np.concatenate(differences), 99.5)), 0.1), volume_reach(jacobians))


def _draw(
    panels: Sequence[Still], pair: RegistrationPair, registration: Registration, view: View, scale: _Scale
) -> tuple[AxesImage, AxesImage]:
    """Fills one row; returns a difference and the map of volumes, for their colour bars."""
    names = pair.tissues.names
    fixed, moving, warped, jacobian = (
        view.image(array) for array in (pair.fixed, pair.moving, registration.warped, registration.jacobian)
    )
    labels = [
        None if of_image is None else view.image(of_image)
        for of_image in (pair.fixed_labels, pair.moving_labels, registration.warped_labels)
    ]
    for panel, image, outlines in zip(panels, (fixed, moving, warped), labels, strict=False):
        panel.image(image)
        panel.contours(outlines, names)
    panels[2].contours(labels[0], names, "dashed")
    panels[3].diverging(moving - fixed, 0, scale.difference)
    difference = panels[4].diverging(warped - fixed, 0, scale.difference)
    panels[5].image(moving, opacity=0.55)
    panels[5].grid(view.vectors(registration.displacement))
    panels[5].contours(labels[1], names)
    volume = panels[6].diverging(jacobian, 1, scale.volume)
    panels[6].folds(jacobian)
    return difference, volume


def _lines(pair: RegistrationPair, with_folds: bool) -> dict[str, Line2D]:
    """The legend: tissues where there are labels, and what else is drawn."""
    lines = {}
    if pair.fixed_labels is not None or pair.moving_labels is not None:
        lines = {
            name: Line2D([], [], color=colour, lw=3) for name, colour in tissue_colours(pair.tissues.names).items()
        }
    if pair.fixed_labels is not None:
        lines["fixed labels, over warped"] = Line2D([], [], color="#444444", lw=1.4, ls="dashed")
    if with_folds:
        lines["folded voxels"] = Line2D([], [], color=FOLDING, marker="x", ls="none")
    return lines

"""One registration as one HTML file that needs nothing else: scores, parameters and why, pictures, definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures.html import drawn, page
from elasreg_core.figures.palette import tissue_colours
from elasreg_core.figures.plane import View, views_of
from elasreg_core.figures.registration import pair_panels, registration_panels
from elasreg_core.metrics import METRICS, shown
from elasreg_core.networks.architecture import MODELS
from elasreg_core.registration.registered import Registration

_FONT = {"family": "system-ui, sans-serif", "color": "#222"}
_PLOT_WIDTH, _AROUND_PLOT = 285, 82  # pixels; what `Plane.lay_out` leaves of a column, and its margins
_WHOLE = ("tre_mm", "neg_jacobian_percent", "sd_log_jacobian")
_DEFINED = ("dice", "hd95_mm", *_WHOLE)


def registration_report(pair: RegistrationPair, registration: Registration, metrics: Mapping[str, Any]) -> str:
    """The report's HTML; no path of any file is in it.

    Args:
        pair: 2D or 3D, with or without labels.
        registration: of it.
        metrics: the content of its metrics.json (`evaluation.registration_metrics`).
    """
    provenance = metrics["provenance"]
    return page(
        "registration.html",
        title=f"{pair.id}: registered with {registration.checkpoint}",
        caption=_caption(pair, metrics),
        symbols=registration.parameters.regularizer.symbols,
        tissues=list(_tissue_rows(pair, metrics)),
        parameters_from=provenance["parameters_from"],
        chosen=provenance.get("chosen", ()),
        refined=provenance.get("refined"),
        instance=provenance.get("instance"),
        whole=[
            ("Mean Dice", *_before_and_after(metrics, "mean_dice")),
            *((METRICS[name].label, *_before_and_after(metrics, name)) for name in _WHOLE),
        ],
        views=_views(pair, registration),
        notes=provenance["notes"],
        metrics=[METRICS[name] for name in _DEFINED],
        checkpoints=list(_checkpoints(metrics)),
    )


def _caption(pair: RegistrationPair, metrics: Mapping[str, Any]) -> str:
    grid = " × ".join(map(str, pair.grid_shape))
    alike = len(set(pair.spacing_mm)) == 1
    spacing = " × ".join(f"{mm:g}" for mm in pair.spacing_mm[: 1 if alike else None])
    return (
        f"Scored and drawn on a grid of {grid} voxels of {spacing} mm. "
        f"The registration took {1000 * metrics['seconds']['register']:.0f} ms."
    )


def _tissue_rows(pair: RegistrationPair, metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Parameters and scores of every class; the background has no scores."""
    colours = tissue_colours(pair.tissues.names)
    for name, parameters in metrics["parameters"].items():
        scores = [score for metric in ("dice", "hd95_mm") for score in _before_and_after(metrics, metric, name)]
        yield {
            "name": name,
            "colour": colours.get(name),
            "parameters": [f"{value:.3g}" for value in parameters.values()],
            "scores": scores,
        }


def _before_and_after(metrics: Mapping[str, Any], name: str, tissue: str | None = None) -> list[str]:
    values = (metrics[stage][name] for stage in ("initial", "registered"))
    digits = 2 if name.endswith("_mm") else 3
    return [shown(value if tissue is None else value.get(tissue), digits) for value in values]


def _views(pair: RegistrationPair, registration: Registration) -> list[dict[str, Any]]:
    """The panels of every plane, as HTML with what they show in words."""
    views = views_of(pair)
    rows = [[*pair_panels(pair, view), *registration_panels(pair, registration, view)] for view in views]
    for view, row in zip(views, rows, strict=True):
        for panel in row:
            panel.figure.update_layout(height=_height(pair, view), template="plotly_white", font=_FONT)
    html = iter(drawn({panel.name: panel.figure for row in rows for panel in row}, displayModeBar=False))
    return [
        {
            "title": view.name.capitalize() if len(views) > 1 else "",
            "panels": [(panel.alt, next(html)) for panel in row],
        }
        for view, row in zip(views, rows, strict=True)
    ]


def _height(pair: RegistrationPair, view: View) -> int:
    """Of a panel in pixels, so that the plane fills its width."""
    across, down = np.multiply(view.image(pair.fixed).shape, view.plane.spacing_mm)
    return round(float(np.clip(_PLOT_WIDTH * down / across, 100, 400))) + _AROUND_PLOT


def _checkpoints(metrics: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The family's checkpoints, and what each of them was used to do."""
    model = MODELS[metrics["model"]]
    searched = model.global_name if "chosen" in metrics["provenance"] else None
    for name, checkpoint in metrics["checkpoints"].items():
        uses = [use for use, by in (("search", searched), ("register", model.name)) if by == name]
        yield {"name": checkpoint["name"], "sha256": checkpoint["sha256"], "use": " and ".join(uses) or "–"}

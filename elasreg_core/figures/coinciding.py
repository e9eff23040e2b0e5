"""Where subjects that chose the same node are drawn, so that one sees how many they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from elasreg_core.physics.parameters import ELASTIC

DOT = 7.0  # pixels
_BUBBLE, _GROWTH = 10.0, 7.0  # pixels: of one subject; times √(n − 1) more of n
_DOT_STEP = 0.034  # in units of λ and μ
_BESIDE = 0.03  # how far several bubbles at a node lie off it
_COLUMN = 0.04  # of λ: dots that are nearer than this are stacked
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


class Mark(NamedTuple):
    """A mark of one colour: where, whose, and its diameter in pixels."""

    x: float
    y: float
    subjects: tuple[str, ...]
    colour: str
    size: float


def bubbles(known: pd.DataFrame, colour_by: str, colours: Mapping[str, str]) -> list[Mark]:
    """One mark a node and colour that grows with the number of subjects; several colours at a node lie around it."""
    marks = []
    for node, at_node in _by(known, list(ELASTIC.parameters)):
        parts = dict(_by(at_node, colour_by))
        shown = [(parts[name], colour) for name, colour in colours.items() if name in parts]
        for place, (part, colour) in enumerate(shown):
            angle, beside = 2 * np.pi * place / len(shown), _BESIDE * (len(shown) > 1)
            x, y = node[0] + beside * np.cos(angle), node[1] + beside * np.sin(angle)
            marks.append(Mark(x, y, tuple(part["subject"]), colour, _BUBBLE + _GROWTH * np.sqrt(len(part) - 1)))
    return marks


def dots(known: pd.DataFrame, colour_by: str, colours: Mapping[str, str]) -> list[Mark]:
    """One mark a subject; those of a node in a spiral around it, colour by colour, without overlap (Vogel 1979)."""
    order = known[colour_by].map(list(colours).index)
    marks = []
    for node, at_node in _by(known.loc[order.sort_values(kind="stable").index], list(ELASTIC.parameters)):
        for place, (subject, name) in enumerate(zip(at_node["subject"], at_node[colour_by], strict=True)):
            radius, angle = _DOT_STEP * np.sqrt(place), _GOLDEN_ANGLE * place
            x, y = node[0] + radius * np.cos(angle), node[1] + radius * np.sin(angle)
            marks.append(Mark(x, y, (subject,), colours[name], DOT))
    return marks


def stack(known: pd.DataFrame, colour_by: str, colours: Mapping[str, str]) -> list[Mark]:
    """Of λ alone: one mark a subject, x its λ; near ones are stacked, so that y says how many."""
    order = known[colour_by].map(list(colours).index)
    ordered = known.loc[order.sort_values(kind="stable").index]
    heights = 1 + ordered.groupby((ordered["lambda"] / _COLUMN).round()).cumcount()
    rows = zip(ordered["lambda"], heights, ordered["subject"], ordered[colour_by], strict=True)
    return [Mark(x, y, (subject,), colours[name], DOT) for x, y, subject, name in rows]


#: How coinciding subjects are told apart on the square of (λ, μ).
SPREADS = {"bubbles": bubbles, "dots": dots}


def _by(table: pd.DataFrame, keys: Any) -> list[tuple[Any, pd.DataFrame]]:
    return list(table.groupby(keys, sort=False))

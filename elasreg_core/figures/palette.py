"""Colours: the same tissue has the same colour everywhere, and colour-blind readers can tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

from elasreg_core.networks.architecture import MODELS

#: Okabe & Ito (2008), ordered to stand out on grey images; label 1 takes the first.
OKABE_ITO = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00")

#: Paul Tol's "bright" (2021) without its cyan, which is near a tissue's: for groups, readable on light and dark.
TOL_BRIGHT = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#AA3377", "#BBBBBB")

#: The hue says the regularizer; dark is spatially adaptive, light is global.
_MODELS = {"diff-g": "#86B6E0", "diff-sas": "#0072B2", "elas-g": "#F0A57C", "elas-sas": "#D55E00"}
_MORE = ("#A9CF8E", "#4E8A2B", "#C3B1E1", "#6A4C9C")  # the same for regularizers that the paper has not
_OTHER = "#8A8A8A"
_SYMBOLS = {"subject": "circle", "cohort": "diamond", "refined": "square", "image": "cross"}

FOLDING = "#D500F9"
GRID = "#D55E00"
GREY = "Greys_r"
DIVERGING = "RdBu"


def tissue_colours(tissues: Sequence[str]) -> dict[str, str]:
    """A colour per tissue, in label order."""
    return {name: OKABE_ITO[i % len(OKABE_ITO)] for i, name in enumerate(tissues)}


def group_colours(groups: Sequence[str]) -> dict[str, str]:
    """A colour per group of subjects, none of them a tissue's."""
    return {name: TOL_BRIGHT[i % len(TOL_BRIGHT)] for i, name in enumerate(groups)}


def model_colour(title: str) -> str:
    """The colour of a model in every figure, whoever chose for it ("elas-sas (cohort)"); grey for the pair as it is."""
    name = title.split(" ")[0]
    others = [model for model in MODELS if model not in _MODELS]
    return _MORE[others.index(name) % len(_MORE)] if name in others else _MODELS.get(name, _OTHER)


def choice_symbol(title: str) -> str:
    """The mark of who chose: with a model's colour it tells all rows of a table apart."""
    return _SYMBOLS.get(title.partition("(")[2].rstrip(")"), _SYMBOLS["subject"])

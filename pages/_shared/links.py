"""Where links from one page to another open it: the query parameters of a subject and a setting."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from elasreg_core.identification.selection import Selection
from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import Regularizer
from pages._shared.choosing import choice_in_url
from pages._shared.context import Cohort


def to_identify(
    cohort: Cohort, of: pd.DataFrame, regularizer: Regularizer, steps: int, possible: Mapping[str, Selection]
) -> dict[str, str]:
    """A subject's search, at the grid and the choice at hand.

    Args:
        cohort: whose subject.
        of: its rows of `identification.choices.choices_table` under one choice.
        regularizer: of the search.
        steps: of the grid.
        possible: choices by name.
    """
    query = {**_subject(cohort, of), "regularizer": regularizer.name, "steps": str(steps)}
    return query | choice_in_url(possible[of["choice"].iloc[0]])


def to_explore(cohort: Cohort, of: pd.DataFrame, regularizer: Regularizer) -> dict[str, str]:
    """A subject's registration with the adaptive network, each tissue with what was chosen for it; as `to_identify`."""
    query = {**_subject(cohort, of), "regularizer": regularizer.name}
    adaptive = [m.name for m in MODELS.values() if m.regularizer == regularizer and m.is_adaptive]
    if adaptive[0] in cohort.family.members:
        query |= {"model": "Adaptive"} | _parameters(of, regularizer)
    return query


def _subject(cohort: Cohort, of: pd.DataFrame) -> dict[str, str]:
    return {"data": cohort.name, "subject": of["subject"].iloc[0], "checkpoint": cohort.family.name}


def _parameters(chosen: pd.DataFrame, regularizer: Regularizer) -> dict[str, str]:
    known = chosen[chosen["lambda"].notna()]
    return {
        f"{name}-{row['tissue']}": f"{row[name]:.6g}" for _, row in known.iterrows() for name in regularizer.parameters
    }

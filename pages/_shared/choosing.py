"""How parameters are chosen: the pickers of a criterion and a rule."""

from __future__ import annotations

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.criteria import CRITERIA
from elasreg_core.identification.selection import RULES, Selection
from elasreg_core.metrics import METRICS

_RULE_TITLES = {"argmax": "the best node", "most_regular": "the most regular of the nearly best"}
_RULE_HELP = "On a flat surface the best node is chance; the most regular node of its plateau is a choice."


def choose_selection(pair: RegistrationPair) -> Selection:
    """A criterion that this subject has what it needs for, and a rule."""
    criterion = st.selectbox(
        "Criterion",
        [name for name in CRITERIA if _available(name, pair)],
        format_func=lambda name: METRICS[name].title,
        key="criterion",
        bind="query-params",
    )
    rule = st.selectbox("Rule", RULES, format_func=_RULE_TITLES.get, key="rule", help=_RULE_HELP, bind="query-params")
    return Selection(criterion, rule)


def choice_title(selection: Selection) -> str:
    """A choice in a few words, e.g. "Dice: the best node"."""
    return f"{METRICS[selection.criterion].title}: {_RULE_TITLES[selection.rule]}"


def choice_in_url(selection: Selection) -> dict[str, str]:
    """The query parameters with which the pickers of `choose_selection` open at a choice."""
    return {"criterion": METRICS[selection.criterion].title, "rule": _RULE_TITLES[selection.rule]}


def choose_also(pair: RegistrationPair, criterion: str) -> tuple[str, ...]:
    """Other criteria, to be scored and shown beside the one that is chosen by."""
    return tuple(
        st.multiselect(
            "Show also",
            [name for name in CRITERIA if name != criterion and _available(name, pair)],
            format_func=lambda name: METRICS[name].title,
            key="also",
            bind="query-params",
            help="A row of surfaces each. HD95 costs more than the registration.",
        )
    )


def _available(name: str, pair: RegistrationPair) -> bool:
    """Whether the subject has landmarks, or a true motion, where the criterion asks for them."""
    return {"tre_mm": pair.keypoints is not None, "displacement_error_vox": pair.truth is not None}.get(name, True)

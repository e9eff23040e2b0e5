"""The surfaces of a search over its parameters: one per tissue and criterion, with nodes that can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from elasreg_core.figures import PLOT_CONFIG, criterion_figure, surface_figure, tissue_colours
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import RULES, Optimum, Selection, best_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import Node, regularizer_of

_WIDTH = 300
_MARKS = "★ best node, ◆ the most regular of the plateau; the chosen one has the tissue's colour."
_LEGENDS = {
    "maps": "Click a node to see its deformation. Outlined: the plateau, as good within {margin:g}. Yellow is better.",
    "curves": "Click a node to see its deformation. White dots: the plateau, as good within {margin:g}.",
    "space": "Grey: the limit of the plateau, {margin:g} from the best.",
}


def choose_view(grid: ParameterGrid) -> bool:
    """Whether the surfaces are to be seen in space; a curve is not asked about."""
    if len(grid.axes) == 1:
        return False
    view = st.segmented_control(
        "Surfaces",
        ["maps", "space"],
        format_func={"maps": "as maps", "space": "in space"}.get,
        default="maps",
        required=True,
        key="surfaces",
        bind="query-params",
    )
    return view == "space"


def legend(grid: ParameterGrid, selection: Selection, in_space: bool) -> str:
    """What the surfaces' marks mean."""
    kind = "space" if in_space else "maps" if len(grid.axes) > 1 else "curves"
    marks = "◆ the choices of both rules" if in_space else _MARKS
    return f"{_LEGENDS[kind].format(margin=selection.margin)} {marks}"


def selected_node(grid: ParameterGrid) -> Node | None:
    """The clicked node, from the URL."""
    try:
        node = tuple(map(float, st.query_params["node"].split(",")))
    except (KeyError, ValueError):
        return None
    return node if node in grid.nodes else None


def show_surfaces(
    sweep: SubjectSweep,
    selection: Selection,
    also: Sequence[str] = (),
    *,
    growing: bool = False,
    in_space: bool = False,
) -> None:
    """One surface per tissue, a row for each criterion.

    Args:
        sweep: complete or not.
        selection: how is chosen; the first row is its criterion's.
        also: criteria of further rows.
        growing: more nodes will come, and none can be clicked.
        in_space: as surfaces that can be turned, instead of maps.
    """
    colours, selected = tissue_colours(sweep.tissues), selected_node(sweep.grid)
    for criterion in dict.fromkeys((selection.criterion, *also)):
        by = selection if criterion == selection.criterion else Selection(criterion, selection.rule)
        if also:
            st.markdown(f"**{METRICS[criterion].title}**", help=METRICS[criterion].definition)
        with st.container(horizontal=True):
            for tissue in sweep.tissues:
                optimum, other = best_node(sweep, tissue, by), other_choice(sweep, tissue, by)
                if in_space:
                    figure = surface_figure(sweep, optimum, colours[tissue], other)
                else:
                    figure = criterion_figure(sweep, optimum, colours[tissue], selected, other)
                key = f"{'growing' if growing else 'space' if in_space else 'surface'}-{criterion}-{tissue}"
                clicks = {"on_select": lambda key=key: _remember_click(key, sweep.grid), "selection_mode": "points"}
                st.plotly_chart(
                    figure,
                    width=_WIDTH,
                    config={**PLOT_CONFIG, "displayModeBar": False},
                    alt=_alt(optimum, METRICS[criterion].title),
                    key=key,
                    **({} if growing or in_space else clicks),
                )


def other_choice(sweep: SubjectSweep, tissue: str, selection: Selection) -> Optimum | None:
    """What the other rule would choose; None where not every node is known, which it would need."""
    if not sweep.is_complete:
        return None
    (rule,) = set(RULES) - {selection.rule}
    return best_node(sweep, tissue, replace(selection, rule=rule))


def reason(sweep: SubjectSweep, optimum: Optimum) -> str:
    """What was chosen and why, and what the other rule would choose."""
    other = other_choice(sweep, optimum.tissue, optimum.selection)
    if other is None or other.node is None or other.node == optimum.node:
        return optimum.message
    at = regularizer_of(other.node).shown(other.node)
    return f"{optimum.message} By {other.selection.sentence}: {at} ({other.value:.3f})."


def _remember_click(key: str, grid: ParameterGrid) -> None:
    """Puts the node clicked in one map into the URL."""
    points = st.session_state[key].selection.points
    if points:
        node = [points[0]["x"], points[0]["y"]][: len(grid.axes)]
        st.query_params["node"] = ",".join(f"{value:.6g}" for value in node)


def _alt(optimum: Optimum, title: str) -> str:
    if optimum.node is None:
        return f"{title} of {optimum.tissue}: nothing to choose"
    at = regularizer_of(optimum.node).shown(optimum.node)
    return (
        f"{title} of {optimum.tissue} over the grid of parameters: chosen {at} with {optimum.value:.3f}; the plateau "
        f"has {len(optimum.plateau)} of {optimum.n_scored} nodes"
    )

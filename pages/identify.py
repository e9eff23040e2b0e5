"""Which λ and μ suit each tissue of this subject?"""

import time

import pandas as pd
import streamlit as st

from elasreg_core.figures import PLOT_CONFIG, criterion_figure, tissue_colours
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import MEAN, best_node, choose_parameters, chosen_parameters
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import Node, ParameterField
from elasreg_core.workspace.searches import SubjectSearch
from pages._shared import loaders
from pages._shared.choosing import choose_selection
from pages._shared.context import choose, choose_regularizer, readable_errors, show_notes
from pages._shared.views import score_cards, show_registration

HEATMAP_WIDTH = 300

st.title("Identify λ and μ")
st.markdown(
    "One subject, registered at every node of a grid of parameters by the global network; each tissue takes its best."
)
context = choose()
pair, family = context.pair, context.family
with st.sidebar:
    regularizer = choose_regularizer(family)
    selection = choose_selection(pair)
    criterion = selection.criterion
    steps_help = "Values of λ and of μ in [0, 1]; diffusion's single λ takes their square."
    steps = st.slider("Grid steps", 3, 21, 11, key="steps", help=steps_help, bind="query-params")
    adaptive_search = not selection.needs_every_node and st.toggle(
        "Only the nodes the choice needs",
        key="adaptive",
        bind="query-params",
        help="A coarse lattice first, then the best node's neighbours as long as that gains: about a third of the "
        "nodes, and hardly ever a worse choice. Off: the whole surface.",
    )


def selected_node() -> Node | None:
    """The clicked node, from the URL."""
    try:
        node = tuple(map(float, st.query_params["node"].split(",")))
    except (KeyError, ValueError):
        return None
    return node if node in grid.nodes else None


def remember_click(key: str) -> None:
    """Puts the node clicked in one heatmap into the URL."""
    points = st.session_state[key].selection.points
    if points:
        node = [points[0]["x"], points[0]["y"]][: len(grid.axes)]
        st.query_params["node"] = ",".join(f"{value:.6g}" for value in node)


def heatmaps(sweep: SubjectSweep, clickable: bool) -> None:
    """One surface per tissue, complete or growing."""
    colours = tissue_colours(sweep.tissues)
    with st.container(horizontal=True):
        for tissue in sweep.tissues:
            figure = criterion_figure(sweep, best_node(sweep, tissue, selection), colours[tissue], selected_node())
            key = f"surface-{tissue}" if clickable else f"partial-{tissue}-{sweep.n_visited}"
            interaction = {"on_select": lambda key=key: remember_click(key), "selection_mode": "points"}
            st.plotly_chart(
                figure,
                width=HEATMAP_WIDTH,
                config={**PLOT_CONFIG, "displayModeBar": False},
                alt=f"{METRICS[criterion].title} of {tissue} over {' and '.join(regularizer.symbols)}",
                key=key,
                **(interaction if clickable else {}),
            )


def run_search(search: SubjectSearch) -> None:
    """Runs what is missing, showing the surfaces as they grow; every finished node is kept."""
    registrar = loaders.registrar(search.checkpoint)
    total, before, started = len(search.grid.nodes), search.n_done, time.monotonic()
    bar, partial = st.progress(0.0, "Starting …"), st.empty()
    st.button("Stop (finished nodes are kept)", icon=":material/stop_circle:")
    for done in search.run(registrar.measured):
        left = (time.monotonic() - started) / (done - before) * (total - done)
        left_here = f"{'at most' if adaptive_search else 'about'} {left:.0f} s left"
        bar.progress(done / total, f"{done} of {total} nodes, {left_here}")
        if (done - before) % max(1, total // 6) == 0:
            with partial.container():
                heatmaps(search.result(), clickable=False)
    st.rerun()


with readable_errors():
    of_regularizer = {m.is_adaptive: m.name for m in MODELS.values() if m.regularizer == regularizer}
    checkpoint = family.member(of_regularizer[False])
    grid = ParameterGrid.for_checkpoint(steps, checkpoint)
    search = SubjectSearch(loaders.store(), checkpoint, pair, grid, criterion, adaptive_search)
    if not search.is_complete:
        first = ParameterField.uniform(grid.nodes[0], pair.tissues.n_classes)
        seconds = loaders.register(checkpoint, pair, first).seconds
        nodes = len(grid.nodes) - search.n_done
        st.markdown(
            f"{'At most ' * adaptive_search}{nodes} registrations of {pair.id} with {checkpoint.name}, "
            f"{'less than' if adaptive_search else 'about'} {max(1, nodes * seconds):.0f} s here"
            + (f"; {search.n_done} of {len(grid.nodes)} nodes are known already." if search.n_done else ".")
        )
        label = "Continue the search" if search.n_done else "Search this subject"
        if st.button(label, type="primary", icon=":material/search:"):
            run_search(search)
        if not search.n_done:
            show_notes(pair)
            st.stop()

sweep = search.result()
optima = choose_parameters(sweep, selection)
heatmaps(sweep, clickable=True)
st.caption(
    f"Click a node to see its deformation. ★ best node · white dots: the plateau, as good within the tolerance · "
    f"{METRICS[criterion].definition} Chosen: {selection.sentence}, {selection.honesty}."
)
for optimum in optima:
    st.markdown(f"- {optimum.message}")

st.download_button(
    "Download the sweep (CSV)", sweep.table.to_csv(index=False), f"{pair.id}-sweep.csv", icon=":material/download:"
)

mean_best = best_node(sweep, MEAN, selection)
if mean_best.node is None:
    st.warning(f"No node has a {METRICS[criterion].title} to choose by.", icon=":material/warning:")
    st.stop()
node = selected_node() or mean_best.node
initial = loaders.scores(pair)
st.subheader(f"The same everywhere: {regularizer.shown(node)}")
with readable_errors():
    at_node = loaders.register(checkpoint, pair, ParameterField.uniform(node, pair.tissues.n_classes))
score_cards(initial, loaders.scores(pair, at_node))
show_registration(pair, at_node, "node")

st.subheader("Each tissue with its own optimum, in one pass of the adaptive network")
with readable_errors():
    adaptive = family.member(of_regularizer[True])
    field = chosen_parameters(sweep, adaptive.model, adaptive.card.background, selection)
    registration = loaders.register(adaptive, pair, field)
score_cards(initial, loaders.scores(pair, registration), registration.seconds)
st.dataframe(pd.DataFrame(field.by_tissue(sweep.tissues)).rename_axis("parameter"), width=520)
show_registration(pair, registration, "adaptive", with_pair=False)
show_notes(pair)

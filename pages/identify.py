"""Which λ and μ suit each tissue of this subject?"""

import pandas as pd
import streamlit as st

from elasreg_core.identification.criteria import ON_DEMAND
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import MEAN, best_node, choose_parameters, chosen_parameters
from elasreg_core.metrics import METRICS
from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.workspace.commands import search_command
from elasreg_core.workspace.searches import SubjectSearch
from pages._shared import loaders
from pages._shared.choosing import choose_also, choose_selection
from pages._shared.context import choose, choose_regularizer, readable_errors, show_notes
from pages._shared.subject_search import follow_or_offer
from pages._shared.surfaces import choose_view, legend, reason, selected_node, show_surfaces
from pages._shared.views import score_cards, show_registration

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
    also = choose_also(pair, criterion)
    steps_help = "Values of λ and of μ in [0, 1]; diffusion's single λ takes their square."
    steps = st.slider("Grid steps", 3, 21, 11, key="steps", help=steps_help, bind="query-params")
    adaptive_search = not selection.needs_every_node and st.toggle(
        "Only the nodes the choice needs",
        key="adaptive",
        bind="query-params",
        help="A coarse lattice first, then the best node's neighbours as long as that gains: about a third of the "
        "nodes, and hardly ever a worse choice. Off: the whole surface.",
    )

with readable_errors():
    of_regularizer = {m.is_adaptive: m.name for m in MODELS.values() if m.regularizer == regularizer}
    checkpoint = family.member(of_regularizer[False])
    grid = ParameterGrid.for_checkpoint(steps, checkpoint)
    scored = tuple(name for name in also if name in ON_DEMAND)
    command = search_command(
        *(checkpoint, context.data, pair.id),
        **{"steps": steps, "criterion": criterion, "adaptive": adaptive_search, "also": scored},
    )

    def look_up() -> SubjectSearch:
        """The search as far as the store knows it."""
        return SubjectSearch(loaders.store(), checkpoint, pair, grid, criterion, adaptive_search, scored)

    if follow_or_offer(look_up, command, selection, also, adaptive_search):
        st.stop()
    search = look_up()
    if not search.n_done:
        show_notes(pair)
        st.stop()

sweep, initial = search.result(), loaders.scores(pair)
mean_best = best_node(sweep, MEAN, selection)


@st.fragment  # a click draws this part again, and no more
def node_by_node() -> None:
    """The surfaces, what is chosen from them, and the registration at one node."""
    in_space = choose_view(grid)
    show_surfaces(sweep, selection, also, in_space=in_space)
    st.caption(
        f"{legend(grid, selection, in_space)} {METRICS[criterion].definition} "
        f"Chosen: {selection.sentence}, {selection.honesty}."
    )
    for optimum in choose_parameters(sweep, selection):
        st.markdown(f"- {reason(sweep, optimum)}")
    with st.container(horizontal=True):
        table, made = sweep.table.to_csv(index=False), search.how_made()
        st.download_button("Download the sweep (CSV)", table, f"{pair.id}-sweep.csv", icon=":material/download:")
        st.download_button(
            "How it was made (JSON)",
            made,
            f"{pair.id}-provenance.json",
            icon=":material/fingerprint:",
            help="Versions, hashes of the pair and of the weights, and what was asked of the search.",
        )
    node = selected_node(grid) or mean_best.node
    if node is None:
        return
    st.subheader(f"The same everywhere: {regularizer.shown(node)}")
    with readable_errors():
        at_node = loaders.register(checkpoint, pair, ParameterField.uniform(node, pair.tissues.n_classes))
    score_cards(initial, loaders.scores(pair, at_node))
    with st.expander("All scores of this node", icon=":material/table_chart:"):
        st.dataframe(sweep.at(node), hide_index=True)
    show_registration(pair, at_node, "node")


node_by_node()
if mean_best.node is None:
    st.warning(f"No node has a {METRICS[criterion].title} to choose by.", icon=":material/warning:")
    st.stop()
st.subheader("Each tissue with its own optimum, in one pass of the adaptive network")
with readable_errors():
    adaptive = family.member(of_regularizer[True])
    field = chosen_parameters(sweep, adaptive.model, adaptive.card.background, selection)
    registration = loaders.register(adaptive, pair, field)
score_cards(initial, loaders.scores(pair, registration), registration.seconds)
st.dataframe(pd.DataFrame(field.by_tissue(sweep.tissues)).rename_axis("parameter"), width=520)
show_registration(pair, registration, "adaptive", with_pair=False)
show_notes(pair)

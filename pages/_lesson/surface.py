"""Step 5: why does a flat surface mean "unknown"?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.figures import criterion_figure, tissue_colours
from elasreg_core.figures.lesson import choices_figure
from elasreg_core.identification.bootstrap import BLOCK_SIDE
from elasreg_core.identification.drawn_surface import DrawnSurface, made_up_surface, subject_surfaces
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import PLATEAU_TOLERANCE, Selection, best_node
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import ELASTIC, ParameterField
from pages._lesson.controls import KEPT, download, notice, picture
from pages._shared import loaders
from pages._shared.context import choose, readable_errors
from pages._shared.loaders import CACHE_KEYS

DRAWS = 1000
STEPS = 11
PATIENCE_SECONDS = 30
SOURCES = ("Made up", "Computed")


@st.cache_resource(
    max_entries=2, show_spinner="Registering the subject at every node …", hash_funcs=CACHE_KEYS, scope="session"
)
def surfaces_of(pair: RegistrationPair, weights_sha256: str, _checkpoint: Checkpoint) -> Sequence[DrawnSurface]:  # noqa: ARG001
    """A subject's surfaces and their draws; registered once."""
    grid = ParameterGrid.for_checkpoint(STEPS, _checkpoint)
    return subject_surfaces(loaders.registrar(_checkpoint).measured, pair, grid, DRAWS)


def made_up() -> tuple[DrawnSurface, str, str]:
    """A surface whose fall and noise are set in the sidebar."""
    with st.sidebar:
        fall = st.slider(
            "Fall from the best node to the corner (Dice)", 0.0, 0.2, 0.03, 0.005, key="fall", format="%.3f", **KEPT
        )
        noise = st.slider("Noise of every node (Dice)", 0.0, 0.02, 0.003, 0.001, key="noise", format="%.3f", **KEPT)
    surface = made_up_surface(fall, noise, DRAWS)
    said = "**This surface is made up**: a paraboloid with independent noise at every node. No image stands behind it."
    return surface, tissue_colours([surface.tissue])[surface.tissue], said


def computed() -> tuple[DrawnSurface, str, str]:
    """A tissue's surface of the subject chosen in the sidebar."""
    context = choose()
    pair = context.pair
    with readable_errors():
        checkpoint = context.family.member("elas-g")
        n_nodes = len(ParameterGrid.for_checkpoint(STEPS, checkpoint).nodes)
        first = ParameterField.uniform((0.0, 0.1), pair.tissues.n_classes)
        seconds = n_nodes * loaders.register(checkpoint, pair, first).seconds
        asked = f"asked-{checkpoint.card.weights_sha256}-{pair.digest}"
        if seconds > PATIENCE_SECONDS and not st.session_state.get(asked):
            st.markdown(f"{n_nodes} registrations of {pair.id}, about {seconds:.0f} s here.")
            if not st.button("Compute the surface", type="primary", icon=":material/grid_view:"):
                st.stop()
            st.session_state[asked] = True
        surfaces = {
            surface.tissue: surface for surface in surfaces_of(pair, checkpoint.card.weights_sha256, checkpoint)
        }
    if not surfaces:
        st.warning(
            "No tissue is in both label maps of this subject, so that there is no Dice.", icon=":material/warning:"
        )
        st.stop()
    with st.sidebar:
        tissue = st.selectbox("Tissue", list(surfaces), key="tissue", **KEPT)
    said = (
        f"Computed: {pair.id} registered at {n_nodes} nodes with {checkpoint.name}. A draw takes the image's blocks of "
        f"{BLOCK_SIDE} voxels anew, with replacement (bootstrap); draw 0 is the image itself."
    )
    return surfaces[tissue], tissue_colours(pair.tissues.names)[tissue], said


def draw() -> None:
    """One draw of a Dice surface with its plateau, and where the best node lies over many draws."""
    st.markdown(
        "Each tissue's (λ, μ) is the best node of its Dice surface. Where the surface is flat, the best node is "
        "decided by noise: draw the same surface again and it jumps. The **plateau**, all nodes within a tolerance "
        "of the best, says how much is known; its area is the *identifiability* of that parameter: near 100 %, the "
        "data cannot tell."
    )
    with st.sidebar:
        source = st.segmented_control("Surface", SOURCES, default=SOURCES[0], required=True, key="source", **KEPT)
    surface, colour, said = made_up() if source == SOURCES[0] else computed()
    with st.sidebar:
        number = st.slider("Draw", 0, 30, 1, key="draw", help="0: the surface as it is.", **KEPT)
        usual = PLATEAU_TOLERANCE["dice"]
        tolerance = st.slider(
            "Plateau's tolerance (Dice)", 0.0, 0.03, usual, 0.001, key="tolerance", format="%.3f", **KEPT
        )
    sweep, again = surface.sweep(number), surface.again()
    optimum = best_node(sweep, surface.tissue, Selection(tolerance=tolerance))
    st.caption(f"{said} ★ best node · outlined: the plateau · discs: how often a node is the best of {DRAWS} draws.")
    with st.container(horizontal=True):
        alt = f"Dice over λ and μ, draw {number}: its best node, and a plateau of {optimum.plateau_fraction:.0%}"
        picture(criterion_figure(sweep, optimum, colour).update_layout(height=360), "surface", alt, 420)
        picture(choices_figure(again, surface.grid, colour), "choices", f"Best nodes of {DRAWS} draws", 420)
    with st.container(horizontal=True):
        st.metric("Plateau", f"{optimum.plateau_fraction:.0%}", width=140, help="Share of the nodes; identifiability.")
        st.metric("Best node of this draw", ELASTIC.shown(optimum.node or ()), width=230)
        st.metric(
            "The same again",
            f"{again.share:.0%}",
            width=150,
            help=f"Draws whose best node is that of draw 0, of {DRAWS}.",
        )
        st.metric("Different best nodes", again.n_nodes, width=170)
    ranges = [
        f"{symbol} lies within {low:g} to {high:g}"
        for symbol, low, high in zip(ELASTIC.symbols, again.low, again.high, strict=True)
    ]
    notice(
        f"In 95 % of the draws {' and '.join(ranges)}: the flatter the surface, the wider. The plateau shows it in a "
        "single search, as long as its tolerance is not smaller than the noise; below that it holds a few lucky nodes."
    )
    table = pd.DataFrame([(*node, share) for node, share in again.shares.items()], columns=["lambda", "mu", "share"])
    with st.container(horizontal=True):
        download(sweep.table[["tissue", "lambda", "mu", "dice"]], f"surface-draw-{number}", "Download this draw (CSV)")
        download(table, "best-nodes", "Download the best nodes (CSV)")

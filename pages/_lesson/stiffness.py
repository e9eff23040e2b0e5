"""Step 3: why does local stiffness help?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from elasreg_core.data.phantoms.ribbed_block import (
    PUSHES,
    SHAPE,
    SPACING_MM,
    RibbedBlock,
    rib_outline,
    rib_table,
    strain_size,
)
from elasreg_core.figures.lesson import block_figure
from pages._lesson.controls import KEPT, ask_parameters, download, notice, picture

LOWEST_MU = 0.05  # without any shear stiffness the block would be a liquid
RATIOS = (1, 2, 5, 10, 100, 1000, 10000)
HELP = "Press: the upper plate comes down. Slide: it moves sideways."


@st.cache_data(max_entries=256, show_spinner=False)
def motion_of(lam: float, mu: float, ratio: float, push: str, depth_mm: float) -> np.ndarray:
    """The block's displacement; a setting seen before is not solved again."""
    return RibbedBlock(lam, mu, ratio, push, depth_mm).displacement


def draw() -> None:
    """The same push with one stiffness everywhere, and with the rib's own."""
    st.markdown(
        "A rib lies in soft tissue between two plates. Left, **one** stiffness for the whole image, as in a global "
        "regularizer; right, the rib has its **own**. Both motions are the cheapest ones, under their own energy, "
        "that follow the plates; they are solved by finite elements as you move a slider."
    )
    with st.sidebar:
        names = [name.capitalize() for name in PUSHES]
        push = st.segmented_control("Push", names, default=names[0], required=True, key="push", help=HELP, **KEPT)
        depth = st.slider("By (mm)", 0, 18, 12, 2, key="depth", **KEPT)
        ratio = st.select_slider("The rib is stiffer by a factor of", RATIOS, 1000, key="ratio", **KEPT)
        st.markdown("**The soft tissue**")
        lam, mu = ask_parameters(LOWEST_MU)
        st.caption(f"μ at least {LOWEST_MU:g}: without any it would be a liquid.")
    one, local = (motion_of(lam, mu, float(r), push.lower(), float(depth)) for r in (1, ratio))
    outline, strains = rib_outline(), (strain_size(one), strain_size(local))
    highest = max(0.05, 1.2 * float(np.percentile(strains, 95)))
    with st.container(horizontal=True):
        for displacement, strain, title in zip(
            (one, local), strains, ("One stiffness everywhere", "Each tissue its own"), strict=True
        ):
            figure = block_figure(displacement, strain, outline, SPACING_MM, title, highest)
            picture(figure, title, f"{title}: the grid after the push, its strain, and the outlined rib", 440)
    table = rib_table(one, local)
    in_rib = table[table["tissue"] == "rib"].set_index("setting")
    before, after = in_rib.loc["one stiffness"], in_rib.loc["each tissue its own"]
    with st.container(horizontal=True):
        st.metric("The rib's strain, one stiffness", f"{before['strain_percent']:.1f} %", width=220)
        st.metric("The rib's strain, its own", f"{after['strain_percent']:.1f} %", width=220)
        st.metric("The rib is misplaced by", f"{before['error_mm']:.2f} mm", width=220, help="Mean, one against own.")
    notice(
        "With one stiffness bone is squeezed like flesh. With its own it only moves and turns, and the tissue around "
        "it takes up the strain. Raising λ and μ everywhere would not do it: scaled together, they change nothing "
        "here."
    )
    with st.expander("All numbers", icon=":material/table:"):
        st.dataframe(table.style.format(precision=2), hide_index=True)
        st.caption(
            f"Means over {SHAPE[0]} × {SHAPE[1]} voxels of {SPACING_MM:g} mm: strain ‖ε‖, volume change |det ∇φ − 1|, "
            "and the distance to the motion with local stiffness. A rigid rib that turns shows a little of both: "
            "linear elasticity's rotation is the infinitesimal one of step 2."
        )
        download(table, f"rib-{push.lower()}", "Download the table (CSV)")

"""Step 1: what is a displacement field?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from elasreg_core.data.phantoms.sketch import heart_sketch
from elasreg_core.figures.lesson import moving_figure, warped_figure
from elasreg_core.physics.fields import identity_grid, warp_image, warp_points
from pages._lesson.controls import KEPT, ask_motion, download, notice, picture

SPACING_MM = 2.0  # along axis 0


def take_click() -> None:
    """The clicked voxel becomes p."""
    points = st.session_state["fixed-grid"].selection.points
    if points:
        st.session_state["i"] = round(points[0]["x"] / SPACING_MM)
        st.session_state["j"] = round(points[0]["y"] / st.session_state["size"])


def draw() -> None:
    """The fixed grid beside the moving image, tied by one point p."""
    moving = heart_sketch()
    st.markdown(
        "Registration gives every point p of the *fixed* grid a displacement u(p): the grey value for p is looked up "
        "in the *moving* image at **p + u(p)**. This is called pull-back. u is counted in voxels, along axis 0 and "
        "axis 1; the voxel size makes millimetres of it."
    )
    with st.sidebar:
        motion, amount = ask_motion()
        show = st.segmented_control(
            "Show u as", ["Arrows", "Grid"], default="Arrows", required=True, key="lesson-show", **KEPT
        )
        i = st.slider("p on axis 0", 0, moving.shape[0] - 1, 36, key="i", **KEPT)
        j = st.slider("p on axis 1", 0, moving.shape[1] - 1, 17, key="j", **KEPT)
        size = st.slider("Voxel size along axis 1 (mm)", 1.0, 4.0, 2.0, 0.5, key="size", **KEPT)
    spacing_mm = (SPACING_MM, size)
    displacement = motion.displacement(moving.shape, amount)
    warped = warp_image(moving, displacement)
    alt = f"{motion.name}, {motion.symbol} = {amount:g}"
    with st.container(horizontal=True):
        picture(
            warped_figure(warped, spacing_mm, (i, j)),
            "fixed-grid",
            f"The sketch of a heart, pulled back onto the fixed grid: {alt}; p is ringed",
            450,
            on_select=take_click,
            selection_mode="points",
        )
        picture(
            moving_figure(moving, displacement, spacing_mm, (i, j), show.lower()),
            "moving-image",
            f"The moving image with u as {show.lower()}, and an arrow from p to p + u(p)",
            450,
        )
    u, to = displacement[i, j], warp_points(np.array([[i, j]]), displacement)[0]
    st.markdown(
        f"p = ({i}, {j}) · u(p) = ({u[0]:+.2f}, {u[1]:+.2f}) voxels = ({u[0] * spacing_mm[0]:+.1f}, "
        f"{u[1] * spacing_mm[1]:+.1f}) mm · p + u(p) = ({to[0]:.2f}, {to[1]:.2f}) · grey value there: "
        f"**{warped[i, j]:.2f}**"
    )
    st.caption(
        "Click into the fixed grid, or use the sliders, to move p. Outside the moving image the nearest voxel counts."
    )
    notice(
        "The image moves *against* the arrows: a field that points outwards looks farther out, so that the warped "
        "heart is smaller."
    )
    columns = np.concatenate([identity_grid(moving.shape), displacement, displacement * spacing_mm], axis=-1)
    table = pd.DataFrame(columns.reshape(-1, 6), columns=["p_0", "p_1", "u_0_vox", "u_1_vox", "u_0_mm", "u_1_mm"])
    download(table, f"{motion.name.lower()}-field", "Download the field (CSV)")

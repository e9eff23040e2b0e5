"""Step 2: what does a motion cost?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from elasreg_core.figures.lesson import energy_figure, moved_square
from elasreg_core.physics.energy_parts import energy_parts
from elasreg_core.physics.simple_motions import MOTIONS
from pages._lesson.controls import ask_motion, ask_parameters, download, notice, picture

ELASTIC = r"""e(u) = \underbrace{\tfrac{1}{4}\,\mu \sum_{i,j} (\partial_i u_j + \partial_j u_i)^2}
_{\text{change of shape and size}}
+ \underbrace{\tfrac{1}{2}\,\lambda\,(\operatorname{div} u)^2}_{\text{change of area}}"""
DIFFUSION = r"d(u) = \mu \sum_{i,j} (\partial_i u_j)^2"
GRID = (41, 33)


def draw() -> None:
    """A deformed grid, what it costs, and the known answers for every motion."""
    st.markdown(
        "The regularizer charges for a motion. **μ** is the price of changing shapes, **λ** the price of changing "
        "volumes (here: areas). *Diffusion*, the simpler regularizer d, is drawn with its one parameter at the same "
        "μ, to compare."
    )
    with st.container(horizontal=True):
        st.latex(ELASTIC, width="content")
        st.latex(DIFFUSION, width="content")
    with st.sidebar:
        motion, amount = ask_motion()
        lam, mu = ask_parameters()
    alt = f"{motion.name}, {motion.symbol} = {amount:g}"
    with st.container(horizontal=True):
        picture(moved_square(motion, amount), "moved-grid", f"A grid of squares before and after: {alt}", 400)
        costs = f"Elastic and diffusion energy over the amount, λ = {lam:g}, μ = {mu:g}: {alt}"
        picture(energy_figure(motion, amount, lam, mu), "costs", costs, 480)
    found = energy_parts(motion.displacement(GRID, amount))
    with st.container(horizontal=True):
        for label, value in (
            ("Elastic, μ part", mu * found.per_mu),
            ("Elastic, λ part", lam * found.per_lam),
            ("Elastic energy", found.elastic(lam, mu)),
            ("Diffusion", mu * found.per_weight),
        ):
            st.metric(label, f"{value + 0.0:.4f}", width=150)
    st.markdown(
        f"Measured on the grid, with the finite differences of the training loss: {found.elastic(lam, mu):.4f}. By the "
        f"formula: {motion.known(amount).elastic(lam, mu):.4f}, as $e = {motion.elastic_formula}$ for {motion.field}."
    )
    notice(motion.notice)
    st.markdown("**The known answers**, with their numbers at this amount, λ and μ")
    rows, lines = [], ["| motion | $e(u)$ | $d(u)/\\mu$ | elastic | diffusion |", "|---|---|---|--:|--:|"]
    for other in MOTIONS.values():
        known = other.known(amount)
        elastic, diffusion = known.elastic(lam, mu), mu * known.per_weight
        rows.append((other.name, mu * known.per_mu, lam * known.per_lam, elastic, diffusion))
        formulas = f"${other.elastic_formula}$ | ${other.diffusion_formula}$"
        lines.append(f"| {other.name} | {formulas} | {elastic:.4f} | {diffusion:.4f} |")
    st.markdown("\n".join(lines))
    table = pd.DataFrame(rows, columns=["motion", "mu_part", "lambda_part", "elastic", "diffusion"])
    download(table.assign(amount=amount, mu=mu, **{"lambda": lam}), "energies", "Download the energies (CSV)")

"""Step 4: what does a hypernetwork do?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from elasreg_core.figures.lesson import changes_figure, kernels_figure
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint, Family
from elasreg_core.networks.hyper_kernels import HyperKernels
from elasreg_core.physics.parameters import ELASTIC
from elasreg_core.workspace.paths import family_names, find_family
from pages._lesson.controls import KEPT, ask_node, download, notice, picture
from pages._shared.context import empty, readable_errors

MOST = 16  # kernels shown of a layer, in and out


@st.cache_resource(max_entries=4, show_spinner="Reading the weights, once …")
def hypernetwork(folder: str, weights_sha256: str, _checkpoint: Checkpoint) -> HyperKernels:  # noqa: ARG001 (the key)
    """A checkpoint's hypernetwork, in NumPy."""
    return HyperKernels.of(_checkpoint)


def global_checkpoint(family: Family) -> Checkpoint:
    """The family's network with one setting for the image, the elastic one where there is one; else any."""
    names = sorted(family.members, key=lambda name: (MODELS[name].is_adaptive, MODELS[name].regularizer != ELASTIC))
    return family.member(names[0])


def draw() -> None:
    """One layer's kernels at (λ, μ), how they differ from those at (0, 0), and the same for all layers."""
    st.markdown(
        "One network registers under *every* (λ, μ): a small second network, the hypernetwork, takes the two numbers "
        "and writes the kernels of the first one's convolutions. Below are kernels of a trained checkpoint, made "
        "anew by its hypernetwork at the sliders' values."
    )
    families = family_names()
    if not families:
        empty("There is no checkpoint yet.", "make checkpoints")
    with st.sidebar:
        name = st.selectbox("Checkpoint", families, key="checkpoint", **KEPT)
        with readable_errors():
            checkpoint = global_checkpoint(find_family(name))
            network = hypernetwork(str(checkpoint.folder), checkpoint.card.weights_sha256, checkpoint)
        layer = st.selectbox("Layer", network.layers, key="layer", **KEPT)
        regularizer = checkpoint.model.regularizer
        node = ask_node(regularizer)
    repeats = len(checkpoint.card.tissues) + 1 if checkpoint.is_adaptive else 1  # every class the same

    def kernel(*values: float) -> np.ndarray:
        """The layer's kernel as shown: its first features, of a volume the middle slice."""
        found = network.kernel(layer, np.repeat(values, repeats))
        return (found[:, :, 1] if network.dim == 3 else found)[..., :MOST, :MOST]

    zero, one = (0.0,) * len(node), (1.0,) * len(node)
    origin, here, far = kernel(*zero), kernel(*node), kernel(*one)
    highest, farthest = (float(np.percentile(np.abs(of), 99)) for of in (origin, far - origin))  # but for outliers
    picture(
        kernels_figure(here, f"{layer} at {regularizer.shown(node)}", highest), "kernels", f"Kernels of {layer}", 900
    )
    title = f"Their difference from {regularizer.shown(zero)}: colours × {highest / max(farthest, 1e-12):.0f}"
    picture(kernels_figure(here - origin, title, farthest, "difference"), "difference", f"Changes of {layer}", 900)
    changes, all_changes = (network.changes(np.repeat(zero, repeats), np.repeat(at, repeats)) for at in (node, one))
    names = f"from {regularizer.shown(zero)} to {regularizer.shown(node)}", f"to {regularizer.shown(one)}"
    picture(changes_figure(changes, all_changes, names), "changes", "How much the kernels of every layer change", 900)
    least, most = all_changes["change_percent"].min(), all_changes["change_percent"].max()
    notice(
        f"Little changes: over the whole range {least:.0f} % in the steadiest layer, {most:.0f} % in the most mobile, "
        f"{all_changes.loc[all_changes['change_percent'].idxmax(), 'layer']}. And yet the motion "
        "changes, as the page Explore shows: many small shifts do it together, and no single kernel shows stiffness."
    )
    total = int(changes["weights"].sum())
    st.caption(
        f"{checkpoint.name}: {len(node) * repeats} numbers in, {total:,} kernel weights out, in {len(network.layers)} "
        f"layers; at most {MOST} × {MOST} kernels of a layer are shown. enc leads down the U-Net, dec up again; the "
        "first layer's inputs are the moving image (0) and the fixed one (1). The last convolution, which writes the "
        "velocity, has weights of its own."
    )
    download(changes, f"{checkpoint.card.model}-kernel-changes", "Download the changes (CSV)")

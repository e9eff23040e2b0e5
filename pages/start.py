"""What is here, and what should I click first?"""

import pandas as pd
import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.workspace.paths import family_names, find_family, home
from pages._shared import loaders
from pages._shared.context import choose, readable_errors
from pages._shared.job_view import JOB_COLUMNS, job_table
from pages._shared.stages import show_stages
from pages._shared.views import show_pair

JOBS_SHOWN = 10

st.title("Which elasticity suits this tissue?")
context = choose()
pair = context.pair
st.markdown(
    "Registration finds how every point moved between two images. A *linear elastic* regularizer keeps that motion "
    "physical; how, is set by **λ** (resistance to volume change) and **μ** (shear stiffness). Nobody knows the right "
    "values, so they are learned from the data, for each tissue of each patient."
)
show_stages()
with st.container(horizontal=True):
    st.page_link("pages/explore.py", label="**Explore** what λ and μ do to a registration", icon=":material/tune:")
    st.page_link("pages/identify.py", label="**Identify** this subject's best values", icon=":material/grid_view:")
    st.page_link("pages/train.py", label="**Train** networks of your own", icon=":material/model_training:")

st.subheader(f"The pair at hand: {pair.id}")
show_pair(pair, "start")
st.caption("Warp the moving image onto the fixed one, so that the outlined tissues match.")

st.subheader("What is here")
with readable_errors():
    data = [
        {
            "data set": name,
            "layout": layout,
            "subjects": len(loaders.dataset(str(root), layout).cases),
            "left out": len(loaders.dataset(str(root), layout).faults),
            "folder": str(root),
        }
        for name, (root, layout) in loaders.datasets().items()
    ]
models = []
for name in family_names():
    try:
        family = find_family(name)
    except InputError as error:
        st.warning(f"Checkpoint {name}: {error}", icon=":material/warning:")
        continue
    card = next(iter(family.members.values())).card
    models.append(
        {
            "checkpoint": name,
            "models": ", ".join(family.members),
            "tissues": ", ".join(card.tissues),
            "grid": " × ".join(map(str, card.preprocessing.grid_shape)),
            "voxel": f"{card.preprocessing.spacing_mm:g} mm",
            "regularization scale": card.regularization_scale,
        }
    )
with readable_errors():
    searches = [
        {"subject": s.subject, "checkpoint": s.checkpoint, "nodes": s.nodes, "started (UTC)": s.started}
        for s in loaders.store().searches()
    ]
st.caption(
    "Data sets; `elasreg data check` says why a subject is left out. "
    f"More: put a folder into {home() / 'data'}, or start with `elasreg app --data DIR`."
)
st.dataframe(pd.DataFrame(data), hide_index=True)
st.caption(
    "Checkpoints: elas, the elastic regularizer (λ, μ); diff, diffusion (λ). g takes one setting for the whole image, "
    "sas one for each tissue."
)
st.dataframe(pd.DataFrame(models), hide_index=True)
if searches:
    st.caption("Searches, newest first.")
    st.dataframe(pd.DataFrame(searches), hide_index=True)
else:
    st.caption("Searches: none yet. The page **Identify** makes one in a few seconds.")
jobs = loaders.jobs().all()[:JOBS_SHOWN]
if jobs:
    st.caption("Long work, newest first: it goes on without the page that started it.")
    st.dataframe(job_table(jobs), column_config=JOB_COLUMNS, hide_index=True)

loaders.warm_up(context.family.name)  # last: drawing this page comes first

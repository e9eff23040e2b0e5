"""What is here, and what should I click first?"""

import streamlit as st

from elasreg_core.workspace.demo import COHORTS
from pages._shared import adding_data, inventory, loaders, own_data
from pages._shared.context import choose
from pages._shared.stages import show_stages
from pages._shared.views import show_pair

st.title("Which elasticity suits this tissue?")
own_data.pick_added()
context = choose()
pair = context.pair
st.markdown(
    "Registration finds how every point moved between two images. A *linear elastic* regularizer keeps that motion "
    "physical; how, is set by **λ** (resistance to volume change) and **μ** (shear stiffness). Nobody knows the right "
    "values, so they are learned from the data, for each tissue of each patient."
)
demo = {"data": next(iter(COHORTS)), "subject": "patient001"}  # whatever is picked now
play = ":material/play_arrow:"
if st.button("Try it on a demo heart", type="primary", icon=play, on_click=st.session_state.update, args=(demo,)):
    st.switch_page("pages/explore.py")
show_stages()

st.subheader(f"The pair at hand: {pair.id}")
show_pair(pair, "start")
st.caption("Warp the moving image onto the fixed one, so that the tissues match. Another pair: choose in the sidebar.")
with st.container(horizontal=True):
    st.page_link("pages/explore.py", label="**Explore** what λ and μ do to it", icon=":material/tune:")
    st.page_link("pages/identify.py", label="**Identify** its best values", icon=":material/grid_view:")

st.subheader("Your own data")
way = st.segmented_control(
    "Your own data",
    ["Upload a pair", "Choose a folder"],
    default="Upload a pair",
    required=True,
    key="own",
    bind="query-params",
    label_visibility="collapsed",
)
(adding_data.upload_pair if way == "Upload a pair" else adding_data.choose_folder)()

st.subheader("What is here")
inventory.show_datasets()
inventory.show_checkpoints()
inventory.show_searches()
inventory.show_jobs()

loaders.warm_up(context.family.name)  # last: drawing this page comes first

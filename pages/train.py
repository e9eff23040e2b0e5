"""How do I train networks of my own?"""

import streamlit as st

from elasreg_core.workspace.commands import train_command
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import store_path
from elasreg_core.workspace.trainings import trainings
from pages._shared.context import readable_errors
from pages._shared.job_view import show_job
from pages._shared.new_training import offer_training
from pages._shared.training_view import choose_sample, fitting_data, follow, follow_sample, show_curves, show_sample

NEW = "a new one"

st.title("Train networks of my own")
with readable_errors():
    jobs, found = Jobs(store_path()), trainings()
if "show-run" in st.session_state:  # just started
    st.session_state["run"] = st.session_state.pop("show-run")
with st.sidebar:
    name = st.selectbox("Training", [NEW, *found], key="run", bind="query-params")

if name == NEW:
    st.markdown(
        "Stage 1: a hypernetwork learns to register under *every* (λ, μ) at once. The shipped checkpoints were made "
        "like this; a training of your own becomes a checkpoint that all pages offer."
    )
    offer_training(jobs)
    st.stop()

training = found[name]
command = train_command(training.folder)
with readable_errors():
    job = jobs.latest(command.arguments)
is_running = job is not None and job.is_running
is_elsewhere = not is_running and training.is_under_way
st.caption(f"{', '.join(training.config.models)} · {training.folder}")
if job is not None and (is_running or not training.is_finished):
    show_job(job, jobs)
if training.is_finished:
    st.success("Finished: all pages offer it as a checkpoint.", icon=":material/check_circle:")
    link = {"checkpoint": name}
    if known := fitting_data(training):
        link["data"] = next(iter(known))
    with st.container(horizontal=True):
        for page, label, icon in (("explore", "Explore it", "tune"), ("identify", "Search with it", "grid_view")):
            st.page_link(f"pages/{page}.py", label=label, icon=f":material/{icon}:", query_params=link)
elif is_elsewhere:
    st.info("Somebody trains it outside the app at this moment: it is shown as it goes on.", icon=":material/terminal:")
elif not is_running:
    begun = any(not training.curve(model).empty for model in training.config.models)
    if st.button("Go on with it" if begun else "Start it", type="primary", icon=":material/play_arrow:"):
        with readable_errors():
            jobs.start(command.kind, command.about, command.arguments)
        st.rerun()

is_live = (is_running or is_elsewhere) and not training.is_finished
if is_live:
    follow(name)
else:
    show_curves(training)
sample = choose_sample(training)
if sample is not None and is_live:
    follow_sample(name, sample)
elif sample is not None:
    show_sample(training, sample)
with st.expander("Its configuration", icon=":material/description:"):
    st.code((training.folder / "config.toml").read_text(encoding="utf-8"), language="toml")

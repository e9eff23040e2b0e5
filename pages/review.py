"""Is this registration good?"""

import streamlit as st

from elasreg_core.figures import views_of
from elasreg_core.figures.review import CHECKERBOARD, LOOKS
from pages._shared import loaders
from pages._shared.context import choose, readable_errors, show_notes
from pages._shared.review_cohort import Cohort, look_panels
from pages._shared.review_desk import choose_reading, open_case, show_cohort, show_verdict, verdict_bar
from pages._shared.views import choose_planes, score_cards, show_panels, tissue_legend

DEFAULT_LOOKS = ["images", "difference", "grid"]
PROGRESS = "review-progress"

st.title("Is this registration good?")
context = choose()
with st.sidebar, readable_errors():
    reading = choose_reading(context.family)
if not reading.models:
    st.info("Choose at least one model to review.", icon=":material/inbox:")
    st.stop()
with readable_errors():
    cohort = Cohort.of(context, reading.models, reading.seed)
position = open_case(cohort, context.pair.id, reading)
case = cohort.cases[position]

progress = st.empty()
progress.progress(*st.session_state.get(PROGRESS, (0.0, "Reading the cohort …")))  # as it was; counted anew below
with readable_errors():
    pair, registration = cohort.registered(case)
    known = cohort.known(case)
    own = cohort.said_of([known]).history(known, reading.reviewer)
with st.container():
    show_verdict(case, own, reading.blinded)
verdict_bar(cohort, position, known, own, reading)

chosen = st.segmented_control(
    "Views",
    list(LOOKS),
    selection_mode="multi",
    default=DEFAULT_LOOKS,
    format_func=lambda name: LOOKS[name].title,
    key="views",
    bind="query-params",
)
looks = [name for name in LOOKS if name in chosen]
square_mm = 20.0
if CHECKERBOARD in looks:
    square_mm = st.slider("Square (mm)", 5.0, 60.0, square_mm, 1.0, key="square", width=300, bind="query-params")
at = choose_planes(pair, "at") if len(pair.grid_shape) == 3 else None
tissue_legend(pair.tissues.names)
for view in views_of(pair, at):
    with st.container(horizontal=True):
        show_panels(look_panels(looks, pair, registration, view, square_mm), "review")
st.caption("  \n".join(f"**{LOOKS[name].title}**: {LOOKS[name].hint}" for name in looks) or "Choose a view above.")
if reading.blinded:
    st.caption("Model, parameters and scores are hidden while the review is blinded.")
else:
    score_cards(loaders.scores(pair), loaders.scores(pair, registration))
    st.caption(f"{known.checkpoint} with {known.parameters}; {cohort.parameters(case).origin}.")
show_notes(pair)

st.subheader("The cohort")
with readable_errors():
    whole = cohort.read(lambda done, of: progress.progress(done / of, f"Reading the cohort: {done} of {of}"))
n_done, n_cases = whole.n_reviewed(reading.reviewer), len(whole.cases)
st.session_state[PROGRESS] = n_done / n_cases, f"{n_done} of {n_cases} reviewed"
progress.progress(*st.session_state[PROGRESS])
show_cohort(cohort, whole, position, reading)

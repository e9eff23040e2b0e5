"""Which λ and μ do the subjects of this cohort need?"""

import pandas as pd
import streamlit as st

from elasreg_core.figures import SPREADS, chosen_figure, group_colours, identifiability_figure, tissue_colours
from elasreg_core.identification.choices import choices_summary, possible_choices
from elasreg_core.metrics import METRICS
from elasreg_core.networks.architecture import MODELS
from pages._shared.choosing import choice_title
from pages._shared.cohort_choices import choices_of, searches_of, sources_of
from pages._shared.cohort_tables import show_subjects, show_summary
from pages._shared.context import choose_cohort, choose_regularizer, readable_errors
from pages._shared.links import to_explore, to_identify
from pages._shared.searching import offer_search
from pages._shared.views import PANEL_WIDTH, SELECTABLE_CONFIG, colour_legend

DOWNLOAD = ":material/download:"

st.title("λ and μ of the cohort")
st.markdown("What suits every tissue of every subject that has been searched: do they agree, and how sure is it?")
cohort = choose_cohort()
with st.sidebar:
    regularizer = choose_regularizer(cohort.family)
    steps_help = "Values of λ and of μ in [0, 1] of a whole search; diffusion's single λ takes their square."
    steps = st.slider("Grid steps", 3, 21, 11, key="steps", help=steps_help, bind="query-params")
with readable_errors():
    model = next(m for m in MODELS.values() if m.regularizer == regularizer and not m.is_adaptive)
    checkpoint = cohort.family.member(model.name)
    sources = sources_of(cohort.data, checkpoint)
    searches = searches_of(sources, cohort.data, checkpoint, steps)
possible = possible_choices(searches.criteria or ("dice",))
groups = sorted({case.group for case in cohort.data.cases if case.group})
with st.sidebar:
    shown = st.multiselect(
        "Choices side by side",
        possible,
        default=list(possible)[:2],
        key="choices",
        help="A criterion that the store knows, and a rule. argmax: the best node, the paper's way. most_regular: the "
        "most regular of all nodes that are nearly as good.",
        bind="query-params",
    )
    colour_by = st.segmented_control(
        *("Colour by", ["tissue", "group"] if groups else ["tissue"]),
        default="tissue",
        required=True,
        key="colour",
        bind="query-params",
    )
    spread = st.segmented_control(
        *("Subjects at one node", list(SPREADS)),
        default="bubbles",
        required=True,
        key="spread",
        help="Bubbles carry the number of their subjects; dots are one subject each.",
        bind="query-params",
    )


def remember_picks(key: str) -> None:
    """Puts the subjects of the marks that were clicked or boxed into the URL."""
    points = st.session_state[key].selection.points
    if points:
        st.session_state["picked"] = sorted({subject for point in points for subject in point["customdata"]})


def show_choice(name: str, table: pd.DataFrame) -> None:
    """One panel per tissue."""
    selection = possible[name]
    st.subheader(choice_title(selection), help=f"Chosen: {selection.sentence}, {selection.honesty}.")
    with st.container(horizontal=True):
        for tissue in searches.tissues:
            of, key = table[table["tissue"] == tissue], f"chosen-{name}-{tissue}"
            title = f"{tissue}, {of['lambda'].notna().sum()} subjects"
            st.plotly_chart(
                chosen_figure(of, colour_by, colours, spread, cohort.subject, picked, title),
                width=PANEL_WIDTH,
                key=key,
                config=SELECTABLE_CONFIG,
                alt=f"{' and '.join(regularizer.symbols)} of every subject's {tissue}, chosen by {selection.sentence}",
                on_select=lambda key=key: remember_picks(key),
                selection_mode=("points", "box"),
            )


offer_search(cohort, checkpoint, steps, searches)
for fault in sources.faults:
    st.warning(fault, icon=":material/warning:")
if not (shown and searches.nodes):
    st.info("No choice is picked." if searches.nodes else "No search is in the store yet.", icon=":material/inbox:")
    st.stop()

with readable_errors():
    tables = {name: choices_of(sources, cohort.data, checkpoint, steps, possible[name]) for name in shown}
choices = pd.concat([table for table in tables.values() if len(table)] or tables.values())
if choices["lambda"].isna().all():
    st.info("No search serves these choices: they need the whole grid, or a tissue.", icon=":material/inbox:")
    st.stop()
present = list(dict.fromkeys(choices[colour_by]))
colours = tissue_colours(searches.tissues) if colour_by == "tissue" else group_colours(sorted(present))
st.caption(
    "Click a mark, or box some with the tool above its panel, to see whose they are; ringed: the sidebar's subject. "
    "At the sides: how many took each value."
)
picked = st.multiselect(
    *("Subjects picked", list(choices["subject"].unique())),
    key="picked",
    placeholder="by a click on a mark, or here",
    bind="query-params",
)
colour_legend(colours)
for name, table in tables.items():
    show_choice(name, table)
if picked:
    st.subheader("The subjects picked")
    leading = {
        "identify": ("The search of", "grid_view", lambda of: to_identify(cohort, of, regularizer, steps, possible)),
        "explore": ("Explore", "tune", lambda of: to_explore(cohort, of, regularizer)),
    }
    show_subjects(choices[choices["subject"].isin(picked)], regularizer, leading)

st.subheader("How well do the data tell?")
with st.container(horizontal=True):
    first_of = {possible[name].criterion: name for name in reversed(shown)}
    for name in sorted(first_of.values(), key=shown.index):
        criterion, margin = METRICS[possible[name].criterion], possible[name].margin
        title = f"Nodes within {margin:g} {criterion.unit}".rstrip() + f" of the best {criterion.title}"
        st.plotly_chart(
            identifiability_figure(tables[name], colour_by, colours, title),
            width=455,
            key=f"plateau-{name}",
            config=SELECTABLE_CONFIG,
            alt=f"Share of the nodes on the plateau of {criterion.title}, subject by subject, in every tissue",
        )
st.caption("A dot is a subject. Near 100 % every node is as good: the data say nothing, and the best one is chance.")

st.subheader("The choices side by side")
summary = choices_summary(choices)
show_summary(summary, regularizer)
with st.container(horizontal=True):
    file = f"{cohort.name}-{checkpoint.name.replace('/', '-')}"
    st.download_button(
        "Every subject (CSV)", choices.to_csv(index=False), f"{file}-choices.csv", icon=DOWNLOAD, on_click="ignore"
    )
    st.download_button(
        "Summary (CSV)", summary.to_csv(index=False), f"{file}-summary.csv", icon=DOWNLOAD, on_click="ignore"
    )

"""Which model registers this cohort best?"""

import pandas as pd
import streamlit as st

from elasreg_core.evaluation.comparison import INITIAL
from elasreg_core.evaluation.table_one import PAPER_NAME, PAPER_NOTE, PLATEAU_NOTE, SPREADS
from elasreg_core.evaluation.verdict import verdict
from elasreg_core.figures import PLOT_CONFIG, model_colour
from elasreg_core.figures.comparison import difference_intervals, regularity_panel, subject_lines
from elasreg_core.figures.distributions import distribution_figure
from elasreg_core.metrics import METRICS
from elasreg_core.workspace.paths import comparisons_folder
from elasreg_core.workspace.saved_comparisons import (
    SavedComparison,
    between_families,
    open_comparison,
    saved_comparisons,
)
from pages._shared.comparison_tables import offer_files, show_tests, show_text_table
from pages._shared.context import choose_cohort, readable_errors
from pages._shared.new_comparison import offer_comparison
from pages._shared.views import PANEL_WIDTH, colour_legend


def show_table(saved: SavedComparison) -> None:
    """Table 1, what it comes to, and the paper's own rows."""
    models = saved.table.means["mean_dice"].drop(INITIAL, errors="ignore")
    first, *rest = verdict(models, tests_of(saved, "mean_dice")).split(". ")
    st.markdown(f"**{first}{'.' * bool(rest)}** {'. '.join(rest)}")
    brackets = st.segmented_control(
        *("In brackets", SPREADS), default=SPREADS[0], required=True, key="brackets", bind="query-params"
    )
    show_text_table(saved.table.cells(lambda text: f"*{text}", brackets))
    caption = saved.about.caption.replace("(SD)", f"({brackets})")
    st.caption(f"{caption} Bold: the best of each column, the unregistered pair apart.")
    if len(saved.published):
        st.markdown(f"**{PAPER_NAME}**, Table 1")
        show_text_table(saved.published)
        st.caption(PAPER_NOTE)


def tests_of(saved: SavedComparison, score: str) -> pd.DataFrame:
    """The paired tests of one score; none where there is one model alone."""
    return saved.tests[saved.tests["metric"] == score] if len(saved.tests) else saved.tests


def show_differences(saved: SavedComparison, rows: pd.DataFrame, subject: str) -> None:
    """One score: paired differences, and every subject's line."""
    titles = saved.table.titles
    scores = sorted(titles, key=lambda name: name != "mean_dice")
    with st.container(horizontal=True):
        score = st.selectbox("Score", scores, format_func=titles.get, key="score", width=250, bind="query-params")
        reference = st.selectbox(
            *("Lines relative to", list(rows["model"].unique())),
            index=None,
            placeholder="nothing: the score itself",
            key="reference",
            width=250,
            bind="query-params",
        )
    tests = tests_of(saved, score)
    if len(tests) and tests["low"].notna().any():
        figure = difference_intervals(tests, titles[score])
        st.plotly_chart(figure, key="differences", config=PLOT_CONFIG, alt=f"Paired differences of {titles[score]}")
        show_tests(tests)
    figure = subject_lines(rows, score, titles[score], subject, reference)
    st.plotly_chart(figure, key="lines", config=PLOT_CONFIG, alt=f"{titles[score]} of every subject under every model")


def show_classes(saved: SavedComparison, rows: pd.DataFrame) -> None:
    """Dice or HD95 of every class."""
    metric = st.segmented_control(
        *("By", ["dice", "hd95_mm"]),
        default="dice",
        required=True,
        format_func=lambda name: METRICS[name].title,
        key="classes",
        bind="query-params",
    )
    st.plotly_chart(
        distribution_figure(rows, metric, METRICS[metric].label, saved.about.tissues),
        key="distributions",
        config=PLOT_CONFIG,
        alt=f"Distribution of {METRICS[metric].title} over the subjects, in every class under every model",
    )
    st.caption(METRICS[metric].definition)


def show_regularity(saved: SavedComparison, subject: str) -> None:
    """Alignment against regularity."""
    if saved.curves.empty:
        st.caption("No budget of regularity is kept to by every subject.")
        return
    colour_legend({str(model): model_colour(str(model)) for model in saved.curves["model"].unique()})
    one = saved.subject_curves[saved.subject_curves["subject"] == subject]
    with st.container(horizontal=True):
        for column, title in {"mean_dice": "mean", **{f"dice {name}": name for name in saved.about.tissues}}.items():
            st.plotly_chart(
                regularity_panel(saved.curves, column, title, one),
                width=PANEL_WIDTH,
                key=f"regularity-{title}",
                config=PLOT_CONFIG,
                alt=f"Dice of {title} against SDlogJ, a curve per model",
            )
    st.caption(
        "Each model at its best mean Dice among the parameters with which its own motion keeps to a budget of SDlogJ: "
        "where one curve lies above another, it aligns better at equal regularity. Dotted: the subject of the sidebar."
    )
    if len(saved.equal):
        show_tests(saved.equal)


st.title("Compare the models")
st.markdown("The paper's Table 1 on a cohort of yours: is one model better than another, and by more than chance?")
cohort = choose_cohort()
names = saved_comparisons(comparisons_folder())
if names:
    name = st.selectbox("Comparison", names, key="comparison", bind="query-params")
    with readable_errors(ends_page=False):  # whoever cannot see this one may still make another
        saved = open_comparison(comparisons_folder(), name)
        about = saved.about
        st.caption(f"{about.family} on {about.data}, {about.subjects} subjects; compared {about.written[:16]} UTC")
        for fault in about.faults:
            st.warning(fault, icon=":material/warning:")
        show_table(saved)
        st.subheader("How far apart are they?")
        with_initial = st.toggle("With the unregistered pair", key="initial", bind="query-params")
        rows = saved.rows if with_initial else saved.rows[saved.rows["model"] != INITIAL]
        show_differences(saved, rows, cohort.subject)
        st.subheader("Class by class")
        show_classes(saved, rows)
        st.subheader("Alignment at equal regularity")
        show_regularity(saved, cohort.subject)
        st.subheader("How sure are the choices?")
        show_text_table(saved.certain)
        st.caption(PLATEAU_NOTE)
        families = between_families(comparisons_folder(), name)
        if len(families):
            st.subheader("The same models in every family")
            st.dataframe(families, hide_index=True)
        offer_files(saved, name)
else:
    st.info("There is no comparison yet. The one below takes some minutes.", icon=":material/inbox:")
st.subheader("A new comparison")
offer_comparison(cohort)

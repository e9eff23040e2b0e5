"""What a reader handles: who reads what, the verdicts, from case to case, and the cohort at a glance."""

from __future__ import annotations

import random
from dataclasses import dataclass

import streamlit as st

from elasreg_core.errors import InputError
from elasreg_core.evaluation.review import LONGEST_NAME, LONGEST_NOTE, VERDICTS, Review, ReviewCase
from elasreg_core.evaluation.review_tables import UNREVIEWED, CohortReview, KnownCase
from elasreg_core.networks.checkpoint import Family
from pages._shared import loaders
from pages._shared.context import show_error
from pages._shared.deferred import in_this_session
from pages._shared.review_cohort import Cohort

_COLOURS = {"good": "green", "doubtful": "orange", "bad": "red"}
_ICONS = {"good": ":material/check_circle:", "doubtful": ":material/help:", "bad": ":material/cancel:"}
_SHORTCUTS = {"good": "G", "doubtful": "D", "bad": "B"}
_LARGEST_SEED = 999_999
_BLINDED_HELP = (
    "Hides model, parameters, scores and other readers' verdicts, and shuffles each subject's models: choose two or "
    "more, as a single one is known. The report names them."
)
_SEED_HELP = "Which model is A, which is B: the same seed hides them in the same way."
_FAULT = "review-fault"


@dataclass(frozen=True)
class Reading:
    """How a cohort is read.

    Attributes:
        reviewer: the reader's name; empty where nobody has said yet.
        models: to be judged.
        seed: of the disguise; None: nothing is hidden.
        goes_on: whether a verdict leads to the next case.
    """

    reviewer: str
    models: tuple[str, ...]
    seed: int | None
    goes_on: bool

    @property
    def blinded(self) -> bool:
        """Whether models, parameters and scores are hidden."""
        return self.seed is not None


def choose_reading(family: Family) -> Reading:
    """Who reads which models, and whether they are hidden."""
    models = list(family.members)
    preferred = "elas-sas" if "elas-sas" in models else models[-1]
    reviewer = st.text_input("Reviewer", max_chars=LONGEST_NAME, key="reviewer", bind="query-params")
    chosen = st.pills("Models", models, selection_mode="multi", default=preferred, key="models", bind="query-params")
    blinded = st.toggle("Blinded", key="blinded", help=_BLINDED_HELP, on_change=_draw_seed, bind="query-params")
    seed = st.number_input(
        *("Seed", 0, _LARGEST_SEED, 0),
        key="seed",
        help=_SEED_HELP,
        disabled=not blinded,
        bind="query-params",
    )
    goes_on = st.toggle("Go on after a verdict", value=True, key="goes-on", bind="query-params")
    return Reading(reviewer.strip(), tuple(m for m in models if m in chosen), int(seed) if blinded else None, goes_on)


def _draw_seed() -> None:
    """A new disguise for every blinded review; the link keeps it."""
    if st.session_state["blinded"]:
        st.session_state["seed"] = random.randint(1, _LARGEST_SEED)


def open_case(cohort: Cohort, subject: str, reading: Reading) -> int:
    """The case that the URL names among those of a subject."""
    here = [i for i, case in enumerate(cohort.cases) if case.subject == subject]
    title = st.query_params.get("registration")
    return next((i for i in here if cohort.cases[i].title(reading.blinded) == title), here[0])


def _go_to(case: ReviewCase, blinded: bool) -> None:
    st.session_state["subject"] = case.subject
    st.query_params["registration"] = case.title(blinded)


def show_verdict(case: ReviewCase, own: list[Review], blinded: bool) -> None:
    """Which case this is, the reader's verdict on it, and why the last one was not kept, if it was not."""
    title = f"{case.subject} · {'registration ' * blinded}{case.title(blinded)}"
    badge = f" :{_COLOURS[own[-1].verdict]}-badge[{_ICONS[own[-1].verdict]} {own[-1].verdict}]" if own else ""
    st.subheader(title + badge, anchor=False)
    if len(own) > 1:
        st.caption("Earlier: " + "; ".join(f"{review.verdict}, {review.given} UTC" for review in own[:-1]))
    if fault := st.session_state.pop(_FAULT, None):
        show_error(fault)


def verdict_bar(cohort: Cohort, position: int, known: KnownCase, own: list[Review], reading: Reading) -> None:
    """Note, verdicts, previous and next, all within reach of the keyboard."""
    case, cases = cohort.cases[position], cohort.cases
    following = cases[position + 1] if position + 1 < len(cases) else None
    note_key = f"note-{case.subject}-{known.registration[:16]}-{reading.reviewer}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Note, kept with the verdict",
            own[-1].note if own else "",
            max_chars=LONGEST_NOTE,
            key=note_key,
            persist_state="page",
        )
        for verdict in VERDICTS:
            st.button(
                verdict.capitalize(),
                key=f"judge-{verdict}",
                icon=_ICONS[verdict],
                shortcut=_SHORTCUTS[verdict],
                on_click=_judge,
                args=(cohort.dataset, known, verdict, note_key, reading, following),
                disabled=not reading.reviewer,
            )
        for label, letter, other in (
            ("Previous", "P", cases[position - 1] if position else None),
            ("Next", "N", following),
        ):
            st.button(
                label,
                icon=":material/chevron_left:" if label == "Previous" else ":material/chevron_right:",
                shortcut=letter,
                on_click=_go_to,
                args=(other, reading.blinded),
                disabled=other is None,
            )
    if reading.reviewer:
        st.caption(
            "Keys act while no field has the focus (Tab leaves it). A verdict may be changed; the last one counts."
        )
    else:
        st.caption("Enter your name in the sidebar to give verdicts.")


def _judge(
    dataset: str, known: KnownCase, verdict: str, note_key: str, reading: Reading, following: ReviewCase | None
) -> None:
    """Keeps a verdict with the note as it stands in its field by now, and goes on."""
    note = str(st.session_state.get(note_key, "")).strip()
    whose = reading.reviewer, dataset, known.case.subject, known.registration
    try:
        review = Review(*whose, verdict, note, known.checkpoint, known.parameters, reading.blinded)
        loaders.reviews().add(review)
    except InputError as fault:
        st.session_state[_FAULT] = fault
        return
    st.toast(f"{review.subject}: {review.verdict}", icon=_ICONS[review.verdict])
    if following is not None and reading.goes_on:
        _go_to(following, review.blinded)


def show_cohort(cohort: Cohort, review: CohortReview, position: int, reading: Reading) -> None:
    """Every case with its verdict; a click opens one. The verdicts and the report to download."""
    table = review.progress(reading.reviewer, reading.blinded)
    table.insert(0, "here", ["▶" if i == position else "" for i in range(len(table))])
    wanted = st.segmented_control(
        "Show", ["all", UNREVIEWED, *VERDICTS], default="all", required=True, key="show", bind="query-params"
    )
    shown = table if wanted == "all" else table[table["verdict"] == wanted]
    key = f"cohort-{position}-{wanted}"

    def open_row() -> None:
        for row in st.session_state[key].selection.rows:
            _go_to(cohort.cases[shown.index[row]], reading.blinded)

    if shown.empty:
        st.caption(f"No registration is {wanted}.")
    else:
        st.dataframe(shown, hide_index=True, key=key, on_select=open_row, selection_mode="single-row")
    with st.container(horizontal=True):
        verdicts = review.verdicts(reading.reviewer if reading.blinded else None, reading.blinded)
        st.download_button(
            "Download the verdicts (CSV)",
            verdicts.to_csv(index=False),
            f"{cohort.dataset}-review.csv",
            icon=":material/download:",
        )
        n_judged = sum(bool(review.history(known)) for known in review.cases)
        st.download_button(
            "Download the report (HTML)",
            in_this_session(lambda: cohort.report(review)),
            f"{cohort.dataset}-review.html",
            mime="text/html",
            icon=":material/summarize:",
            disabled=not n_judged,
            help="Every judged registration with picture, scores, verdicts and notes, about a second each. "
            + "It names the models: take it when you are done. " * reading.blinded,
        )

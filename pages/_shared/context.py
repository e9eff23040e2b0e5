"""What every page is about: a data set, a subject, a checkpoint family. Chosen in the sidebar, kept in the URL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from elasreg_core.data.datasets import Dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError, unwritable
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Family
from elasreg_core.physics.parameters import ELASTIC, Regularizer
from elasreg_core.workspace.paths import data_folder, family_names, find_family, home, is_shipped
from pages._shared import loaders, own_data


@dataclass(frozen=True)
class Context:
    """The choice, loaded: a subject's pair, of a data set, for a family of checkpoints; `dataset` is the set's name."""

    family: Family
    pair: RegistrationPair
    data: Dataset
    dataset: str


@dataclass(frozen=True)
class Cohort:
    """The choice, no image loaded.

    Attributes:
        name: of the data set.
        data: its subjects.
        subject: the one at hand.
        family: of checkpoints.
        fitting: names of all families that know the data's tissues.
    """

    name: str
    data: Dataset
    subject: str
    family: Family
    fitting: tuple[str, ...]


@contextlib.contextmanager
def readable_errors(ends_page: bool = True) -> Iterator[None]:
    """Shows bad input, and a disk that is full, as the sentence it is, and ends the page; nothing computed is lost."""
    try:
        yield
    except (InputError, OSError) as error:
        show_error(error if isinstance(error, InputError) else unwritable(error.filename or home(), error))
        if ends_page:
            st.stop()


def show_error(error: InputError) -> None:
    """Bad input as the sentence it is."""
    st.error(_as_markdown(error), icon=":material/error:")


def choose_cohort() -> Cohort:
    """The pickers in the sidebar. Ends the page with a message where there is nothing to choose."""
    loaders.prepare_demo()
    families, found = family_names(), own_data.datasets()
    if not families:
        empty("There is no checkpoint yet.", "make checkpoints")
    if not found:
        empty("There is no data set yet.", f"elasreg phantom cardiac --subjects 8 --out {data_folder() / 'hearts'}")
    asked = st.query_params.get("data")
    if asked is not None and asked not in found:
        st.warning(
            f"The data set {asked}, which this link names, is not here: another one is shown. Uploaded pairs go with "
            "their session.",
            icon=":material/link_off:",
        )
    with st.sidebar, readable_errors():
        name = st.selectbox("Data set", list(found), key="data", bind="query-params")
        root, layout = found[name]
        data = loaders.dataset(str(root), layout)
        subject = st.selectbox("Subject", data.subjects, key="subject", bind="query-params")
        fitting = tuple(family for family in families if data.tissues in (None, tissues_of(family)))
        fitting = tuple(sorted(fitting, key=lambda family: not is_shipped(family)))  # rough trainings of one's own last
        if not fitting:
            tissues = ", ".join(data.tissues.names) if data.tissues else "these"
            empty(f"No checkpoint knows the tissues of {name}: {tissues}.", "elasreg train CONFIG.toml --out DIR")
        family = find_family(st.selectbox("Checkpoint", fitting, key="checkpoint", bind="query-params"))
    return Cohort(name, data, subject, family, fitting)


def choose() -> Context:
    """As `choose_cohort`, and the subject's pair is loaded."""
    cohort = choose_cohort()
    with readable_errors():
        member = next(iter(cohort.family.members.values()))
        pair = loaders.pair(str(cohort.data.root), cohort.data.layout, cohort.subject, member)
    return Context(cohort.family, pair, cohort.data, cohort.name)


def choose_regularizer(family: Family) -> Regularizer:
    """The regularizer whose networks a page uses; asked for where the family has both."""
    found = {m.regularizer.name: m.regularizer for name, m in MODELS.items() if name in family.members}
    names = sorted(found, key=lambda name: name != ELASTIC.name)  # the paper's own first
    if len(names) == 1:
        return found[names[0]]
    name = st.segmented_control(
        "Regularizer", names, default=names[0], required=True, key="regularizer", bind="query-params"
    )
    return found[name]


def tissues_of(family: str) -> TissueTable | None:
    """The tissues that a family's checkpoints know; None if it cannot be read."""
    try:
        return next(iter(find_family(family).members.values())).tissues
    except InputError:
        return None


def show_notes(pair: RegistrationPair) -> None:
    """What the loader had to decide, and the grid that the networks see."""
    size = " × ".join(map(str, pair.grid_shape))
    group = f" · group {pair.group}" if pair.group else ""
    st.caption(f"{pair.id}{group} · {size} voxels of {pair.spacing_mm[0]:g} mm · moving is warped onto fixed")
    if pair.notes:
        with st.expander(f"Remarks from reading the files ({len(pair.notes)})", icon=":material/info:"):
            for note in pair.notes:
                st.caption(note)


def empty(message: str, command: str) -> None:
    """An empty state: what is missing, and the command that fills it. Ends the page."""
    st.info(f"{message} This fills it:", icon=":material/inbox:")
    st.code(command, language="bash")
    st.stop()


def _as_markdown(error: InputError) -> str:
    lines = [f"**{error.what}**"]
    for label, text in (("Expected", error.expected), ("Received", error.received), ("Cure", error.cure)):
        if text is not None:
            lines.append(f"{label}: `{text}`" if label != "Cure" else f"{label}: {text}.")
    return "  \n".join(lines)

"""A cohort under review: its registrations, what was said of them, how each looks. Cached as in `loaders`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import streamlit as st

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.evaluation.review import ReviewCase, parameters_in_words, registration_key, review_cases
from elasreg_core.evaluation.review_tables import CohortReview, KnownCase
from elasreg_core.figures import Panel, View
from elasreg_core.figures.review import CHECKERBOARD, LOOKS
from elasreg_core.networks.checkpoint import Checkpoint, Family
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.known_parameters import KnownParameters, known_parameters
from elasreg_core.workspace.store import Store, source_of
from pages._shared import loaders
from pages._shared.context import Context
from pages._shared.loaders import CACHE_KEYS

_LONG_S = 0.5


@dataclass(frozen=True)
class Cohort:
    """The data set and the checkpoints that a review is about."""

    family: Family
    dataset: str
    root: str
    layout: str
    cases: tuple[ReviewCase, ...]

    @classmethod
    def of(cls, context: Context, models: Sequence[str], seed: int | None) -> Cohort:
        """The whole data set of which the context has one subject; with a seed in disguise."""
        data = context.data
        return cls(
            context.family, context.dataset, str(data.root), data.layout, review_cases(data.subjects, models, seed)
        )

    def known(self, case: ReviewCase) -> KnownCase:
        """Which registration a case is, by reading its subject once; a subject that cannot be read says why."""
        try:
            checkpoint, digest, found = (
                self.family.member(case.model),
                self._digest(case.subject),
                self.parameters(case),
            )
        except InputError as fault:
            return KnownCase(case, fault=str(fault))
        key = registration_key(checkpoint, digest, found.parameters)
        words = parameters_in_words(found.parameters, checkpoint.card.tissues)
        return KnownCase(case, key, checkpoint.name, words)

    def parameters(self, case: ReviewCase) -> KnownParameters:
        """What a case is registered with; looked up again when its search has grown."""
        digest = self._digest(case.subject)
        searched = self.family.members.get(self.family.member(case.model).model.global_name)
        n_scores = 0 if searched is None else self._n_scores.get(source_of(searched, digest), 0)
        weights = tuple(checkpoint.card.weights_sha256 for checkpoint in self.family.members.values())
        return _parameters(str(loaders.database()), case.model, case.subject, digest, weights, n_scores, self.family)

    def registered(self, case: ReviewCase) -> tuple[RegistrationPair, Registration]:
        """A case's pair and its registration."""
        pair = loaders.pair(self.root, self.layout, case.subject, self._member)
        return pair, loaders.register(self.family.member(case.model), pair, self.parameters(case).parameters)

    def read(self, on_case: Callable[[int, int], None]) -> CohortReview:
        """All cases with all verdicts; where that takes long, `on_case` hears how many of how many are read."""
        known, started = [], time.monotonic()
        for case in self.cases:
            known.append(self.known(case))
            if time.monotonic() - started > _LONG_S:
                on_case(len(known), len(self.cases))
        return self.said_of(known)

    def said_of(self, known: Sequence[KnownCase]) -> CohortReview:
        """Some cases with all verdicts."""
        return CohortReview(self.dataset, tuple(known), loaders.reviews().of(self.dataset))

    def report(self, cohort: CohortReview) -> str:
        """The report of all judged cases, models named."""
        from elasreg_core.figures.review_report import ReportedCase, review_report  # Matplotlib, which pages do without

        faults: list[str] = []

        def judged() -> Iterator[ReportedCase]:
            for known in cohort.cases:
                if not cohort.history(known):
                    continue
                try:
                    pair, registration = self.registered(known.case)
                    origin = self.parameters(known.case).origin
                except InputError:  # its sentence may name a file
                    faults.append(f"{known.case.subject} can no longer be registered with {known.case.model}.")
                    continue
                scores = loaders.scores(pair), loaders.scores(pair, registration)
                yield ReportedCase(known, origin, pair, registration, *scores)

        models = dict.fromkeys(case.model for case in self.cases)
        return review_report(cohort, judged(), [self.family.member(model) for model in models], faults)

    @property
    def _member(self) -> Checkpoint:
        """Any of them: all preprocess alike."""
        return next(iter(self.family.members.values()))

    def _digest(self, subject: str) -> str:
        if subject not in self._digests:
            self._digests[subject] = loaders.pair_digest(self.root, self.layout, subject, self._member)
        return self._digests[subject]

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {}

    @cached_property
    def _n_scores(self) -> dict[str, int]:
        return _stored(str(loaders.database()))


@st.cache_data(max_entries=8, show_spinner=False, ttl=5)
def _stored(path: str) -> dict[str, int]:
    return Store(Path(path)).sizes()


@st.cache_data(max_entries=4096, show_spinner=False)
def _parameters(
    path: str,
    model: str,
    subject: str,
    digest: str,
    weights: tuple[str, ...],  # noqa: ARG001 (part of the cache's key)
    n_scores: int,  # noqa: ARG001
    _family: Family,
) -> KnownParameters:
    return known_parameters(Store(Path(path)), _family, model, subject, digest)


def look_panels(
    names: list[str], pair: RegistrationPair, registration: Registration, view: View, square_mm: float
) -> list[Panel]:
    """The panels of some of `figures.review.LOOKS` in one plane."""
    return [
        panel
        for name in names
        for panel in _panels(name, pair, registration, view, square_mm if name == CHECKERBOARD else 0.0)
    ]


@st.cache_resource(max_entries=24, show_spinner=False, hash_funcs=CACHE_KEYS, scope="session")
def _panels(name: str, pair: RegistrationPair, registration: Registration, view: View, square_mm: float) -> list[Panel]:
    return LOOKS[name].panels(pair, registration, view, square_mm)

"""A cohort's review as one HTML file that needs nothing else: every judged case's picture, scores and verdicts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.review import Review
from elasreg_core.evaluation.review_tables import CohortReview, KnownCase
from elasreg_core.evaluation.scores import Scores
from elasreg_core.figures.html import page
from elasreg_core.figures.summary import COLUMNS, summary_webp
from elasreg_core.metrics import METRICS, shown
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.registration.registered import Registration

_WHOLE = ("tre_mm", "neg_jacobian_percent", "sd_log_jacobian")


@dataclass(frozen=True)
class ReportedCase:
    """A judged case, registered again for its picture.

    Attributes:
        known: which.
        origin: where its parameters are from, in words.
        pair, registration: what was judged.
        initial, registered: scores before and after.
    """

    known: KnownCase
    origin: str
    pair: RegistrationPair
    registration: Registration
    initial: Scores
    registered: Scores


def review_report(
    cohort: CohortReview,
    cases: Iterable[ReportedCase],
    checkpoints: Sequence[Checkpoint],
    faults: Sequence[str] = (),
) -> str:
    """The report's HTML, models named; no path of any file is in it.

    Args:
        cohort: all cases, with all verdicts.
        cases: those to show, one at a time, so that no more than one needs to be in memory.
        checkpoints: that made them.
        faults: why a case is missing, one sentence each; read after the cases, which may add to it.
    """
    shown_cases = [_case(cohort, case) for case in cases]
    judged = [known for known in cohort.cases if cohort.history(known)]
    others = [known for known in cohort.cases if not cohort.history(known)]
    reviewers = {review.reviewer for known in judged for review in cohort.history(known)}
    return page(
        "review.html",
        title=f"{cohort.dataset}: review of {checkpoints[0].folder.resolve().parent.name}",
        caption=f"{len(judged)} of {len(cohort.cases)} registrations were judged by eye; "
        f"reviewers: {', '.join(sorted(reviewers)) or 'none'}. A reviewer's last verdict on a registration counts.",
        counts=cohort.counts().to_dict("records"),
        unreviewed=[_title(known) for known in others],
        faults=faults,
        cases=shown_cases,
        metrics=[METRICS[name] for name in ("dice", "hd95_mm", *_WHOLE)],
        checkpoints=[(checkpoint.name, checkpoint.card.weights_sha256) for checkpoint in checkpoints],
    )


def _title(known: KnownCase) -> str:
    return f"{known.case.subject}, {known.case.model}"


def _case(cohort: CohortReview, case: ReportedCase) -> dict[str, Any]:
    standing = cohort.standing(case.known)
    picture = summary_webp(case.pair, case.registration, case.initial, case.registered)
    return {
        "title": _title(case.known),
        "reviews": list(standing.values()),
        "earlier": _earlier(cohort.history(case.known), list(standing.values())),
        "parameters": case.known.parameters,
        "origin": case.origin,
        "scores": list(_scores(case.initial, case.registered)),
        "picture": f"data:image/webp;base64,{base64.b64encode(picture).decode()}",
        "alt": f"{_title(case.known)}, in every plane: {'; '.join(COLUMNS)}",
    }


def _earlier(history: Sequence[Review], standing: Sequence[Review]) -> list[Review]:
    return [review for review in history if not any(review is last for last in standing)]


def _scores(initial: Scores, registered: Scores) -> Iterator[tuple[str, str, str]]:
    yield "Mean Dice", shown(initial.mean_dice), shown(registered.mean_dice)
    for title, of, digits in (("Dice", "dice", 3), ("HD95 (mm)", "hd95_mm", 2)):
        for tissue, before in getattr(initial, of).items():
            yield f"{title}, {tissue}", shown(before, digits), shown(getattr(registered, of)[tissue], digits)
    for name in _WHOLE:
        yield METRICS[name].label, shown(getattr(initial, name)), shown(getattr(registered, name))

"""What readers said, as tables: a cohort's progress, every verdict that counts, and how many of each per model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from elasreg_core.evaluation.review import VERDICTS, Review, ReviewCase

UNREVIEWED = "unreviewed"
_CSV = (
    "dataset",
    "subject",
    "model",
    "checkpoint",
    "parameters",
    "reviewer",
    "verdict",
    "note",
    "given_utc",
    "blinded",
)


@dataclass(frozen=True)
class KnownCase:
    """A case of which it is known which registration it is.

    Attributes:
        case: subject and model.
        registration: its key; empty where the subject cannot be read.
        checkpoint: name of the checkpoint.
        parameters: in words.
        fault: why the subject cannot be read, or empty.
    """

    case: ReviewCase
    registration: str = ""
    checkpoint: str = ""
    parameters: str = ""
    fault: str = ""


@dataclass(frozen=True)
class CohortReview:
    """All cases of a cohort with all verdicts on its data set.

    Attributes:
        dataset: its name.
        cases: in reading order.
        reviews: oldest first; those on other registrations of the same subjects may be among them.
    """

    dataset: str
    cases: tuple[KnownCase, ...]
    reviews: tuple[Review, ...]

    def history(self, case: KnownCase, reviewer: str | None = None) -> list[Review]:
        """The verdicts on a case, oldest first: a reader's own, or everybody's."""
        return [
            review
            for review in self.reviews
            if (review.subject, review.registration) == (case.case.subject, case.registration)
            and reviewer in (None, review.reviewer)
        ]

    def standing(self, case: KnownCase) -> dict[str, Review]:
        """Each reader's last verdict on a case, by name, in the order in which readers first spoke."""
        return {review.reviewer: review for review in self.history(case)}

    def n_reviewed(self, reviewer: str) -> int:
        """How many cases a reader has judged."""
        return sum(reviewer in self.standing(case) for case in self.cases)

    def progress(self, reviewer: str, blinded: bool) -> pd.DataFrame:
        """One row per case: `subject, registration`, the reader's `verdict, note, given (UTC)`, and what `others` said.

        While blinded, neither models nor others' verdicts are in it.
        """
        rows = []
        for case in self.cases:
            standing = self.standing(case)
            own = standing.pop(reviewer, None)
            row = {"subject": case.case.subject, "registration": case.case.title(blinded)}
            row |= {"verdict": own.verdict if own else UNREVIEWED, "note": own.note if own else case.fault}
            row["given (UTC)"] = own.given if own else ""
            if not blinded:
                row["others"] = ", ".join(f"{other.reviewer}: {other.verdict}" for other in standing.values())
            rows.append(row)
        return pd.DataFrame(rows)

    def verdicts(self, reviewer: str | None = None, blinded: bool = False) -> pd.DataFrame:
        """One row per case and reader, and one without a verdict for each case that nobody has judged.

        Args:
            reviewer: only this one's; none: everybody's.
            blinded: letters instead of models, checkpoints and parameters.
        """
        rows = []
        for case in self.cases:
            given = [review for review in self.standing(case).values() if reviewer in (None, review.reviewer)]
            for review in given or [None]:  # type: ignore[list-item]
                rows.append(
                    {
                        "dataset": self.dataset,
                        "subject": case.case.subject,
                        "model": case.case.title(blinded),
                        "checkpoint": case.checkpoint,
                        "parameters": case.parameters,
                        "reviewer": review.reviewer if review else reviewer,
                        "verdict": review.verdict if review else None,
                        "note": review.note if review else None,
                        "given_utc": review.given if review else None,
                        "blinded": review.blinded if review else None,
                    }
                )
        table = pd.DataFrame(rows, columns=list(_CSV))
        if blinded:
            table = table.drop(columns=["checkpoint", "parameters"]).rename(columns={"model": "registration"})
        return table

    def counts(self) -> pd.DataFrame:
        """How often each reader gave each verdict to each model: `model, reviewer, cases, good, doubtful, bad`."""
        given = self.verdicts().dropna(subset=["verdict"])
        rows = [
            {"model": model, "reviewer": reviewer, "cases": len(of), **_tally(of["verdict"])}
            for (model, reviewer), of in given.groupby(["model", "reviewer"], sort=False)
        ]
        return pd.DataFrame(rows, columns=["model", "reviewer", "cases", *VERDICTS])


def _tally(verdicts: Iterable[str]) -> Mapping[str, int]:
    said: Sequence[str] = list(verdicts)
    return {verdict: said.count(verdict) for verdict in VERDICTS}

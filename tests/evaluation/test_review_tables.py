"""What readers said, as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elasreg_core.evaluation.review import Review, review_cases
from elasreg_core.evaluation.review_tables import CohortReview, KnownCase

CASES = review_cases(["s1", "s2"], ["elas-g", "elas-sas"], seed=3)


def known(i: int) -> KnownCase:
    return KnownCase(CASES[i], f"key{i}", f"hearts/{CASES[i].model}", "λ = 0.1, μ = 0.1")


def said(reviewer: str, i: int, verdict: str, minute: int, **more) -> Review:
    given = f"2026-01-01 00:{minute:02}:00"
    return Review(reviewer, "hearts", CASES[i].subject, f"key{i}", verdict, given=given, **more)


@pytest.fixture
def cohort() -> CohortReview:
    reviews = (
        said("Ada", 0, "bad", 1, note="folds"),
        said("Bob", 0, "doubtful", 2),
        said("Ada", 0, "good", 3, note="does not fold", blinded=True),
        said("Bob", 1, "bad", 4),
        replace(said("Ada", 2, "good", 5), registration="of other parameters"),
        replace(said("Ada", 2, "good", 6), subject="s1"),  # the key of another subject
    )
    return CohortReview("hearts", tuple(map(known, range(4))), reviews)


def test_the_last_verdict_of_each_reader_counts_and_earlier_ones_are_known(cohort):
    case = cohort.cases[0]
    assert [review.verdict for review in cohort.history(case)] == ["bad", "doubtful", "good"]
    assert [review.verdict for review in cohort.history(case, "Ada")] == ["bad", "good"]
    assert {name: review.verdict for name, review in cohort.standing(case).items()} == {
        "Ada": "good",
        "Bob": "doubtful",
    }


def test_a_case_is_reviewed_only_by_a_verdict_on_that_very_registration(cohort):
    assert cohort.n_reviewed("Ada") == 1
    assert cohort.n_reviewed("Bob") == 2
    assert cohort.n_reviewed("Cy") == 0


def test_progress_tells_the_readers_own_verdicts_and_what_others_said(cohort):
    table = cohort.progress("Ada", blinded=False)
    assert list(table["registration"]) == [case.model for case in CASES]
    assert list(table["verdict"]) == ["good", "unreviewed", "unreviewed", "unreviewed"]
    assert list(table["note"]) == ["does not fold", "", "", ""]
    assert list(table["given (UTC)"]) == ["2026-01-01 00:03:00", "", "", ""]
    assert list(table["others"]) == ["Bob: doubtful", "Bob: bad", "", ""]


def test_blinded_progress_tells_neither_models_nor_others(cohort):
    table = cohort.progress("Ada", blinded=True)
    assert list(table["registration"]) == ["A", "B", "A", "B"]
    assert "others" not in table
    assert not {"elas-g", "elas-sas", "Bob"} & set(table.to_csv().replace(",", " ").split())


def test_a_subject_that_cannot_be_read_says_why(cohort):
    broken = KnownCase(CASES[3], fault="The file is damaged.")
    table = CohortReview("hearts", (*cohort.cases[:3], broken), cohort.reviews).progress("Ada", blinded=False)
    assert table.loc[3, "note"] == "The file is damaged."


def test_all_verdicts_that_count(cohort):
    table = cohort.verdicts()
    assert list(zip(table["subject"], table["reviewer"], table["verdict"], strict=True))[:3] == [
        ("s1", "Ada", "good"),
        ("s1", "Bob", "doubtful"),
        ("s1", "Bob", "bad"),
    ]
    assert list(table["model"]) == [CASES[i].model for i in (0, 0, 1, 2, 3)]
    assert table["verdict"].isna().tolist() == [False] * 3 + [True] * 2
    assert table["blinded"].tolist()[:2] == [True, False]
    assert set(table["checkpoint"]) == {"hearts/elas-g", "hearts/elas-sas"}


def test_blinded_verdicts_are_the_readers_own_and_name_no_model(cohort):
    csv = cohort.verdicts("Ada", blinded=True).to_csv()
    assert "elas-" not in csv
    assert "λ" not in csv
    assert "Bob" not in csv
    assert csv.splitlines()[0] == ",dataset,subject,registration,reviewer,verdict,note,given_utc,blinded"
    assert csv.splitlines()[1].startswith("0,hearts,s1,A,Ada,good,does not fold")


def test_counts_by_model_and_reader(cohort):
    rows = cohort.counts().to_dict("records")
    assert rows == [
        {"model": CASES[0].model, "reviewer": "Ada", "cases": 1, "good": 1, "doubtful": 0, "bad": 0},
        {"model": CASES[0].model, "reviewer": "Bob", "cases": 1, "good": 0, "doubtful": 1, "bad": 0},
        {"model": CASES[1].model, "reviewer": "Bob", "cases": 1, "good": 0, "doubtful": 0, "bad": 1},
    ]
    assert CohortReview("hearts", cohort.cases, ()).counts().empty

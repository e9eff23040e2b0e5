"""The report of a review: complete, self-contained, nothing of where the files lay."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from elasreg_core.data.grid import Grid
from elasreg_core.data.pair import Origin
from elasreg_core.evaluation.review import Review, review_cases
from elasreg_core.evaluation.review_tables import CohortReview, KnownCase
from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.figures.review_report import ReportedCase, review_report
from elasreg_core.networks.checkpoint import load_family
from tests.builders import make_family, make_pair, make_registration, shift

NAME = """O'Brien <script>alert("x")</script>"""
SECRET = Path("/secret/Jane Doe/fixed.nii.gz")


def said(reviewer: str, verdict: str, note: str = "", **more) -> Review:
    return Review(reviewer, "hearts", "subject", "key", verdict, note, given="2026-01-01 00:01:00", **more)


def report(tmp_path, reviews, faults=()) -> str:
    family = load_family(make_family(tmp_path / "fam"))
    origin = Origin(SECRET, Grid((12, 9, 1), np.eye(4)), (0.0, 1.0))
    pair = make_pair(fixed_origin=origin, moving_origin=origin, notes=(f"Read {SECRET}.",))
    registration = make_registration(pair, shift(pair, 2, 0))
    scores = score_displacement(pair), score_displacement(pair, registration.displacement)
    cases = review_cases(["subject", "other"], ["elas-g"])
    known = tuple(KnownCase(case, key, "fam/elas-g", "λ = 0.1") for case, key in zip(cases, ("key", "k2"), strict=True))
    reported = ReportedCase(known[0], "a default, as nobody searched", pair, registration, *scores)
    cohort = CohortReview("hearts", known, tuple(reviews))
    return review_report(cohort, iter([reported]), [family.member("elas-g")], faults)


@pytest.fixture
def html(tmp_path) -> str:
    changed = [said("Ada", "bad", "folds"), said("Ada", "good", "no, it does not", blinded=True)]
    return report(tmp_path, [*changed, said(NAME, "doubtful", "<b>bold</b> & 'quoted'")])


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<.*?>", " ", re.sub("<style.*?</style>", "", html, flags=re.S)))


def test_it_needs_nothing_else(html):
    assert "http" not in html
    assert "<script" not in html
    assert re.findall(r'src="([^;]*);', html) == ["data:image/webp"]
    assert len(html) < 400_000


def test_it_tells_verdicts_notes_scores_and_parameters(html):
    told = text(html)
    assert "1 of 2 registrations were judged by eye" in told
    assert "Ada good no, it does not 2026-01-01 00:01:00 yes" in told
    assert "Changed; earlier: Ada, 2026-01-01 00:01:00: bad (folds)." in told
    assert "Parameters: λ = 0.1; a default, as nobody searched." in told
    assert "before 0.500 0.500 0.500 3.00 3.00 – 0.000 0.000" in told  # as test_registration_report derives
    assert "after 1.000 1.000 1.000 0.00 0.00 – 0.000 0.000" in told
    assert "Not reviewed by anybody: other, elas-g." in told
    assert "fam/elas-g" in told


def test_names_and_notes_are_text_whatever_stands_in_them(html):
    assert "O&#39;Brien &lt;script&gt;" in html
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; &#39;quoted&#39;" in html


def test_no_path_of_a_file_is_in_it(html):
    assert "secret" not in html
    assert "Jane" not in html


def test_what_is_missing_is_said(tmp_path):
    html = report(tmp_path, [said("Ada", "good")], ["s9 can no longer be registered with elas-g."])
    assert '<p class="fault">s9 can no longer be registered with elas-g.</p>' in html
    assert "Changed" not in html


def test_pictures_say_what_they_show(html):
    assert 'alt="subject, elas-g, in every plane: Fixed; Moving; Moving, warped;' in html

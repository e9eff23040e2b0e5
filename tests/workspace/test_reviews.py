"""Verdicts in the store."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from elasreg_core.evaluation.review import Review
from elasreg_core.workspace.reviews import Reviews
from elasreg_core.workspace.store import Store
from tests.builders import node_scores

SAID = Review("Ada", "hearts", "s1", "key", "good", "fine", "hearts/elas-sas", "λ = 0.1, μ = 0.1", blinded=True)


@pytest.fixture
def reviews(tmp_path) -> Reviews:
    return Reviews(tmp_path / "elasreg.sqlite")


def test_verdicts_come_back_as_they_went_in_with_their_time(reviews):
    before = dt.datetime.now(dt.UTC).replace(microsecond=0, tzinfo=None)
    reviews.add(SAID)
    (found,) = reviews.of("hearts")
    assert replace(found, given="") == SAID
    given = dt.datetime.strptime(found.given, "%Y-%m-%d %H:%M:%S")
    assert before <= given <= before + dt.timedelta(minutes=1)


def test_a_changed_verdict_stands_behind_the_earlier_one(reviews, tmp_path):
    for verdict in ("good", "bad", "doubtful"):
        reviews.add(replace(SAID, verdict=verdict))
    assert [review.verdict for review in Reviews(tmp_path / "elasreg.sqlite").of("hearts")] == [
        "good",
        "bad",
        "doubtful",
    ]


@pytest.mark.parametrize(
    "name", ["O'Brien", 'Ada "the" <b>Bold</b>', "'); DROP TABLE reviews; --", "Łucja\N{NO-BREAK SPACE}Ω"]
)
def test_a_name_is_only_a_name(reviews, name):
    reviews.add(replace(SAID, reviewer=name, note=name))
    (found,) = reviews.of("hearts")
    assert (found.reviewer, found.note) == (name, name)


def test_data_sets_do_not_mix(reviews):
    reviews.add(SAID)
    assert reviews.of("chests") == ()


def test_searches_and_reviews_share_the_file(reviews, tmp_path):
    store = Store(tmp_path / "elasreg.sqlite")
    store.add("k", node_scores((0.1, 0.7), (0.5,)))
    reviews.add(SAID)
    assert len(store.nodes("k")) == len(reviews.of("hearts")) == 1

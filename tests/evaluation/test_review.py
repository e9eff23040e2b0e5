"""Cases, their disguise, and what a verdict belongs to."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.errors import InputError
from elasreg_core.evaluation.review import Review, parameters_in_words, registration_key, review_cases
from elasreg_core.physics.parameters import ParameterField
from tests.builders import make_checkpoint

MODELS = ["diff-g", "diff-sas", "elas-g", "elas-sas"]
SUBJECTS = [f"s{i:02}" for i in range(40)]


def test_without_a_seed_models_keep_their_order():
    cases = review_cases(["s2", "s1"], ["elas-g", "elas-sas"])
    assert [(case.subject, case.letter, case.model) for case in cases] == [
        ("s2", "A", "elas-g"),
        ("s2", "B", "elas-sas"),
        ("s1", "A", "elas-g"),
        ("s1", "B", "elas-sas"),
    ]
    assert [case.title(blinded) for case in cases[:1] for blinded in (False, True)] == ["elas-g", "A"]


def test_a_seed_shuffles_the_models_of_every_subject_alike_each_time():
    cases = review_cases(SUBJECTS, MODELS, seed=5)
    assert cases == review_cases(SUBJECTS, MODELS, seed=5)
    assert cases != review_cases(SUBJECTS, MODELS, seed=6)
    assert [case.subject for case in cases] == [subject for subject in SUBJECTS for _ in MODELS]
    assert [case.letter for case in cases] == ["A", "B", "C", "D"] * len(SUBJECTS)
    for subject in SUBJECTS:
        assert sorted(case.model for case in cases if case.subject == subject) == MODELS
    first = [case.model for case in cases if case.letter == "A"]  # each with probability 1/4: 10 of 40 expected
    assert all(3 <= first.count(model) <= 20 for model in MODELS)


def test_a_subject_keeps_its_letters_when_others_come_and_go():
    everyone = review_cases(SUBJECTS, MODELS, seed=5)
    assert review_cases(SUBJECTS[7:8], MODELS, seed=5) == everyone[28:32]


def test_a_verdict_belongs_to_weights_images_and_parameters(tmp_path):
    checkpoint = make_checkpoint(tmp_path / "fam" / "elas-g")
    other = make_checkpoint(tmp_path / "other" / "elas-g", {"w": np.zeros(2, np.float32)})
    renamed = make_checkpoint(tmp_path / "renamed" / "elas-g")
    soft, stiff = (ParameterField.uniform((0.1, mu), 3) for mu in (0.1, 0.2))
    key = registration_key(checkpoint, "pair", soft)
    assert registration_key(renamed, "pair", soft) == key
    others = (checkpoint, "other", soft), (checkpoint, "pair", stiff), (other, "pair", soft)
    assert len({key, *(registration_key(*of) for of in others)}) == 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "great"}, r"no such verdict.*good or doubtful or bad.*great"),
        ({"reviewer": "  "}, "A verdict needs a reviewer"),
        ({"reviewer": "x" * 81}, "The name is too long.*at most 80"),
        ({"note": "x" * 2001}, "The note is too long.*at most 2000"),
    ],
)
def test_what_is_no_verdict(changes, words):
    fine = {"reviewer": "Ada", "dataset": "d", "subject": "s", "registration": "k", "verdict": "good"}
    with pytest.raises(InputError, match=words):
        Review(**(fine | changes))


def test_parameters_in_words():
    assert parameters_in_words(ParameterField(((0.0, 0.0), (0.1, 0.2), (0.1, 0.2))), ("a", "b")) == "λ = 0.1, μ = 0.2"
    words = parameters_in_words(ParameterField(((0.0, 0.0), (0.1, 0.2), (0.3, 0.4))), ("a", "b"))
    assert words == "a: λ = 0.1, μ = 0.2; b: λ = 0.3, μ = 0.4"

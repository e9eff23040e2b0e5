"""Reading registrations by eye: which cases a reader sees, in which disguise, and what he or she says of them.

A *case* is one subject registered by one model. While the review is blinded, the models of a subject are called A, B, …
in an order that follows from a seed and the subject's name alone: the same link shows the same letters again, whoever
joins or leaves the cohort.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.parameters import ParameterField

VERDICTS = ("good", "doubtful", "bad")
LONGEST_NAME, LONGEST_NOTE = 80, 2000
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Review:
    """One verdict of one reader; a later one on the same registration takes its place.

    Attributes:
        reviewer: the reader's name, as given.
        dataset, subject: whose registration.
        registration: which, by `registration_key`.
        verdict: one of `VERDICTS`.
        note: in the reader's own words, or empty.
        checkpoint: name of the checkpoint that made it.
        parameters: by tissue, for reading (`parameters_in_words`).
        blinded: whether the reader did not see which model it was.
        given: when, UTC, "YYYY-MM-DD HH:MM:SS"; empty until it is kept.
    """

    reviewer: str
    dataset: str
    subject: str
    registration: str
    verdict: str
    note: str = ""
    checkpoint: str = ""
    parameters: str = ""
    blinded: bool = False
    given: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise InputError("There is no such verdict.", expected=" or ".join(VERDICTS), received=self.verdict)
        if not self.reviewer.strip():
            raise InputError("A verdict needs a reviewer.", expected="a name", cure="Enter your name")
        for what, text, longest in (("name", self.reviewer, LONGEST_NAME), ("note", self.note, LONGEST_NOTE)):
            if len(text) > longest:
                raise InputError(
                    f"The {what} is too long.", expected=f"at most {longest} characters", received=len(text)
                )


@dataclass(frozen=True)
class ReviewCase:
    """One subject registered by one model.

    Attributes:
        subject: its id.
        model: one of the paper's.
        letter: what the model is called for this subject while the review is blinded.
    """

    subject: str
    model: str
    letter: str

    def title(self, blinded: bool) -> str:
        """What a reader may see of it."""
        return self.letter if blinded else self.model


def review_cases(subjects: Sequence[str], models: Sequence[str], seed: int | None = None) -> tuple[ReviewCase, ...]:
    """All cases, subject by subject; with a seed each subject's models are shuffled, without it they keep their order.

    Args:
        subjects: in the order in which they are read.
        models: to be judged, at most 26.
        seed: of the disguise, not negative.

    Example:
        >>> [case.letter + " is " + case.model for case in review_cases(["s1"], ["elas-g", "elas-sas"], seed=1)]
        ['A is elas-sas', 'B is elas-g']
    """
    cases = []
    for subject in subjects:
        order = range(len(models)) if seed is None else _order(subject, len(models), seed)
        cases += [ReviewCase(subject, models[i], letter) for i, letter in zip(order, _LETTERS, strict=False)]
    return tuple(cases)


def _order(subject: str, count: int, seed: int) -> list[int]:
    name = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "little")
    return list(map(int, np.random.default_rng([seed, name]).permutation(count)))


def registration_key(checkpoint: Checkpoint, pair_digest: str, parameters: ParameterField) -> str:
    """What a verdict belongs to: weights, preprocessed pair and parameters; another of either is another registration.

    Args:
        checkpoint: that registers.
        pair_digest: `RegistrationPair.digest`.
        parameters: of all classes.
    """
    content = f"{checkpoint.card.weights_sha256}:{pair_digest}:{parameters.nodes!r}"
    return hashlib.sha256(content.encode()).hexdigest()


def parameters_in_words(parameters: ParameterField, tissues: Sequence[str]) -> str:
    """E.g. "RV: λ = 0.2, μ = 0.1; LV-BP: …"; one setting where all tissues have the same.

    Example:
        >>> parameters_in_words(ParameterField(((0.0,), (0.2,), (0.3,))), ("wall", "pool"))
        'wall: λ = 0.2; pool: λ = 0.3'
    """
    shown = [parameters.regularizer.shown(node) for node in parameters.nodes[1:]]
    if len(set(shown)) == 1:
        return shown[0]
    return "; ".join(f"{tissue}: {words}" for tissue, words in zip(tissues, shown, strict=True))

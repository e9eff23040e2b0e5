"""Errors that teach: what is wrong, what was expected, what was received, and the cure."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used as it is. Its text is one line that a user can act on.

    Example:
        >>> print(InputError("The file is missing.", received="a.nii", cure="Check the path."))
        The file is missing. Received: a.nii. Cure: Check the path.
    """

    def __init__(self, what: str, *, expected: object = None, received: object = None, cure: str | None = None) -> None:
        self.what, self.expected, self.received, self.cure = what, expected, received, cure
        labelled = (("Expected", expected), ("Received", received), ("Cure", cure))
        sentences = [_sentence(what)]
        sentences += [f"{label}: {_sentence(str(text))}" for label, text in labelled if text is not None]
        super().__init__(" ".join(" ".join(sentences).split()))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."

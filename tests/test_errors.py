"""Errors are one line with what, expected, received and cure."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("No file"), "No file."),
        (InputError("No file.", received="a.nii"), "No file. Received: a.nii."),
        (
            InputError("Wrong side", expected=(128, 96), received=0, cure="Crop it."),
            "Wrong side. Expected: (128, 96). Received: 0. Cure: Crop it.",
        ),
        (InputError("Ready?", cure="Wait!"), "Ready? Cure: Wait!"),
        (InputError("Two\nlines", received="tabs\tand\n\n  blanks "), "Two lines. Received: tabs and blanks."),
    ],
)
def test_the_text_is_one_line_of_sentences(error, text):
    assert str(error) == text


def test_the_parts_stay_readable_by_code():
    error = InputError("Wrong side", expected=(128, 96), received=0)
    assert (error.what, error.expected, error.received, error.cure) == ("Wrong side", (128, 96), 0, None)
    assert isinstance(error, ValueError)

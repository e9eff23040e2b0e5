"""How long work tells of its progress, whoever listens: a terminal, a page, nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Reporter(Protocol):
    """Hears of progress."""

    def phase(self, title: str, total: int) -> Callable[[int], None]:
        """A phase of `total` units begins; the returned function takes the number done so far."""

    def loss(self, value: float) -> None:
        """The loss of the training step just made."""

    def note(self, sentence: str) -> None:
        """Something that the user should know."""

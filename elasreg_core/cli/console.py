"""Progress bars with time left, and tables, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

import pandas as pd
from tqdm import tqdm


class Bars:
    """Progress bars, one phase after the other, on stderr. Implements `workspace.progress.Reporter`."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def phase(self, title: str, total: int) -> Callable[[int], None]:
        """Begins a phase of `total` units; the returned function takes the number done so far."""
        self._close()
        pause = 0.1 if sys.stderr.isatty() else 10  # seconds between two lines; a log file wants few
        bar = self._bar = tqdm(total=total, desc=title, file=sys.stderr, dynamic_ncols=True, mininterval=pause)

        def done(count: int) -> None:
            if bar.n == 0 and count > 1:  # resumed: what was there before costs no time now
                bar.initial = bar.n = count - 1
            bar.update(count - bar.n)

        return done

    def loss(self, value: float) -> None:
        """Shows the loss behind the bar."""
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{value:.4f}", refresh=False)

    def note(self, sentence: str) -> None:
        """Prints a line without disturbing the bar."""
        tqdm.write(f"note: {sentence}", file=sys.stderr)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def print_table(table: pd.DataFrame) -> None:
    """A table for reading; undefined values are shown as –."""
    print(table.to_string(index=False, na_rep="–", float_format=lambda value: f"{value:.4g}"))

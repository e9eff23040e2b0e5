"""Progress bars with time left, tables and faults, on the terminal; a job's worker tells the workspace too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType

import pandas as pd
from tqdm import tqdm

from elasreg_core.workspace.worker import tell_faults, this_worker


class Bars:
    """Progress bars, one phase after the other, on stderr. Implements `workspace.progress.Reporter`."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._worker = this_worker()

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
        tell = self._worker.phase(title, total) if self._worker is not None else None

        def done(count: int) -> None:
            if bar.n == 0 and count > 1:  # resumed: what was there before costs no time now
                bar.initial = bar.n = count - 1
            bar.update(count - bar.n)
            if tell is not None:
                tell(count)

        return done

    def loss(self, value: float) -> None:
        """Shows the loss behind the bar."""
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{value:.4f}", refresh=False)

    def note(self, sentence: str) -> None:
        """Prints a line without disturbing the bar."""
        tqdm.write(f"note: {sentence}", file=sys.stderr)
        if self._worker is not None:
            self._worker.note(sentence)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def print_table(table: pd.DataFrame) -> None:
    """A table for reading; undefined values are shown as –."""
    print(table.to_string(index=False, na_rep="–", float_format=lambda value: f"{value:.4g}"))


def report_faults(faults: Sequence[str], anything_done: bool) -> int:
    """Prints what went wrong without ending the command, each sentence once; returns the command's exit code."""
    for sentence in dict.fromkeys(faults):
        print(f"elasreg: {sentence}", file=sys.stderr)
    tell_faults(faults, anything_done)
    return 2 if faults else 0

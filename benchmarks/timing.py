"""Timings side by side: the candidates take turns, so that a noisy machine is as noisy for each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds of repeated runs."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that is quoted."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        """Median and range, in a unit that suits them."""
        unit, factor = ("ms", 1e3) if self.median < 1 else ("s", 1)
        low, mid, high = (f"{factor * s:.3g}" for s in (min(self.seconds), self.median, max(self.seconds)))
        return f"{mid} {unit} ({low} to {high})" if len(self.seconds) > 1 else f"{mid} {unit}"

    def per(self, units: float) -> Timing:
        """The same for one of many units of work."""
        return Timing(tuple(s / units for s in self.seconds))


def side_by_side(candidates: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Timing]:
    """Runs every candidate once to warm up, then all of them in turn, `repeats` times."""
    for run in candidates.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, run in candidates.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}

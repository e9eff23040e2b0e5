"""A sheet of panels for paper: a row for every plane, a column for every thing to see, all planes at one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from elasreg_core.figures.plane import View
from elasreg_core.figures.still import Still

DPI = 100
# inches
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 19.6, 0.75, 0.15, 0.85, 0.75
_GAP, _BELOW_A_ROW, _LEAST_HEIGHT, _BAR = 0.12, 0.5, 0.8, 0.11
_HIGHEST = 1.3  # panels, in columns


class Sheet:
    """A white figure 1960 pixels wide, as high as its rows need."""

    def __init__(self, views: Sequence[View], shapes: Sequence[tuple[int, ...]], titles: Sequence[str]) -> None:
        """Makes the axes.

        Args:
            views: one a row.
            shapes: what each of them shows has so many voxels across and down.
            titles: of the columns.
        """
        self._column = (_WIDTH - _LEFT - _RIGHT - (len(titles) - 1) * _GAP) / len(titles)
        sides_mm = [np.multiply(shape, view.plane.spacing_mm) for view, shape in zip(views, shapes, strict=True)]
        widest, highest = np.max(sides_mm, axis=0)
        inches_per_mm = min(self._column / widest, _HIGHEST * self._column / highest)
        sizes = [inches_per_mm * sides for sides in sides_mm]
        rows = [max(size[1], _LEAST_HEIGHT) for size in sizes]
        self._height = _TOP + sum(rows) + len(rows) * _BELOW_A_ROW + _BOTTOM
        self.figure = Figure((_WIDTH, self._height), dpi=DPI, facecolor="white")
        self.rows: list[list[Still]] = []
        ceiling = self._height - _TOP
        for view, shape, size, row in zip(views, shapes, sizes, rows, strict=True):
            middle = ceiling - row / 2
            self.rows.append(
                [
                    self._panel(
                        view, shape, (self._left(i) + (self._column - size[0]) / 2, middle - size[1] / 2, *size)
                    )
                    for i in range(len(titles))
                ]
            )
            first = self.rows[-1][0].axes
            first.tick_params(labelleft=True)
            where = "" if view.at is None else f"{view.name} {view.at}\n"
            first.set_ylabel(where + view.plane.axis_titles[1], fontsize=9)
            ceiling -= row + _BELOW_A_ROW
        for panel, title in zip(self.rows[0], titles, strict=True):
            panel.axes.set_title(title, fontsize=11, pad=6)

    def headline(self, name: str, facts: str) -> None:
        """The title line: whose, and what came out."""
        y = 1 - 0.3 / self._height
        line = {"y": y, "va": "center", "parse_math": False}
        self.figure.text(x=_LEFT / _WIDTH, s=name, fontsize=15, fontweight="bold", **line)
        self.figure.text(x=1 - _RIGHT / _WIDTH, s=facts, fontsize=13, ha="right", **line)

    def legend(self, entries: dict[str, Line2D]) -> None:
        """What the lines are, below the first columns."""
        if not entries:
            return
        x, y = _LEFT / _WIDTH, _BOTTOM / self._height
        legend = self.figure.legend(
            entries.values(),
            entries,
            loc="upper left",
            bbox_to_anchor=(x, y),
            ncols=5,
            fontsize=10,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)

    def colour_bar(self, scale: ScalarMappable, first: int, last: int, label: str) -> None:
        """A scale below the columns from the first to the last."""
        width = self._left(last) + self._column - self._left(first)
        box = (self._left(first) + 0.1 * width, _BOTTOM - _BAR, 0.8 * width, _BAR)
        bar = self.figure.colorbar(scale, cax=self.figure.add_axes(self._fractions(box)), orientation="horizontal")
        bar.ax.tick_params(labelsize=8, length=2, pad=2)
        bar.outline.set_linewidth(0.5)
        bar.set_label(label, fontsize=9)

    def _panel(self, view: View, shape: tuple[int, ...], box: tuple[float, ...]) -> Still:
        panel = Still(self.figure.add_axes(self._fractions(box)), view.plane, shape)
        panel.axes.tick_params(labelleft=False)
        panel.axes.set_xlabel(view.plane.axis_titles[0], fontsize=9, labelpad=2)
        return panel

    def _left(self, column: int) -> float:
        return _LEFT + column * (self._column + _GAP)

    def _fractions(self, box: tuple[float, ...]) -> tuple[float, float, float, float]:
        left, bottom, width, height = box
        return left / _WIDTH, bottom / self._height, width / _WIDTH, height / self._height

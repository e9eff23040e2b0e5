"""A comparison as one HTML file that needs nothing else: tables, tests, figures, definitions."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from elasreg_core.evaluation.comparison import Comparison
from elasreg_core.evaluation.table_one import PAPER_NAME, PAPER_NOTE, PLATEAU_NOTE, TableOne
from elasreg_core.figures.comparison import difference_intervals, parameter_scatter, regularity_figure, subject_lines
from elasreg_core.figures.html import drawn, page
from elasreg_core.metrics import METRICS


class Found(NamedTuple):
    """The tables of a comparison.

    Attributes:
        table: Table 1.
        certain: how sure the choices are (`table_one.certainty_table`).
        tests: of mean Dice.
        curve: alignment against regularity.
        equal: models at equal regularity.
        published: the paper's rows for the same data, or an empty table.
        caption: what the numbers are.
    """

    table: TableOne
    certain: pd.DataFrame
    tests: pd.DataFrame
    curve: pd.DataFrame
    equal: pd.DataFrame
    published: pd.DataFrame
    caption: str


def comparison_report(comparison: Comparison, found: Found) -> str:
    """The report's HTML; Plotly is part of it, so that it works without a network."""
    tissues = next(iter(comparison.family.members.values())).card.tissues
    figures = {
        "lines": subject_lines(comparison.rows),
        "differences": difference_intervals(found.tests) if found.tests.get("n", pd.Series()).gt(1).any() else None,
        "regularity": regularity_figure(found.curve, tissues) if len(found.curve) else None,
    }
    adaptive = [c.title for c in comparison.contenders if c.model.is_adaptive]
    figures |= {f"parameters-{title}": parameter_scatter(comparison.parameters, title, tissues) for title in adaptive}
    return page(
        "comparison.html",
        title=f"{comparison.family.name}: Table 1",
        caption=found.caption,
        table=found.table.cells(lambda text: f"*{text}").to_dict("split"),
        certain=found.certain.to_dict("split"),
        plateau_note=PLATEAU_NOTE,
        published=found.published.to_dict("split") if len(found.published) else None,
        published_name=PAPER_NAME,
        published_note=PAPER_NOTE,
        tests=found.tests.to_dict("records"),
        equal=found.equal.to_dict("records"),
        figures=drawn({name: figure for name, figure in figures.items() if figure is not None}),
        faults=comparison.faults,
        metrics=list(METRICS.values()),
        checkpoints=[checkpoint.card for checkpoint in comparison.family.members.values()],
    )

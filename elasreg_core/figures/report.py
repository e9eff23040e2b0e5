"""A comparison as one HTML file that needs nothing else: tables, tests, figures, definitions."""

from __future__ import annotations

import pandas as pd

from elasreg_core.evaluation.comparison import Comparison
from elasreg_core.evaluation.table_one import PAPER_NAME, TableOne
from elasreg_core.figures.comparison import difference_intervals, parameter_scatter, regularity_figure, subject_lines
from elasreg_core.figures.html import drawn, page
from elasreg_core.metrics import METRICS


def comparison_report(
    comparison: Comparison,
    table: TableOne,
    tests: pd.DataFrame,
    curve: pd.DataFrame,
    published: pd.DataFrame,
    caption: str,
) -> str:
    """The report's HTML; Plotly is part of it, so that it works without a network.

    Args:
        comparison: what was found.
        table: of its rows.
        tests: of its rows.
        curve: its curves.
        published: the paper's rows for the same data, or an empty table.
        caption: what the numbers are.
    """
    tissues = next(iter(comparison.family.members.values())).card.tissues
    figures = {
        "lines": subject_lines(comparison.rows),
        "differences": difference_intervals(tests) if len(tests) else None,
        "regularity": regularity_figure(curve),
    }
    adaptive = [c.title for c in comparison.contenders if c.model.is_adaptive]
    figures |= {f"parameters-{title}": parameter_scatter(comparison.parameters, title, tissues) for title in adaptive}
    return page(
        "comparison.html",
        title=f"{comparison.family.name}: Table 1",
        caption=caption,
        table=table.cells(lambda text: f"*{text}").to_dict("split"),
        published=published.to_dict("split") if len(published) else None,
        published_name=PAPER_NAME,
        tests=tests.to_dict("records"),
        figures=drawn({name: figure for name, figure in figures.items() if figure is not None}),
        faults=comparison.faults,
        metrics=list(METRICS.values()),
        checkpoints=[checkpoint.card for checkpoint in comparison.family.members.values()],
    )

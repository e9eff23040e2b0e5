"""The tables of a comparison, for reading and for keeping: Table 1 with the best in bold, paired tests, files."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from elasreg_core.evaluation.verdict import told_apart
from elasreg_core.workspace.saved_comparisons import SavedComparison

_TESTS = {
    "told apart": st.column_config.CheckboxColumn(
        help="The interval leaves 0 out, and the adjusted p is below 0.05: more than chance"
    ),
    "n": st.column_config.NumberColumn(help="Subjects with a defined value in both"),
    "difference": st.column_config.NumberColumn(format="%+.4f", help="Mean of a − b over the subjects"),
    "low": st.column_config.NumberColumn("95 % from", format="%+.4f", help="Bootstrap over the subjects"),
    "high": st.column_config.NumberColumn("to", format="%+.4f"),
    "p": st.column_config.NumberColumn(format="%.2g", help="Wilcoxon's signed-rank test, two-sided"),
    "p_adjusted": st.column_config.NumberColumn(
        "p adjusted", format="%.2g", help="For all tests of this score (Benjamini and Hochberg)"
    ),
    "effect": st.column_config.NumberColumn(
        format="%+.2f", help="Rank-biserial correlation: 1 where a is larger in every subject, −1 where b is"
    ),
}


_STYLE = """<style>
.t1 {overflow-x: auto} .t1 table {border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums}
.t1 th, .t1 td {padding: 0.3rem 0.7rem; text-align: right; white-space: nowrap}
.t1 th:first-child, .t1 td:first-child {text-align: left}
.t1 thead th {border-bottom: 1px solid rgba(128, 128, 128, 0.6); font-weight: 600}
.t1 tbody tr {border-bottom: 1px solid rgba(128, 128, 128, 0.2)} .t1 small {display: block; opacity: 0.75}
</style>"""


_FILES = {
    "Table (CSV)": "table.csv",
    "Table (LaTeX)": "table.tex",
    "Report (HTML)": "report.html",
    "Every subject (CSV)": "per_subject.csv",
    "Tests (CSV)": "tests.csv",
    "Parameters (CSV)": "parameters.csv",
    "Curves (CSV)": "curves.csv",
}


def offer_files(saved: SavedComparison, name: str) -> None:
    """Downloads of a comparison's files, as they are."""
    with st.container(horizontal=True):
        for label, file in _FILES.items():
            to = f"{name.replace('/', '-')}-{file}"
            st.download_button(label, saved.read(file), to, icon=":material/download:", on_click="ignore")


def show_text_table(table: pd.DataFrame) -> None:
    """A table of text: what stands in brackets goes below its number, what begins with a star is bold."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.to_numpy().tolist())
    st.html(
        f'{_STYLE}<div class="t1" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(text: str) -> str:
    number, _, around = (html.escape(part) for part in text.partition(" ("))
    is_number = around and number.lstrip("*").replace(".", "").isdecimal()
    if not is_number:  # "elas-g (cohort)"
        number, around = html.escape(text), ""
    bold = f"<b>{number[1:]}</b>" if number.startswith("*") else number
    return f"<td>{bold}{f'<small>({around}</small>' if around else ''}</td>"


def show_tests(tests: pd.DataFrame) -> None:
    """Paired tests of one score: `statistics.all_comparisons`, or at equal regularity, where p is not adjusted."""
    names = tests["a"] + " − " + tests["b"]
    table = tests.drop(columns=["a", "b", "metric"], errors="ignore")
    table.insert(0, "a − b", names)
    if "p_adjusted" in table:
        table.insert(1, "told apart", told_apart(tests))
    st.dataframe(table, hide_index=True, column_config=_TESTS)

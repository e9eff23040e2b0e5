"""The comparison as a table in the paper's layout, for reading (Markdown, LaTeX, HTML) and for computing (CSV)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import pandas as pd

from elasreg_core.evaluation.comparison import INITIAL
from elasreg_core.metrics import METRICS, shown

PAPER_NAME = "Reithmeir et al. 2024"
_METRIC_OF = {"mean_dice": "dice", "mean_hd95_mm": "hd95_mm"}
_DECIMALS = 3


@dataclass(frozen=True)
class TableOne:
    """Mean and standard deviation over the subjects, per model and column; undefined values left out.

    Attributes:
        means, deviations: one row per model, one column per score (column names of `comparison.score_row`).
        counts: subjects with a defined value, shaped alike.
    """

    means: pd.DataFrame
    deviations: pd.DataFrame
    counts: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame, tissues: Sequence[str]) -> TableOne:
        """From the rows of all subjects.

        Args:
            rows: of `comparison.score_row`.
            tissues: in label order.
        """
        columns = [f"dice {tissue}" for tissue in tissues]
        columns += ["mean_dice", "mean_hd95_mm", "tre_mm", "neg_jacobian_percent", "sd_log_jacobian"]
        columns += ["displacement_error_vox"]
        optional = {"tre_mm", "displacement_error_vox"}  # landmarks, a true motion
        columns = [c for c in columns if c not in optional or rows[c].notna().any()]
        grouped = rows.groupby("model", sort=False)[columns]
        return cls(grouped.mean(), grouped.std(), grouped.count())

    @property
    def titles(self) -> dict[str, str]:
        """Column → heading."""
        fixed = {
            "mean_dice": "mean DSC",
            "mean_hd95_mm": "HD95 mm",
            "tre_mm": "TRE mm",
            "neg_jacobian_percent": "%negJ",
        }
        fixed |= {"sd_log_jacobian": "SDlogJ", "displacement_error_vox": "error voxels"}
        return {column: fixed.get(column, column.replace("dice ", "DSC ")) for column in self.means.columns}

    def cells(self, bold: Callable[[str], str] = str) -> pd.DataFrame:
        """Text: "mean (SD)", the best of each column (the initial pair apart) through `bold`."""
        text = {"model": list(self.means.index)}
        for column, title in self.titles.items():
            best = self._best(column)
            text[title] = [
                (bold(shown(mean)) if model != INITIAL and round(mean, _DECIMALS) == best else shown(mean))
                + ("" if pd.isna(sd) else f" ({shown(sd)})")
                for model, mean, sd in zip(self.means.index, self.means[column], self.deviations[column], strict=True)
            ]
        return pd.DataFrame(text)

    def numbers(self) -> pd.DataFrame:
        """Numbers: for each column the mean, `… sd` and `… n`."""
        parts = [self.means, self.deviations.add_suffix(" sd"), self.counts.add_suffix(" n")]
        order = [f"{column}{suffix}" for column in self.means.columns for suffix in ("", " sd", " n")]
        return pd.concat(parts, axis=1)[order].reset_index()

    def _best(self, column: str) -> float | None:
        means = self.means[column].drop(INITIAL, errors="ignore").dropna()
        if means.empty:
            return None
        metric = METRICS[_METRIC_OF.get(column, column.split(" ")[0])]
        return round(float(means.max() if metric.higher_is_better else means.min()), _DECIMALS)


def paper_rows(layout: str, tissues: Sequence[str]) -> pd.DataFrame:
    """The paper's own Table 1 for a data set, in the headings of `TableOne.cells`; empty for others.

    Args:
        layout: "nlst", "acdc" or "lungct": NLST, ACDC, L2R-Lung.
        tissues: the columns' order; others than the paper's give an empty table.
    """
    with resources.files("elasreg_core.evaluation").joinpath("paper_table_one.csv").open() as lines:
        table = pd.read_csv(lines, dtype=str, keep_default_na=False, comment="#")
    own = table[(table["layout"] == layout) & (table["tissues"] == "/".join(tissues))]
    scores = own.drop(columns=["layout", "tissues"])
    names = dict(zip([f"DSC {i}" for i in (1, 2, 3)], [f"DSC {tissue}" for tissue in tissues], strict=False))
    return scores.rename(columns=names).replace("", "–").reset_index(drop=True)


def to_markdown(table: pd.DataFrame) -> str:
    """A table as GitHub Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def to_latex(table: TableOne, caption: str) -> str:
    """The table for a paper (packages booktabs, and graphicx for the width)."""
    cells = table.cells(bold=lambda text: rf"\textbf{{{text}}}")
    cells = cells.rename(columns={title: _escaped(title) for title in cells.columns})
    cells["model"] = [_escaped(model) for model in cells["model"]]
    body = cells.to_latex(index=False, escape=False, column_format="l" + "r" * (len(cells.columns) - 1))
    resized = "\\resizebox{\\textwidth}{!}{%\n" + body.rstrip() + "}"
    return "\\begin{table}\n\\caption{" + _escaped(caption) + "}\n" + resized + "\n\\end{table}\n"


def _escaped(text: str) -> str:
    for sign, safe in {"%": r"\%", "_": r"\_", "&": r"\&", "λ": r"$\lambda$", "μ": r"$\mu$", "×": r"$\times$"}.items():
        text = text.replace(sign, safe)
    return text

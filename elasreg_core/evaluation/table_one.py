"""The comparison as a table in the paper's layout, for reading (Markdown, LaTeX, HTML) and for computing (CSV)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import product

import pandas as pd

from elasreg_core.evaluation.comparison import INITIAL
from elasreg_core.evaluation.statistics import mean_interval
from elasreg_core.metrics import METRICS, shown
from elasreg_core.networks.architecture import MODELS

PAPER_NAME = "Reithmeir et al. 2024"
PLATEAU_NOTE = (
    "plateau: the mean share of the grid's nodes that are as good within the tolerance; near 100 % the choice is chance"
)
PAPER_NOTE = (
    "The paper's own means for this data set, with its own networks and split; "
    "it does not say whether its %negJ is a fraction or a percentage."
)
_METRIC_OF = {"mean_dice": "dice", "mean_hd95_mm": "hd95_mm"}
_DECIMALS = 3
_SUFFIXES = ("", " sd", " n", " low", " high")
SPREADS = ("95 % interval", "SD")


@dataclass(frozen=True)
class TableOne:
    """Mean and spread over the subjects, per model and column; undefined values left out.

    Attributes:
        means, deviations: one row per model, one column per score (column names of `comparison.score_row`).
        counts: subjects with a defined value, shaped alike.
        lows, highs: the means' 95 % confidence intervals (`statistics.mean_interval`), shaped alike.
    """

    means: pd.DataFrame
    deviations: pd.DataFrame
    counts: pd.DataFrame
    lows: pd.DataFrame
    highs: pd.DataFrame

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
        means = grouped.mean()
        ends = [means.copy() for _ in ("low", "high")]
        for (model, of), column in product(grouped, columns):
            for end, value in zip(ends, mean_interval(of[column]), strict=True):
                end.loc[model, column] = value
        return cls(means, grouped.std(), grouped.count(), *ends)

    @classmethod
    def from_numbers(cls, numbers: pd.DataFrame) -> TableOne:
        """The inverse of `numbers`."""
        by_model = numbers.set_index("model")
        columns = [str(column) for column in by_model if f"{column} sd" in by_model]
        parts = [by_model[[column + suffix for column in columns]] for suffix in _SUFFIXES]
        return cls(*(part.set_axis(columns, axis="columns") for part in parts))

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

    def cells(self, bold: Callable[[str], str] = str, spread: str = "SD") -> pd.DataFrame:
        """Text: "mean (SD)", the best of each column (the initial pair apart) through `bold`.

        Where a value is undefined for some subjects, as after a registration that made a tissue vanish, the number of
        those that are left stands behind it.

        Args:
            bold: what is done to the best.
            spread: "SD", or "95 % interval" of the mean instead.
        """
        text = {"model": list(self.means.index)}
        most = self.counts.max().max()
        for column, title in self.titles.items():
            best = self._best(column)
            of_column = (self.means[column], self._spreads(column, spread), self.counts[column])
            text[title] = [
                (bold(shown(mean)) if model != INITIAL and round(mean, _DECIMALS) == best else shown(mean))
                + around
                + (f", n = {count}" if 0 < count < most else "")
                for model, mean, around, count in zip(self.means.index, *of_column, strict=True)
            ]
        return pd.DataFrame(text)

    def numbers(self) -> pd.DataFrame:
        """Numbers: for each column the mean, `… sd`, `… n`, `… low` and `… high`."""
        tables = (self.means, self.deviations, self.counts, self.lows, self.highs)
        parts = [table.add_suffix(suffix) for table, suffix in zip(tables, _SUFFIXES, strict=True)]
        order = [f"{column}{suffix}" for column in self.means.columns for suffix in _SUFFIXES]
        return pd.concat(parts, axis=1)[order].reset_index()

    def _spreads(self, column: str, spread: str) -> list[str]:
        if spread == "SD":
            return ["" if pd.isna(sd) else f" ({shown(sd)})" for sd in self.deviations[column]]
        ends = zip(self.lows[column], self.highs[column], strict=True)
        return ["" if pd.isna(low) else f" ({shown(low)} to {shown(high)})" for low, high in ends]

    def _best(self, column: str) -> float | None:
        means = self.means[column].drop(INITIAL, errors="ignore").dropna()
        if means.empty:
            return None
        metric = METRICS[_METRIC_OF.get(column, column.split(" ")[0])]
        return round(float(means.max() if metric.higher_is_better else means.min()), _DECIMALS)


def certainty_table(parameters: pd.DataFrame, certainty: pd.DataFrame) -> pd.DataFrame:
    """How sure the choices are: a row per model and tissue, text.

    Args:
        parameters: of `comparison.parameter_rows`, all subjects.
        certainty: of `Comparison.certainty`; may be empty.

    Returns:
        `model, tissue, subjects`; `plateau`, the mean share of the nodes that are as good as the chosen one; `on edge`,
        in how many subjects it lies on the grid's; with a bootstrap `same node`, the mean share of the resampled images
        in which it is chosen again.
    """
    known = parameters[parameters["plateau"].notna()]
    of_all = next(iter(parameters["tissue"]), "")  # the background
    rows = []
    for (title, tissue), of in known.groupby(["model", "tissue"], sort=False):
        model = MODELS[str(title).split(" ")[0]]
        if not model.is_adaptive and tissue != of_all:  # one choice for all classes
            continue
        row = {
            "model": title,
            "tissue": tissue if model.is_adaptive else "their mean",
            "subjects": str(len(of)),
            "plateau": f"{of['plateau'].mean():.0%}",
            "on edge": str(int(of["on_edge"].sum())),
        }
        if len(certainty):
            again = certainty[(certainty["model"] == model.global_name) & (certainty["tissue"] == tissue)]["same_node"]
            row["same node"] = f"{again.mean():.0%}" if title == model.name and model.is_adaptive else "–"
        rows.append(row)
    return pd.DataFrame(rows)


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


def to_latex(table: TableOne, published: pd.DataFrame, caption: str) -> str:
    """The table for a paper (packages booktabs, and graphicx for the width).

    Args:
        table: ours.
        published: the paper's rows (`paper_rows`), below ours; may be empty.
        caption: what the numbers are.
    """
    cells = table.cells(bold=lambda text: rf"\textbf{{{text}}}")
    theirs = published.reindex(columns=cells.columns, fill_value="–")
    cells = pd.concat([cells, theirs], ignore_index=True)
    cells = cells.rename(columns={title: _escaped(title) for title in cells.columns})
    cells["model"] = [_escaped(model) for model in cells["model"]]
    body = cells.to_latex(index=False, escape=False, column_format="l" + "r" * (len(cells.columns) - 1))
    if len(theirs):
        lines = body.splitlines()
        first = len(lines) - len(theirs) - 2  # \bottomrule and \end{tabular} follow the rows
        title = rf"\midrule \multicolumn{{{len(cells.columns)}}}{{l}}{{{PAPER_NAME}}} \\"
        body = "\n".join([*lines[:first], title, *lines[first:]])
    resized = "\\resizebox{\\textwidth}{!}{%\n" + body.rstrip() + "}"
    return "\\begin{table}\n\\caption{" + _escaped(caption) + "}\n" + resized + "\n\\end{table}\n"


def _escaped(text: str) -> str:
    for sign, safe in {"%": r"\%", "_": r"\_", "&": r"\&", "λ": r"$\lambda$", "μ": r"$\mu$", "×": r"$\times$"}.items():
        text = text.replace(sign, safe)
    return text

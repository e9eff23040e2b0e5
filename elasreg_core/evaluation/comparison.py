"""Table 1: the same subjects under different models, in the paper's layout.

`initial` is the unregistered pair; `elas-g` the global network at the best single (λ, μ) by mean Dice; `elas-sas` the
adaptive network at the class-wise optima. Both choose with the subject's own labels: an oracle, as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores, score_displacement
from elasreg_core.identification.selection import best_node, choose_parameters, lame_field
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import shown
from elasreg_core.physics.lame import LameField

Displace = Callable[[RegistrationPair, LameField], npt.NDArray[np.floating]]

INITIAL = "initial"


def compare_subject(
    pair: RegistrationPair, sweep: SubjectSweep, displace: Mapping[str, Displace], background: tuple[float, float]
) -> list[dict[str, object]]:
    """One row per model for one subject: `subject, model`, then the scores by column name.

    Args:
        pair: the subject.
        sweep: its sweep with the global network.
        displace: the registrars' displacement functions of "elas-g" and "elas-sas".
        background: (λ, μ) of class 0.

    Raises:
        InputError: no tissue has an optimum.
    """
    best = best_node(sweep, "mean")
    adaptive = lame_field(choose_parameters(sweep), best, pair.tissues.names, background)
    uniform = LameField.uniform(*(best.node or (0.0, 0.0)), pair.tissues.n_classes)
    rows = [_row(pair.id, INITIAL, score_displacement(pair))]
    for model, parameters in (("elas-g", uniform), ("elas-sas", adaptive)):
        rows.append(_row(pair.id, model, score_displacement(pair, displace[model](pair, parameters))))
    return rows


def table_one(rows: pd.DataFrame, tissues: Sequence[str]) -> pd.DataFrame:
    """Mean (SD) over the subjects per model, undefined values left out."""
    columns = {f"dice {tissue}": f"DSC {tissue}" for tissue in tissues}
    columns |= {"mean_dice": "mean DSC", "mean_hd95_mm": "HD95 mm", "neg_jacobian_percent": "%negJ"}
    for column, title in (("tre_mm", "TRE mm"), ("displacement_error_vox", "error voxels")):
        if rows[column].notna().any():
            columns[column] = title
    grouped = rows.groupby("model", sort=False)
    table = pd.DataFrame(index=grouped.size().index)
    for column, title in columns.items():
        means, deviations = grouped[column].mean(), grouped[column].std()
        table[title] = [
            shown(mean) + ("" if pd.isna(sd) else f" ({shown(sd)})") for mean, sd in zip(means, deviations, strict=True)
        ]
    return table.reset_index()


def _row(subject: str, model: str, scores: Scores) -> dict[str, object]:
    return {
        "subject": subject,
        "model": model,
        **{f"dice {tissue}": value for tissue, value in scores.dice.items()},
        "mean_dice": scores.mean_dice,
        **{f"hd95_mm {tissue}": value for tissue, value in scores.hd95_mm.items()},
        "mean_hd95_mm": scores.mean_hd95_mm,
        "tre_mm": scores.tre_mm,
        "displacement_error_vox": scores.displacement_error_vox,
        "neg_jacobian_percent": scores.neg_jacobian_percent,
        "sd_log_jacobian": scores.sd_log_jacobian,
    }


def to_markdown(table: pd.DataFrame) -> str:
    """A table as GitHub Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

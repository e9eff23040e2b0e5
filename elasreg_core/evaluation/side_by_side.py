"""The scores of several registrations of one pair as a table, and their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores
from elasreg_core.metrics import METRICS, shown
from elasreg_core.registration.registered import Registration

_PERCENT = "neg_jacobian_percent"


def score_row(scores: Scores, ncc: float, seconds: float = float("nan")) -> dict[str, float]:
    """One row, keyed by metric; NaN where undefined.

    Args:
        scores: of the registration, or of the pair as it is.
        ncc: mean local NCC over the whole image.
        seconds: of the registration.
    """
    return {
        "mean_dice": scores.mean_dice,
        **{f"dice {tissue}": value for tissue, value in scores.dice.items()},
        "mean_hd95_mm": scores.mean_hd95_mm,
        "ncc_image": ncc,
        "tre_mm": scores.tre_mm,
        _PERCENT: scores.neg_jacobian_percent,
        "sd_log_jacobian": scores.sd_log_jacobian,
        "seconds": seconds,
    }


def with_parameters(
    rows: Mapping[str, Mapping[str, float]], registrations: Mapping[str, Registration], pair: RegistrationPair
) -> pd.DataFrame:
    """The rows to download, with every class's parameters and the checkpoint.

    Args:
        rows: of `score_row` by name, those of registrations and others.
        registrations: by the same names.
        pair: theirs.
    """
    table = []
    for name, row in rows.items():
        parameters: dict[str, object] = {}
        if name in registrations:
            registration = registrations[name]
            parameters["checkpoint"] = registration.checkpoint
            for tissue, values in registration.parameters.by_tissue(pair.tissues.names).items():
                parameters |= {f"{parameter} {tissue}": value for parameter, value in values.items()}
        table.append({"subject": pair.id, "registration": name, **parameters, **row})
    return pd.DataFrame(table)


def for_reading(
    rows: Mapping[str, Mapping[str, float]], differences: Sequence[tuple[str, str, str]] = ()
) -> pd.DataFrame:
    """The rows as text, undefined columns left out; then differences.

    Args:
        rows: of `score_row` by name.
        differences: (name, first, second): the second's row minus the first's.

    Example:
        >>> rows = {"A": {"mean_dice": 0.9, "tre_mm": float("nan")}, "B": {"mean_dice": 0.92, "tre_mm": float("nan")}}
        >>> print(for_reading(rows, [("B − A", "A", "B")]).to_string())
              Mean Dice
        A         0.900
        B         0.920
        B − A    +0.020
    """
    table = pd.DataFrame(list(rows.values()), index=list(rows)).dropna(axis="columns", how="all")
    text = table.map(shown)
    for name, first, second in differences:
        text.loc[name] = [_signed(value) for value in table.loc[second].to_numpy() - table.loc[first].to_numpy()]
    if "seconds" in table:
        times = [f"{1000 * value:.0f} ms" if value == value else "–" for value in table["seconds"]]
        text["seconds"] = [*times, *("–" for _ in differences)]
    return text.rename(columns=_titled)


def _signed(value: float) -> str:
    return f"{value:+.3f}" if value == value else "–"


def _titled(column: str) -> str:
    if column.startswith("dice "):
        return f"Dice {column.removeprefix('dice ')}"
    titles = {"mean_dice": "Mean Dice", "mean_hd95_mm": "Mean HD95 (mm)", "seconds": "Took"}
    return titles[column] if column in titles else METRICS[column].label

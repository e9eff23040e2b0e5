"""Does the estimate know the stiffness? Chosen (λ, μ) against the true ones, which phantoms have.

The paper: the estimated parameters "cannot be interpreted in a physically meaningful manner". Regularizer weights and
elastic constants differ in unit and range, so all that can be asked is whether they come in the same order: tissue by
tissue over the subjects, and over all tissues together.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from elasreg_core.errors import InputError
from elasreg_core.evaluation.statistics import paired_comparison
from elasreg_core.identification.selection import Selection, best_node, criterion_by_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import ELASTIC

ALL_TISSUES = "all tissues"
_TRUTH = {"lambda": "lambda_kpa", "mu": "mu_kpa"}
_RESAMPLES = 2000


def true_stiffness(root: Path) -> pd.DataFrame:
    """What the phantoms of a folder are made of: columns `subject, tissue, lambda_kpa, mu_kpa`.

    Raises:
        InputError: the folder holds no truth.
    """
    files = sorted(Path(root).glob("truth/*/tissues.csv"))
    if not files:
        raise InputError(
            f"{root} holds no truth.", expected="truth/<subject>/tissues.csv, as elasreg phantom writes it"
        )
    rows = []
    for path in files:
        with path.open(newline="") as lines:
            for entry in csv.DictReader(lines):
                known = {column: float(entry[column]) for column in _TRUTH.values()}
                rows.append({"subject": path.parent.name, "tissue": entry["name"], **known})
    return pd.DataFrame(rows)


def estimates(sweeps: Sequence[SubjectSweep], selections: Mapping[str, Selection]) -> pd.DataFrame:
    """What each setting chooses: columns `setting, subject, tissue, lambda, mu`; tissues without an optimum left out.

    Args:
        sweeps: of elastic networks, with what the criteria need.
        selections: by the setting's name.
    """
    rows = []
    for setting, selection in selections.items():
        for sweep in sweeps:
            for tissue in sweep.tissues:
                node = best_node(sweep, tissue, selection).node
                if node is not None:
                    values = dict(zip(ELASTIC.parameters, node, strict=True))
                    rows.append({"setting": setting, "subject": sweep.subject, "tissue": tissue, **values})
    return pd.DataFrame(rows)


def rank_correlations(estimated: pd.DataFrame, truth: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Spearman's ρ between estimated and true parameters, with a 95 % interval (bootstrap over the subjects).

    Args:
        estimated: of `estimates`.
        truth: of `true_stiffness`.
        seed: of the bootstrap.

    Returns:
        Columns `setting, parameter, tissue, rho, low, high, subjects`; one row per setting, parameter and tissue, and
        one over all tissues together. ρ is NaN where every subject got the same estimate.
    """
    joined = estimated.merge(truth, on=["subject", "tissue"])
    rng = np.random.default_rng(seed)
    rows = []
    for setting, of_setting in joined.groupby("setting", sort=False):
        for tissue in (*of_setting["tissue"].unique(), ALL_TISSUES):
            of = of_setting if tissue == ALL_TISSUES else of_setting[of_setting["tissue"] == tissue]
            subjects = of["subject"].unique()
            by_subject = {subject: np.flatnonzero(of["subject"] == subject) for subject in subjects}
            draws = [
                np.concatenate([by_subject[subject] for subject in rng.choice(subjects, len(subjects))])
                for _ in range(_RESAMPLES)
            ]
            for parameter, column in _TRUTH.items():
                pairs = of[[parameter, column]].to_numpy()
                resampled = [_spearman(pairs[draw]) for draw in draws]
                low, high = np.nanquantile(resampled, [0.025, 0.975]) if np.isfinite(resampled).any() else (np.nan,) * 2
                rows.append((setting, parameter, tissue, _spearman(pairs), low, high, len(subjects)))
    return pd.DataFrame(rows, columns=["setting", "parameter", "tissue", "rho", "low", "high", "subjects"])


def error_at_choice(sweeps: Sequence[SubjectSweep], selections: Mapping[str, Selection]) -> pd.DataFrame:
    """The true displacement error that each setting's choice leaves, tissue by tissue, beside the least of any node.

    Args:
        sweeps: of phantoms, scored with "displacement_error_vox".
        selections: by the setting's name.

    Returns:
        Columns `setting, subject, tissue, error_vox, least_vox`, in voxels; `as_good`, whether the choice lies on the
        plateau of the true error, so that the true error might have chosen it too.
    """
    by_error = Selection(criterion="displacement_error_vox")
    rows = []
    for sweep in sweeps:
        for tissue in sweep.tissues:
            errors = criterion_by_node(sweep, tissue, by_error)
            for setting, selection in selections.items():
                node = best_node(sweep, tissue, selection).node
                if node is not None and node in errors:
                    error, least = errors[node], min(errors.values())
                    rows.append((setting, sweep.subject, tissue, error, least, error <= least + by_error.margin))
    return pd.DataFrame(rows, columns=["setting", "subject", "tissue", "error_vox", "least_vox", "as_good"])


def error_summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Over the subjects: what a choice costs in true error.

    Args:
        errors: of `error_at_choice`.

    Returns:
        Columns `setting, tissue, error_vox, least_vox`, means in voxels; `excess_vox`, their difference, with its 95 %
        interval `low, high` (percentile bootstrap over the subjects); `as_good`, the share of the subjects.
    """
    rows = []
    for (setting, tissue), of in errors.groupby(["setting", "tissue"], sort=False):
        found = paired_comparison(of["error_vox"], of["least_vox"])
        means = of[["error_vox", "least_vox", "as_good"]].mean()
        interval = {"excess_vox": found["difference"], "low": found["low"], "high": found["high"]}
        rows.append({"setting": setting, "tissue": tissue, **means.iloc[:2], **interval, "as_good": means["as_good"]})
    return pd.DataFrame(rows)


def settings() -> dict[str, Selection]:
    """The ways to choose that are compared: every criterion that phantoms allow, and both rules."""
    named = {}
    for criterion in ("dice", "hd95_mm", "ncc", "displacement_error_vox"):
        title = METRICS[criterion].title
        named[f"best {title}"] = Selection(criterion)
        if criterion != "displacement_error_vox":
            named[f"most regular within the plateau of {title}"] = Selection(criterion, "most_regular")
    return named


def _spearman(pairs: np.ndarray) -> float:
    """ρ of two columns; NaN where one of them is constant."""
    if len(pairs) < 3 or (pairs == pairs[0]).all(axis=0).any():
        return float("nan")
    return float(stats.spearmanr(pairs[:, 0], pairs[:, 1]).statistic)

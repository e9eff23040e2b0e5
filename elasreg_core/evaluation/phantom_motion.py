"""What a phantom cohort is: how stiff its tissues are and how far they move, from the truth that lies beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from elasreg_core.data.nifti import read_labels, read_vectors
from elasreg_core.errors import InputError
from elasreg_core.physics.fields import jacobian_determinant


def phantom_motion(root: Path) -> pd.DataFrame:
    """One row per subject and tissue of the cohort under `root`, in the order of its material table.

    Columns: `subject, tissue, youngs_modulus_kpa, poisson_ratio, lambda_kpa, mu_kpa, source`; how far its voxels move,
    `mean_mm, p95_mm, largest_mm`; and `volume_ratio`, the mean of det J: its volume (2D: area) afterwards over before.

    Raises:
        InputError: there is no truth under `root`, or it is damaged.
    """
    folders = sorted(path for path in (Path(root) / "truth").glob("*") if path.is_dir())
    if not folders:
        raise InputError(
            f"{root} holds no truth.",
            expected="truth/<subject>/{displacement.nii.gz, materials.nii.gz, tissues.csv}",
            cure="Give the folder of a phantom cohort (`elasreg phantom`)",
        )
    return pd.DataFrame([row for folder in folders for row in _subject(folder)])


def summary(motion: pd.DataFrame) -> pd.DataFrame:
    """`phantom_motion` over the subjects, per tissue: the range of E and ν, mean (SD) of the rest."""
    rows = []
    for tissue, of in motion.groupby("tissue", sort=False):
        rows.append(
            {
                "tissue": tissue,
                "subjects": of["subject"].nunique(),
                "E (kPa)": f"{of['youngs_modulus_kpa'].min():.3g}–{of['youngs_modulus_kpa'].max():.3g}",
                "ν": f"{of['poisson_ratio'].min():.2f}–{of['poisson_ratio'].max():.2f}",
                "moves (mm)": _mean_sd(of["mean_mm"], 1),
                "95th percentile (mm)": _mean_sd(of["p95_mm"], 1),
                "largest (mm)": f"{of['largest_mm'].max():.1f}",
                "volume ratio": _mean_sd(of["volume_ratio"], 2),
            }
        )
    return pd.DataFrame(rows)


def _subject(folder: Path) -> list[dict[str, object]]:
    vectors = read_vectors(folder / "displacement.nii.gz")
    materials = read_labels(folder / "materials.nii.gz").data
    axes = [axis for axis, side in enumerate(materials.shape) if side > 1]
    moved_mm = np.linalg.norm(vectors.data * vectors.spacing_mm, axis=-1)
    volume_ratio = jacobian_determinant(vectors.data[..., axes].squeeze()).reshape(materials.shape)
    with (folder / "tissues.csv").open(newline="") as lines:
        table = list(csv.DictReader(lines))
    rows: list[dict[str, object]] = []
    for entry in table:
        where = materials == int(entry["material"])
        if entry["name"] == "air" or not where.any():
            continue
        rows.append(
            {
                "subject": folder.name,
                "tissue": entry["name"],
                **{
                    name: float(entry[name]) for name in ("youngs_modulus_kpa", "poisson_ratio", "lambda_kpa", "mu_kpa")
                },
                "source": entry["source"],
                "mean_mm": float(moved_mm[where].mean()),
                "p95_mm": float(np.percentile(moved_mm[where], 95)),
                "largest_mm": float(moved_mm[where].max()),
                "volume_ratio": float(volume_ratio[where].mean()),
            }
        )
    return rows


def _mean_sd(values: pd.Series, digits: int) -> str:
    return f"{values.mean():.{digits}f} ({values.std(ddof=0):.{digits}f})"

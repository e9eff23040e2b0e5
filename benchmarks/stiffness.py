"""`python -m benchmarks.stiffness`: do chosen parameters know the stiffness, however one trains and chooses?

Small elas-g networks of the preset cardiac-small, trained under several sampling laws and weights of the energy, and
the shipped one, choose (λ, μ) on 30 hearts that none has seen, by every rule and criterion that phantoms allow.
Trainings go on where they stopped; the tables `stiffness_*.csv` are written beside this file, and `make screenshots`
draws them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd

from elasreg_core.cli.console import Bars
from elasreg_core.config import read_config
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.phantoms import Cohort
from elasreg_core.evaluation.stiffness import (
    error_at_choice,
    error_summary,
    estimates,
    rank_correlations,
    settings,
    true_stiffness,
)
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import SubjectSweep, sweep
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import data_folder, find_family, home
from elasreg_core.workspace.training_runs import run_training

SUBJECTS = 30
TRAININGS = {
    "uniform, energy × 1.5": {},
    "uniform, energy × 1": {"regularization_scale": "1.0"},
    "uniform, energy × 6": {"regularization_scale": "6.0"},
    "log-uniform, energy × 1.5": {"sampling": "log_uniform"},
    "log-uniform, energy × 6": {"sampling": "log_uniform", "regularization_scale": "6.0"},
    "simplex, energy × 1.5": {"sampling": "simplex"},
}
SHIPPED = "as shipped (1.8 mm)"


def trained(name: str) -> Checkpoint:
    """The small network of one way to train, trained now if need be."""
    _, text = read_config("cardiac-small", TRAININGS[name])
    folder = home() / "runs" / "stiffness" / name.replace(" ", "").replace(",", "-").replace("×", "x")
    folder.mkdir(parents=True, exist_ok=True)
    alone = folder / "elas-g.toml"
    alone.write_text(
        "\n".join('models = ["elas-g"]' if line.startswith("models") else line for line in text.split("\n"))
    )
    with Bars() as bars:
        (checkpoint,) = run_training(*read_config(alone), folder, resume=True, reporter=bars)
    return checkpoint


def swept(checkpoint: Checkpoint, root: Path) -> list[SubjectSweep]:
    """Every heart at every node, scored by all that one may choose by."""
    registrar, dataset = Registrar(checkpoint), open_dataset(root, "acdc")
    grid = ParameterGrid.for_checkpoint(11, checkpoint)
    found = []
    for subject in dataset.subjects:
        pair = dataset.load(subject, checkpoint.card.preprocessing)
        scores = sweep(registrar.measured, pair, grid.nodes, ("hd95_mm", "ncc", "displacement_error_vox"))
        found.append(SubjectSweep.from_nodes(pair.id, pair.tissues.names, grid, scores))
    return found


def main() -> None:
    """Trains, sweeps and writes both tables."""
    argparse.ArgumentParser(prog="python -m benchmarks.stiffness", description=__doc__).parse_args()
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as `elasreg train` sets it
    root = data_folder() / f"hearts-{SUBJECTS}-seed-99"
    ensure_phantom(Cohort("cardiac", SUBJECTS, seed=99), root, lambda _: None)
    truth = true_stiffness(root)
    correlations, errors = [], []
    for training in (SHIPPED, *TRAININGS):
        checkpoint = find_family("cardiac").member("elas-g") if training == SHIPPED else trained(training)
        sweeps = swept(checkpoint, root)
        correlations.append(rank_correlations(estimates(sweeps, settings()), truth).assign(training=training))
        errors.append(error_summary(error_at_choice(sweeps, settings())).assign(training=training))
        print(f"{training}: done", flush=True)
    for name, tables in (("correlations", correlations), ("errors", errors)):
        table = pd.concat(tables)
        table = table[["training", *(column for column in table if column != "training")]]
        table.round(4).to_csv(Path(__file__).with_name(f"stiffness_{name}.csv"), index=False)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.response cardiac`: do the adaptive networks tell tissues apart?

One class's parameters are raised from .1 to .9, those of all others stay, and the strain of every class is divided by
what it was. A network that tells tissues apart stiffens the class that was raised, and hardly any other. Means over
phantoms that no network has seen.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.cli.console import print_table
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.phantoms import Cohort
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.physics.fields import displacement_gradient
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace.demo import ensure_phantom
from elasreg_core.workspace.paths import data_folder, find_family

LOW, HIGH = 0.1, 0.9
SUBJECTS = 30


def responses(checkpoint: Checkpoint, pairs: list[RegistrationPair]) -> pd.DataFrame:
    """The strain of every class (columns) where one class was raised (rows), as a share of that before."""
    registrar = Registrar(checkpoint)
    classes = ("background", *checkpoint.card.tissues)
    shares = np.empty((len(pairs), len(classes), len(classes)))
    for of_pair, pair in zip(shares, pairs, strict=True):
        values = np.full(len(classes), LOW)
        before = strains(registrar, pair, values)
        for raised in range(len(classes)):
            of_pair[raised] = strains(registrar, pair, np.where(np.arange(len(classes)) == raised, HIGH, LOW)) / before
    table = pd.DataFrame(np.nanmean(shares, axis=0).round(3), columns=list(classes))
    return table.assign(raised=classes)[["raised", *classes]]


def strains(registrar: Registrar, pair: RegistrationPair, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Root mean square of the strain, class by class, under one value for each class's parameters."""
    n_parameters = len(registrar.checkpoint.model.regularizer.parameters)
    gradient = displacement_gradient(
        registrar.displacement(pair, ParameterField(tuple((float(value),) * n_parameters for value in values)))
    )
    squared = (((gradient + np.swapaxes(gradient, -1, -2)) / 2) ** 2).sum((-1, -2))
    inside = [pair.fixed_labels == label for label in range(len(values))]
    return np.array([np.sqrt(squared[mask].mean()) if mask.any() else np.nan for mask in inside])


def main() -> None:
    """Prints a table per adaptive model of the family."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.response", description=__doc__)
    parser.add_argument("family", help="of checkpoints trained on phantoms")
    family = find_family(parser.parse_args().family)
    for name, checkpoint in family.members.items():
        if checkpoint.is_adaptive:
            trained_on = checkpoint.card.training["data"]["phantom"]
            cohort = Cohort(trained_on["kind"], SUBJECTS, seed=99, plane=trained_on["plane"])
            root = data_folder() / f"{cohort.kind}-{cohort.plane}-{SUBJECTS}-seed-{cohort.seed}"
            ensure_phantom(cohort, root)
            dataset = open_dataset(root, cohort.layout)
            pairs = [dataset.load(subject, checkpoint.card.preprocessing) for subject in dataset.subjects]
            print(f"{name}: strain after raising one class from {LOW} to {HIGH}, as a share of that before")
            print_table(responses(checkpoint, pairs))


if __name__ == "__main__":
    main()

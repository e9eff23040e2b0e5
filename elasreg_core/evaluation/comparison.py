"""Table 1: the same subjects under different models and ways of choosing parameters.

`initial` is the unregistered pair; a global model (diff-g, elas-g) registers with the one setting that is best for the
mean over the tissues, an adaptive one (diff-sas, elas-sas) with each tissue's own optimum. The paper chooses with the
subject's own labels, an oracle; two honest ways stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.evaluation.scores import Scores, score_displacement
from elasreg_core.identification.cohort import leave_one_out, mean_sweep
from elasreg_core.identification.selection import (
    MEAN,
    PAPER,
    Optimum,
    Selection,
    best_node,
    choose_parameters,
    chosen_parameters,
)
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS, Model
from elasreg_core.networks.checkpoint import Family
from elasreg_core.physics.parameters import ELASTIC, Node, ParameterField

Displace = Callable[[RegistrationPair, ParameterField], npt.NDArray[np.floating]]

INITIAL = "initial"
#: By whom parameters are chosen, and what that needs.
CHOICES = {
    "subject": "with the subject's own labels (an oracle, the paper's way)",
    "cohort": "on other subjects' labels: those of --validation, or all compared subjects but the one at hand",
    "refined": "as subject, then uphill on soft Dice through the adaptive network, all tissues jointly (an oracle)",
    "image": "by the subject's own images: the best local NCC, without labels of the moving image",
}
BY_IMAGE = "ncc"  # the criterion of the choice "image"


CERTAINTY = ("plateau", "nodes", "on_edge", "ties")
PARAMETER_COLUMNS = ("subject", "model", "tissue", *ELASTIC.parameters, *CERTAINTY)


@dataclass(frozen=True)
class Contender:
    """A row of the table: a model, and by whom its parameters are chosen."""

    model: Model
    choice: str = "subject"

    @property
    def title(self) -> str:
        """E.g. "elas-sas", or "elas-sas (cohort)"."""
        return self.model.name if self.choice == "subject" else f"{self.model.name} ({self.choice})"


@dataclass(frozen=True)
class Chosen:
    """What a subject is registered with, and what is known about that choice.

    Attributes:
        parameters: of all classes.
        optima: per tissue (adaptive models), or the one for their mean; none where they were refined since.
    """

    parameters: ParameterField
    optima: tuple[Optimum, ...] = ()

    def optimum(self, tissue: str) -> Optimum | None:
        """The one that the tissue's parameters come from."""
        return next((optimum for optimum in self.optima if optimum.tissue in (tissue, MEAN)), None)


@dataclass(frozen=True)
class Comparison:
    """What a comparison of one family found.

    Attributes:
        family: whose models.
        contenders: rows of the table but the first, in its order.
        rows: one row per subject and model (`score_row`), the unregistered pair first.
        parameters: what each subject was registered with (`parameter_rows`).
        curve_rows: alignment against regularity (`alignment_regularity.curve_rows`).
        certainty: how often resampled images choose the same node: `subject, model, tissue, same_node, nodes`.
        sweeps: global model → subject → sweep.
        is_phantom: whether the subjects have a true motion.
        faults: why some subject or choice is missing, one sentence each.
    """

    family: Family
    contenders: tuple[Contender, ...]
    rows: pd.DataFrame
    parameters: pd.DataFrame
    curve_rows: pd.DataFrame
    sweeps: dict[str, dict[str, SubjectSweep]]
    is_phantom: bool
    faults: tuple[str, ...] = ()
    certainty: pd.DataFrame = field(default_factory=pd.DataFrame)


def contenders(models: Iterable[str], choices: Iterable[str]) -> list[Contender]:
    """All models under all choices, in the paper's order; only adaptive ones can be refined."""
    known = set(models)
    return [
        Contender(model, choice)
        for choice in choices
        for name, model in MODELS.items()
        if name in known and (model.is_adaptive or choice != "refined")
    ]


def choose_for_all(
    contender: Contender,
    sweeps: Mapping[str, SubjectSweep],
    background: Node,
    selection: Selection = PAPER,
    validation: Mapping[str, SubjectSweep] | None = None,
) -> dict[str, Chosen | InputError]:
    """What every subject is registered with; the sentence of why not, where a choice is impossible.

    Args:
        contender: the model and by whom it is chosen for.
        sweeps: of the subjects, by the global network with the model's regularizer.
        background: parameters of class 0.
        selection: how to choose; by the image, its criterion is local NCC instead.
        validation: sweeps of other subjects, to choose on for the choice "cohort"; none: leave one out.
    """
    if contender.choice == "image":
        selection = replace(selection, criterion=BY_IMAGE, tolerance=None)
    chosen: dict[str, Chosen | InputError] = {}
    for subject, sweep in _to_choose_from(contender, sweeps, validation):
        try:
            parameters = chosen_parameters(sweep, contender.model, background, selection)
        except InputError as fault:
            chosen[subject] = InputError(f"{subject} is left out of {contender.title}.", received=str(fault))
            continue
        adaptive = contender.model.is_adaptive
        optima = choose_parameters(sweep, selection) if adaptive else (best_node(sweep, MEAN, selection),)
        chosen[subject] = Chosen(parameters, optima)
    return chosen


def _to_choose_from(
    contender: Contender, sweeps: Mapping[str, SubjectSweep], validation: Mapping[str, SubjectSweep] | None
) -> Iterator[tuple[str, SubjectSweep]]:
    if contender.choice != "cohort":
        yield from sweeps.items()
    elif validation is not None:
        common = mean_sweep(list(validation.values()))
        yield from ((subject, common) for subject in sweeps)
    else:
        yield from leave_one_out(sweeps).items()


def score_row(pair: RegistrationPair, title: str, displacement: npt.NDArray[np.floating] | None) -> dict[str, object]:
    """One subject's row of the table of all subjects; without a displacement, of the pair as it is."""
    return _row(pair.id, title, score_displacement(pair, displacement))


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
        "neg_jacobian_tissues_percent": scores.neg_jacobian_tissues_percent,
        "sd_log_jacobian": scores.sd_log_jacobian,
        "learn2reg_sd_log_jacobian": scores.learn2reg_sd_log_jacobian,
    }


def parameter_rows(subject: str, title: str, chosen: Chosen, tissues: Iterable[str]) -> list[dict[str, object]]:
    """What a subject was registered with, and how sure the choice is: one row per class.

    Returns:
        Rows with `subject, model, tissue`, the parameters, and of the optimum that they come from `plateau` (the share
        of the nodes that are as good), `nodes` (that were scored), `on_edge` and `ties`; None where there is none, as
        for an adaptive model's background.
    """
    rows = []
    for tissue, values in chosen.parameters.by_tissue(list(tissues)).items():
        optimum = chosen.optimum(tissue)
        certainty: dict[str, object] = dict.fromkeys(CERTAINTY)
        if optimum is not None and optimum.node is not None:
            known = (round(optimum.plateau_fraction, 4), optimum.n_scored, optimum.on_edge, optimum.ties)
            certainty = dict(zip(CERTAINTY, known, strict=True))
        rows.append({"subject": subject, "model": title, "tissue": tissue, **values, **certainty})
    return rows

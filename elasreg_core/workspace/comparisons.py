"""Table 1 of a cohort: search every subject with every global network, choose, register with every model, score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from elasreg_core.data.datasets import Dataset
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.evaluation.alignment_regularity import budgets, curve_row, within
from elasreg_core.evaluation.comparison import (
    BY_IMAGE,
    INITIAL,
    Comparison,
    Contender,
    choose_for_all,
    contenders,
    parameter_rows,
    score_row,
)
from elasreg_core.identification.refinement import refine
from elasreg_core.identification.selection import PAPER, Selection, chosen_parameters
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import Checkpoint, Family
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.registration.measured import measure_displacement
from elasreg_core.workspace.progress import Reporter
from elasreg_core.workspace.searches import search_subject


@dataclass(frozen=True)
class HowToCompare:
    """What a comparison does with every family.

    Attributes:
        steps: of the grids.
        choices: by whom parameters are chosen, some of `comparison.CHOICES`.
        selection: how, for the choices "subject" and "cohort".
        adaptive: search adaptively.
        validation: other subjects, to choose on for "cohort"; none: each subject by all others.
    """

    steps: int = 11
    choices: Sequence[str] = ("subject",)
    selection: Selection = PAPER
    adaptive: bool = False
    validation: Dataset | None = None

    def __post_init__(self) -> None:
        if "cohort" in self.choices and self.adaptive:
            raise InputError(
                "A choice by the cohort needs every node of every subject.",
                cure="Leave out --adaptive, or the choice cohort",
            )

    @property
    def also(self) -> tuple[str, ...]:
        """What the sweeps must score beside the selection's criterion."""
        return (BY_IMAGE.criterion,) if "image" in self.choices else ()


@dataclass
class _Cohort:
    """One family's registrars and a data set's pairs, loaded with the family's preprocessing."""

    family: Family
    dataset: Dataset
    registrars: dict[str, LazyRegistrar]
    faults: list[str] = field(default_factory=list)

    @property
    def any_checkpoint(self) -> Checkpoint:
        return next(iter(self.family.members.values()))

    def load(self, subject: str) -> RegistrationPair:
        checkpoint = self.any_checkpoint
        return self.dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues)

    def each(self, subjects: Iterable[str], work: Callable[[RegistrationPair], None]) -> None:
        """Does something with every subject; one that fails adds its sentence and costs nobody else's results."""
        for subject in subjects:
            try:
                work(self.load(subject))
            except InputError as fault:
                self.faults.append(str(fault))


def compare_family(family: Family, dataset: Dataset, how: HowToCompare, reporter: Reporter) -> Comparison:
    """Compares all models of a family on all subjects of a data set.

    Every sweep is kept in the workspace's store, so that a second comparison repeats none.

    Raises:
        InputError: the family has an adaptive model without its global one, or damaged weights.
    """
    for model in family.members:
        family.member(MODELS[model].global_name)
        family.member(model).read_weights()
    registrars = {model: LazyRegistrar(checkpoint) for model, checkpoint in family.members.items()}
    cohort = _Cohort(family, dataset, registrars)
    sweeps = _search(cohort, dataset.subjects, how, reporter)
    validation = None
    if how.validation is not None and "cohort" in how.choices:
        others = _Cohort(family, how.validation, registrars, cohort.faults)
        validation = _search(others, how.validation.subjects, how, reporter)
    compared = tuple(contenders(family.members, how.choices))
    chosen = _choose(cohort, compared, sweeps, how, validation)
    rows, parameters, curve_rows = _register(cohort, compared, chosen, sweeps, reporter)
    is_phantom = not rows.empty and bool(rows["displacement_error_vox"].notna().any())
    return Comparison(family, compared, rows, parameters, curve_rows, sweeps, is_phantom, tuple(cohort.faults))


def _search(
    cohort: _Cohort, subjects: Sequence[str], how: HowToCompare, reporter: Reporter
) -> dict[str, dict[str, SubjectSweep]]:
    """Global model → subject → sweep; a subject that fails with one model is in none."""
    searched = [model for model in cohort.family.members if not MODELS[model].is_adaptive]
    sweeps: dict[str, dict[str, SubjectSweep]] = {model: {} for model in searched}

    def search(pair: RegistrationPair) -> None:
        found = {
            model: search_subject(
                *(cohort.registrars[model], pair, how.steps, reporter),
                adaptive=how.adaptive,
                criterion=how.selection.criterion,
                also=how.also,
            ).result()
            for model in searched
        }
        for model, sweep in found.items():
            sweeps[model][pair.id] = sweep

    cohort.each(subjects, search)
    return sweeps


def _choose(
    cohort: _Cohort,
    compared: Sequence[Contender],
    sweeps: dict[str, dict[str, SubjectSweep]],
    how: HowToCompare,
    validation: dict[str, dict[str, SubjectSweep]] | None,
) -> dict[Contender, dict[str, ParameterField]]:
    """Parameters by contender and subject; an impossible choice adds its sentence."""
    chosen: dict[Contender, dict[str, ParameterField]] = {}
    for contender in compared:
        searched = contender.model.global_name
        background = cohort.family.member(contender.model.name).card.background
        try:
            found = choose_for_all(
                *(contender, sweeps[searched], background, how.selection),
                validation=None if validation is None else validation[searched],
            )
        except InputError as fault:  # a cohort of one, say
            cohort.faults.append(f"{contender.title} is left out. {fault}")
            continue
        cohort.faults += [str(fault) for fault in found.values() if isinstance(fault, InputError)]
        chosen[contender] = {s: parameters for s, parameters in found.items() if isinstance(parameters, ParameterField)}
    return chosen


def _register(
    cohort: _Cohort,
    compared: Sequence[Contender],
    chosen: dict[Contender, dict[str, ParameterField]],
    sweeps: dict[str, dict[str, SubjectSweep]],
    reporter: Reporter,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows of the table, the parameters, and the curves."""
    subjects = list(next(iter(sweeps.values())))
    complete = [s for s in subjects if all(s in of for of in chosen.values())]
    done = reporter.phase("registering", len(complete))
    limits = budgets([sweep for of in sweeps.values() for sweep in of.values()])
    rows: list[dict[str, object]] = []
    parameters: list[dict[str, object]] = []
    curve_rows: list[dict[str, object]] = []

    def register(pair: RegistrationPair) -> None:
        rows.append(score_row(pair, INITIAL, None))
        for contender in chosen:
            used = chosen[contender][pair.id]
            if contender.choice == "refined":
                used = refine(cohort.registrars[contender.model.name].soft_dice(pair), used).parameters
            displacement = cohort.registrars[contender.model.name].displacement(pair, used)
            rows.append(score_row(pair, contender.title, displacement))
            parameters.extend(parameter_rows(pair.id, contender.title, used, pair.tissues.names))
            if contender.choice == "subject":
                curve_rows.extend(_curve(cohort, contender, pair, sweeps[contender.model.global_name][pair.id], limits))
        done(complete.index(pair.id) + 1)

    cohort.each(complete, register)
    order = [INITIAL, *(contender.title for contender in compared)]
    table = pd.DataFrame(rows)
    if not table.empty:
        table = table.sort_values("model", key=lambda of: of.map(order.index), kind="stable", ignore_index=True)
    return table, pd.DataFrame(parameters), pd.DataFrame(curve_rows)


def _curve(
    cohort: _Cohort,
    contender: Contender,
    pair: RegistrationPair,
    sweep: SubjectSweep,
    limits: npt.NDArray[np.float64],
) -> list[dict[str, object]]:
    """One subject's curve: what the model does with the best parameters within each budget."""
    registrar = cohort.registrars[contender.model.name]
    background = registrar.checkpoint.card.background
    known: dict[ParameterField, tuple[dict[str, float], float, float]] = {}
    rows = []
    for limit in limits:
        used = chosen_parameters(sweep, contender.model, background, within(limit))
        if used not in known:
            found = measure_displacement(pair, registrar.displacement(pair, used))
            dice = dict(zip(pair.tissues.names, found.dice, strict=True))
            known[used] = dice, found.sd_log_jacobian, found.neg_jacobian_percent
        rows.append(curve_row(pair.id, contender.title, float(limit), *known[used]))
    return rows

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
from elasreg_core.evaluation.alignment_regularity import Candidate, budgets, curve_rows, within
from elasreg_core.evaluation.comparison import (
    BY_IMAGE,
    INITIAL,
    PARAMETER_COLUMNS,
    Chosen,
    Comparison,
    Contender,
    choose_for_all,
    contenders,
    parameter_rows,
    score_row,
)
from elasreg_core.identification.bootstrap import certainty
from elasreg_core.identification.refinement import refine
from elasreg_core.identification.selection import PAPER, Selection, chosen_parameters, require_every_node
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
        bootstrap: how often every choice by Dice is made again on resampled images; 0: never.
    """

    steps: int = 11
    choices: Sequence[str] = ("subject",)
    selection: Selection = PAPER
    adaptive: bool = False
    validation: Dataset | None = None
    bootstrap: int = 0

    def __post_init__(self) -> None:
        require_every_node(self.selection, self.adaptive)
        for choice in ("cohort", "image"):
            if choice in self.choices and self.adaptive:
                raise InputError(
                    f"The choice {choice} needs every node of every subject.",
                    cure=f"Leave out --adaptive, or the choice {choice}",
                )
        if self.validation is not None and "cohort" not in self.choices:
            raise InputError("The validation subjects choose nothing.", cure="Add --choice cohort, or leave them out")

    def require_others(self, dataset: Dataset) -> None:
        """Raises InputError if a subject that is compared is also one to choose on."""
        if self.validation is None:
            return
        compared = {case.fixed.resolve(): case.id for case in dataset.cases}
        shared = [compared[path] for case in self.validation.cases if (path := case.fixed.resolve()) in compared]
        if shared:
            raise InputError(
                f"{len(shared)} of the subjects are compared and chosen on at once.",
                expected="validation subjects that are not compared",
                received=", ".join(shared[:8]) + (", …" if len(shared) > 8 else ""),
                cure="Put them into folders of their own, or leave out --validation: each subject by all others",
            )

    @property
    def also(self) -> tuple[str, ...]:
        """What the sweeps must score beside the selection's criterion."""
        return (BY_IMAGE,) if "image" in self.choices else ()


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
                self.faults.append(self.dataset.unplaced(str(fault)))


def compare_family(family: Family, dataset: Dataset, how: HowToCompare, reporter: Reporter) -> Comparison:
    """Compares all models of a family on all subjects of a data set.

    Every sweep is kept in the workspace's store, so that a second comparison repeats none.

    Raises:
        InputError: the family has an adaptive model without its global one, or damaged weights.
    """
    for model in family.members:
        family.member(MODELS[model].global_name)
        family.member(model).read_weights()
    how.require_others(dataset)
    registrars = {model: LazyRegistrar(checkpoint) for model, checkpoint in family.members.items()}
    cohort = _Cohort(family, dataset, registrars)
    sweeps = _search(cohort, dataset.subjects, how, reporter)
    certain = _certainty(cohort, sweeps, how, reporter)
    validation = None
    if how.validation is not None:
        cohort.faults += map(how.validation.unplaced, how.validation.faults)
        others = _Cohort(family, how.validation, registrars, cohort.faults)
        validation = _search(others, how.validation.subjects, how, reporter)
    compared = tuple(contenders(family.members, how.choices))
    chosen = _choose(cohort, compared, sweeps, how, validation)
    tables = _register(cohort, compared, chosen, sweeps, how, reporter)
    is_phantom = not tables[0].empty and bool(tables[0]["displacement_error_vox"].notna().any())
    return Comparison(family, compared, *tables, sweeps, is_phantom, tuple(cohort.faults), certain)


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


def _certainty(
    cohort: _Cohort, sweeps: dict[str, dict[str, SubjectSweep]], how: HowToCompare, reporter: Reporter
) -> pd.DataFrame:
    """How often resampled images choose the same node: `Comparison.certainty`; empty if not asked for."""
    rows: list[dict[str, object]] = []
    subjects = list(next(iter(sweeps.values()))) if how.bootstrap else []
    done = reporter.phase("resampling", len(subjects)) if subjects else None

    def resample(pair: RegistrationPair) -> None:
        for model, of in sweeps.items():
            again = certainty(cohort.registrars[model].measured, pair, of[pair.id].grid.nodes, how.bootstrap)
            rows.extend(
                {"subject": pair.id, "model": model, "tissue": a.tissue, "same_node": a.share, "nodes": a.n_nodes}
                for a in again
                if a.node is not None
            )
        if done is not None:
            done(subjects.index(pair.id) + 1)

    cohort.each(subjects, resample)
    return pd.DataFrame(rows)


def _choose(
    cohort: _Cohort,
    compared: Sequence[Contender],
    sweeps: dict[str, dict[str, SubjectSweep]],
    how: HowToCompare,
    validation: dict[str, dict[str, SubjectSweep]] | None,
) -> dict[Contender, dict[str, Chosen]]:
    """Parameters by contender and subject; an impossible choice adds its sentence."""
    chosen: dict[Contender, dict[str, Chosen]] = {}
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
        chosen[contender] = {subject: of for subject, of in found.items() if isinstance(of, Chosen)}
    return chosen


def _register(
    cohort: _Cohort,
    compared: Sequence[Contender],
    chosen: dict[Contender, dict[str, Chosen]],
    sweeps: dict[str, dict[str, SubjectSweep]],
    how: HowToCompare,
    reporter: Reporter,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows of the table, the parameters, and the curves. A subject has all its rows or none."""
    subjects = list(next(iter(sweeps.values())))
    complete = [s for s in subjects if all(s in of for of in chosen.values())]
    done = reporter.phase("registering", len(complete))
    limits = budgets([sweep for of in sweeps.values() for sweep in of.values()])
    rows: list[dict[str, object]] = []
    parameters: list[dict[str, object]] = []
    curve: list[dict[str, object]] = []

    def register(pair: RegistrationPair) -> None:
        own_rows, own_parameters, own_curve = [score_row(pair, INITIAL, None)], [], []
        for contender in chosen:
            registrar = cohort.registrars[contender.model.name]
            used = chosen[contender][pair.id]
            if contender.choice == "refined":
                used = _refined(registrar, pair, used, how.selection)
            own_rows.append(score_row(pair, contender.title, registrar.displacement(pair, used.parameters)))
            own_parameters += parameter_rows(pair.id, contender.title, used, pair.tissues.names)
        for model in cohort.family.members:
            sweep = sweeps[MODELS[model].global_name][pair.id]
            own_curve += _curve(cohort.registrars[model], pair, sweep, limits)
        rows.extend(own_rows)
        parameters.extend(own_parameters)
        curve.extend(own_curve)
        done(complete.index(pair.id) + 1)

    cohort.each(complete, register)
    order = [INITIAL, *(contender.title for contender in compared)]
    table = pd.DataFrame(rows)
    if not table.empty:
        table = table.sort_values("model", key=lambda of: of.map(order.index), kind="stable", ignore_index=True)
    return table, pd.DataFrame(parameters, columns=list(PARAMETER_COLUMNS)), pd.DataFrame(curve)


def _refined(registrar: LazyRegistrar, pair: RegistrationPair, start: Chosen, selection: Selection) -> Chosen:
    """The refined parameters; the start, where they fold or bend more than the selection allows."""
    refined = refine(registrar.soft_dice(pair), start.parameters).parameters
    if selection.is_capped:
        found = measure_displacement(pair, registrar.displacement(pair, refined))
        if not selection.allows(found.neg_jacobian_percent, found.sd_log_jacobian):
            return start
    return Chosen(refined)


def _curve(
    registrar: LazyRegistrar, pair: RegistrationPair, sweep: SubjectSweep, limits: npt.NDArray[np.float64]
) -> list[dict[str, object]]:
    """One subject's curve of one model; nothing where no tissue has a Dice to choose by."""
    checkpoint = registrar.checkpoint
    candidates: dict[ParameterField, Candidate] = {}
    for limit in limits:
        try:
            used = chosen_parameters(sweep, checkpoint.model, checkpoint.card.background, within(limit))
        except InputError:
            continue
        if used not in candidates:
            found = measure_displacement(pair, registrar.displacement(pair, used))
            dice = dict(zip(pair.tissues.names, found.dice, strict=True))
            candidates[used] = Candidate(dice, found.sd_log_jacobian, found.neg_jacobian_percent)
    return curve_rows(pair.id, checkpoint.card.model, limits, list(candidates.values()))

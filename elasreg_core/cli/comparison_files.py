"""The files of a comparison: tables as CSV, Markdown and LaTeX, tests, curves, and one HTML report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.console import print_table
from elasreg_core.data.datasets import Dataset
from elasreg_core.evaluation.alignment_regularity import at_equal_regularity, curves
from elasreg_core.evaluation.comparison import CHOICES, Comparison
from elasreg_core.evaluation.statistics import all_comparisons
from elasreg_core.evaluation.table_one import (
    PAPER_NAME,
    PAPER_NOTE,
    PLATEAU_NOTE,
    TableOne,
    certainty_table,
    paper_rows,
    to_latex,
    to_markdown,
)
from elasreg_core.figures.report import Found, comparison_report
from elasreg_core.networks.architecture import MODELS
from elasreg_core.networks.checkpoint import ModelCard
from elasreg_core.workspace.comparisons import HowToCompare
from elasreg_core.workspace.saved_comparisons import ABOUT, About, write_about


def write_comparison(out: Path, comparison: Comparison, how: HowToCompare, dataset: Dataset) -> list[Path]:
    """Writes all files of one family, and prints what matters; returns the files."""
    tissues = next(iter(comparison.family.members.values())).card.tissues
    table = TableOne.of(comparison.rows, tissues)
    tests = all_comparisons(comparison.rows, comparison.contenders, list(table.means.columns))
    of_dice = tests[tests["metric"] == "mean_dice"].drop(columns="metric") if len(tests) else tests
    curve, equal = curves(comparison.curve_rows), at_equal_regularity(comparison.curve_rows)
    certain = certainty_table(comparison.parameters, comparison.certainty)
    published = pd.DataFrame() if comparison.is_phantom else paper_rows(dataset.layout, tissues)
    note = caption(comparison, how)
    markdown = f"{to_markdown(table.cells(lambda text: f'**{text}**'))}\n\n{note}\n"
    markdown += f"\nHow sure the choices are ({PLATEAU_NOTE}):\n\n{to_markdown(certain)}\n"
    if not published.empty:
        markdown += f"\n{PAPER_NAME}:\n\n{to_markdown(published)}\n\n{PAPER_NOTE}\n"
    found = Found(table, certain, of_dice, curve, equal, published, note)
    files = {
        "per_subject.csv": comparison.rows.to_csv(index=False),
        "parameters.csv": comparison.parameters.to_csv(index=False),
        "curves.csv": curve.to_csv(index=False),
        "curves_per_subject.csv": comparison.curve_rows.to_csv(index=False),
        "equal_regularity.csv": equal.to_csv(index=False),
        "tests.csv": tests.to_csv(index=False),
        "table.csv": table.numbers().to_csv(index=False),
        "table.md": markdown,
        "table.tex": to_latex(table, published, note),
        "report.html": comparison_report(comparison, found),
    }
    if not published.empty:
        files["paper.csv"] = published.to_csv(index=False)
    if len(comparison.certainty):
        files["certainty.csv"] = comparison.certainty.to_csv(index=False)
    files |= _chosen_for_others(comparison, how)
    files["certainty_table.csv"] = certain.to_csv(index=False)
    for name, content in files.items():
        write_atomic(out / name, content)
    write_about(out, about(comparison, dataset, note))  # last: the folder counts from here on
    print_table(table.cells())
    print(note)
    print(f"How sure the choices are ({PLATEAU_NOTE}):")
    print_table(certain)
    if not published.empty:
        print(f"{PAPER_NAME}, Table 1:")
        print_table(published)
    if not of_dice.empty:
        print("Mean Dice, paired over the subjects (difference with its 95 % interval, Wilcoxon's p):")
        print_table(of_dice)
    if not equal.empty:
        print("The same at equal regularity (budgets of SDlogJ, each model at its best within them):")
        print_table(equal)
    print(f"{len(files) + 1} files in {out}; report.html shows them.")
    return [*(out / name for name in files), out / ABOUT]


def about(comparison: Comparison, dataset: Dataset, note: str) -> About:
    """What a page must know of a comparison that is in no table."""
    return About(
        family=comparison.family.name,
        data=dataset.root.resolve().name,
        layout=dataset.layout,
        tissues=next(iter(comparison.family.members.values())).card.tissues,
        subjects=comparison.rows["subject"].nunique(),
        models=tuple(contender.title for contender in comparison.contenders),
        caption=note,
        faults=comparison.faults,
        written=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _chosen_for_others(comparison: Comparison, how: HowToCompare) -> dict[str, str]:
    """What a validation cohort chose, model by model, as `elasreg register --parameters` reads it."""
    files = {}
    for contender in comparison.contenders:
        if contender.choice == "cohort" and how.validation is not None:
            of_model = comparison.parameters[comparison.parameters["model"] == contender.title]
            one = of_model[of_model["subject"] == of_model["subject"].iloc[0]].set_index("tissue")
            values = one[list(contender.model.regularizer.parameters)].to_dict("index")
            files[f"parameters-{contender.model.name}.json"] = json.dumps(values, indent=2) + "\n"
    return files


def caption(comparison: Comparison, how: HowToCompare) -> str:
    """What the numbers are: whose, how many, chosen how, trained how."""
    cards = [checkpoint.card for checkpoint in comparison.family.members.values()]
    trained = dict.fromkeys(
        f"{card.sampling} sampling, the energy of the {card.regularized} × {card.regularization_scale:g}"
        for card in cards
    )
    settings = {"labels": "label_weight", "the true motion": "supervision_steps"}
    helped = [what for what, name in settings.items() if any(_trained_with(card, name) for card in cards)]
    return (
        f"{comparison.family.name}: mean (SD) of {comparison.rows['subject'].nunique()} subjects. Parameters: "
        f"{how.selection.sentence}, {'adaptively on' if how.adaptive else 'on'} a {how.steps} × {how.steps} grid of "
        f"(λ, μ), {how.steps**2} values where there is λ alone, without 0; chosen {_chosen(how)}. Background: "
        + ", ".join(dict.fromkeys(MODELS[card.model].regularizer.shown(card.background) for card in cards))
        + f". Trained with {'; '.join(trained)}"
        + (f"; with the help of {' and '.join(helped)}" if helped else "")
        + "."
    )


def _chosen(how: HowToCompare) -> str:
    """By whom, choice by choice."""
    texts = dict(CHOICES)
    if not how.selection.is_oracle:
        texts["subject"] = "by the subject's own images, without labels of the moving one"
    texts["cohort"] = (
        "on the labels of all other compared subjects"
        if how.validation is None
        else f"on the labels of {len(how.validation.cases)} validation subjects"
    )
    return "; ".join(f"{choice}: {texts[choice]}" for choice in how.choices)


def _trained_with(card: ModelCard, setting: str) -> bool:
    return bool(card.training.get("config", {}).get(setting))

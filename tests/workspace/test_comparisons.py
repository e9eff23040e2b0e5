"""Table 1 of a cohort, with made-up networks: who is registered with what, and what a bad subject costs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.evaluation.alignment_regularity import curves
from elasreg_core.identification.selection import Selection
from elasreg_core.networks.checkpoint import load_family
from elasreg_core.registration.measured import measure_displacement
from elasreg_core.workspace import comparisons
from elasreg_core.workspace.comparisons import HowToCompare, compare_family
from tests.builders import make_family, make_volumes, shift, write_pair_folder

MODELS = ("diff-g", "diff-sas", "elas-g", "elas-sas")
SETTINGS = Preprocessing(grid_shape=(20, 24), spacing_mm=2.0)


class Quiet:
    """Hears and says nothing."""

    def phase(self, title, total):
        return lambda done: None

    def note(self, sentence): ...

    def loss(self, value): ...


class FakeRegistrar:
    """u = (s, 0) everywhere, s = 4 × the mean of the tissues' λ; the adaptive networks are off by half a row."""

    calls: list = []  # noqa: RUF012

    def __init__(self, checkpoint):
        self.checkpoint = checkpoint

    def displacement(self, pair, parameters):
        self.calls.append((self.checkpoint.card.model, pair.id, parameters))
        rows = 4 * np.mean([node[0] for node in parameters.nodes[1:]])
        return shift(pair, rows + 0.5 * self.checkpoint.is_adaptive, 0)

    def measured(self, pair, nodes):
        for field in nodes:
            yield measure_displacement(pair, self.displacement(pair, field))

    def soft_dice(self, pair):
        return lambda vector: (float(1 - np.sum((vector - 0.25) ** 2)), (-2 * (vector - 0.25)).astype("f4"))


@pytest.fixture
def family(tmp_path, monkeypatch):
    monkeypatch.setattr(comparisons, "LazyRegistrar", FakeRegistrar)
    monkeypatch.setattr(FakeRegistrar, "calls", [])
    return load_family(make_family(tmp_path / "fam", models=MODELS, preprocessing=SETTINGS))


@pytest.fixture
def cohort(tmp_path):
    for number in (1, 2, 3):
        write_pair_folder(tmp_path / "pairs", f"s{number}", **make_volumes(seed=number))
    return open_dataset(tmp_path / "pairs", "pairs")


def test_every_model_registers_every_subject_with_what_its_choice_says(family, cohort):
    found = compare_family(family, cohort, HowToCompare(steps=3), Quiet())
    assert list(found.rows["model"].unique()) == ["initial", *MODELS]
    assert found.rows.groupby("model").size().to_dict() == dict.fromkeys(("initial", *MODELS), 3)
    best = found.rows.groupby("model")["mean_dice"].mean()
    assert best["elas-g"] > best["initial"]
    chosen = found.parameters.set_index(["model", "tissue"])
    assert (chosen.loc[("elas-g", "wall"), "lambda"] == 0.5).all()  # two rows
    assert chosen.loc[("diff-g", "wall"), "mu"].isna().all()
    # the background of an adaptive model is the checkpoint's, of a global one the image's
    assert (chosen.loc[("elas-sas", "background"), "lambda"] == 0).all()
    assert (chosen.loc[("elas-g", "background"), "lambda"] == 0.5).all()
    assert found.faults == ()
    assert not found.is_phantom


def test_the_curves_keep_to_their_budgets(family, cohort):
    found = compare_family(family, cohort, HowToCompare(steps=3), Quiet())
    curve = curves(found.curve_rows)
    assert set(curve["model"]) == set(MODELS)
    assert (curve["sd_log_jacobian"] <= curve["budget"] + 1e-6).all()


def test_a_second_comparison_searches_nothing_again(family, cohort):
    compare_family(family, cohort, HowToCompare(steps=3), Quiet())
    first = [model for model, _, _ in FakeRegistrar.calls].count("elas-g")
    FakeRegistrar.calls.clear()
    compare_family(family, cohort, HowToCompare(steps=3), Quiet())
    again = [model for model, _, _ in FakeRegistrar.calls].count("elas-g")
    assert first - again == 3 * 8  # subjects × nodes


def test_choices_stand_beside_each_other(family, cohort):
    how = HowToCompare(steps=3, choices=("subject", "cohort", "image", "refined"))
    found = compare_family(family, cohort, how, Quiet())
    titles = list(found.rows["model"].unique())
    assert titles[1:5] == list(MODELS)
    assert titles[5:9] == [f"{model} (cohort)" for model in MODELS]
    assert titles[-2:] == ["diff-sas (refined)", "elas-sas (refined)"]  # global models have nothing to refine
    refined = found.parameters.set_index(["model", "tissue"]).loc[("elas-sas (refined)", "wall")]
    np.testing.assert_allclose(refined[["lambda", "mu"]], 0.25, atol=1e-3)


def test_a_validation_cohort_chooses_for_all_subjects(family, cohort, tmp_path):
    write_pair_folder(tmp_path / "others", "v1", **make_volumes(seed=9))
    how = HowToCompare(steps=3, choices=("cohort",), validation=open_dataset(tmp_path / "others", "pairs"))
    found = compare_family(family, cohort, how, Quiet())
    assert {subject for _, subject, _ in FakeRegistrar.calls} == {"s1", "s2", "s3", "v1"}
    assert set(found.rows["subject"]) == {"s1", "s2", "s3"}
    chosen = found.parameters.groupby(["model", "tissue"])["lambda"].nunique()
    assert (chosen == 1).all()


def test_a_bad_subject_costs_nobody_elses_results(family, cohort, tmp_path):
    (tmp_path / "pairs" / "s2" / "moving.nii.gz").write_bytes(b"no image")
    found = compare_family(family, cohort, HowToCompare(steps=3), Quiet())
    assert set(found.rows["subject"]) == {"s1", "s3"}
    assert len(found.faults) == 1
    assert "s2" in found.faults[0]


def test_one_subject_alone_has_no_cohort_and_keeps_its_other_rows(family, cohort):
    alone = dataclasses.replace(cohort, cases=cohort.cases[:1])
    found = compare_family(family, alone, HowToCompare(steps=3, choices=("subject", "cohort")), Quiet())
    assert list(found.rows["model"]) == ["initial", *MODELS]
    assert any("elas-g (cohort) is left out" in fault and "other subjects" in fault for fault in found.faults)


def test_a_criterion_that_the_subjects_lack_is_said(family, cohort):
    how = HowToCompare(steps=3, selection=Selection(criterion="tre_mm"))  # no landmarks here
    found = compare_family(family, cohort, how, Quiet())
    assert found.rows.empty
    assert any("No tissue has an optimum" in fault and "TRE" in fault for fault in found.faults)


def test_a_choice_by_the_cohort_needs_whole_grids():
    with pytest.raises(InputError, match="needs every node of every subject.*--adaptive"):
        HowToCompare(choices=("cohort",), adaptive=True)


def test_an_adaptive_model_needs_its_global_one(tmp_path, cohort):
    family = load_family(make_family(tmp_path / "half", models=("elas-g", "elas-sas", "diff-sas")))
    with pytest.raises(InputError, match="has no diff-g"):
        compare_family(family, cohort, HowToCompare(steps=3), Quiet())

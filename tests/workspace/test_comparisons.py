"""Table 1 of a cohort, with made-up networks: who is registered with what, and what a bad subject costs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.errors import InputError
from elasreg_core.evaluation.alignment_regularity import at_equal_regularity, curves
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


class Wavy(FakeRegistrar):
    """The same shift, and waves that are the higher the smaller λ is; of the adaptive networks a tenth higher."""

    def displacement(self, pair, parameters):
        u = super().displacement(pair, parameters)
        height = (1.2 - np.mean([node[0] for node in parameters.nodes[1:]])) * (1 + 0.1 * self.checkpoint.is_adaptive)
        u[..., 1] += 0.5 * height * np.sin(np.arange(u.shape[1], dtype=np.float32))
        return u


@pytest.mark.parametrize("choices", [("subject",), ("cohort",), ("image",), ("refined",)])
def test_the_curves_keep_to_their_budgets_whatever_was_chosen(family, cohort, monkeypatch, choices):
    monkeypatch.setattr(comparisons, "LazyRegistrar", Wavy)
    found = compare_family(family, cohort, HowToCompare(steps=3, choices=choices), Quiet())
    curve = curves(found.curve_rows)
    assert set(curve["model"]) == set(MODELS)
    assert curve["sd_log_jacobian"].std() > 0.02  # or any budget would do
    assert (curve["sd_log_jacobian"] <= curve["budget"]).all()
    # the adaptive ones cannot keep to the smallest
    lowest = curve.groupby("model")["budget"].min()
    assert lowest["elas-sas"] > lowest["elas-g"]
    assert not at_equal_regularity(found.curve_rows).empty


def test_a_refinement_that_folds_too_much_is_not_taken(family, cohort, monkeypatch):
    monkeypatch.setattr(comparisons, "LazyRegistrar", Wavy)
    start, refined = (
        compare_family(
            *(family, cohort),
            HowToCompare(steps=3, choices=("refined",), selection=Selection(max_sd_log_jacobian=cap)),
            Quiet(),
        ).parameters.set_index(["model", "tissue"])["lambda"]["elas-sas (refined)", "wall"]
        for cap in (0.3, None)
    )
    # refined to .25, where the waves are higher than the cap allows
    np.testing.assert_allclose(refined, 0.25, atol=1e-3)
    assert (start > 0.4).all()


def test_without_labels_of_the_moving_images_a_choice_by_the_image_has_no_curve(family, tmp_path):
    for number in (1, 2):
        volumes = make_volumes(seed=number) | {"moving_labels": None}
        write_pair_folder(tmp_path / "unlabelled", f"s{number}", **volumes)
    dataset = open_dataset(tmp_path / "unlabelled", "pairs")
    how = HowToCompare(steps=3, choices=("image",), selection=Selection("ncc"))
    found = compare_family(family, dataset, how, Quiet())
    assert found.faults == ()
    assert found.rows.groupby("model").size().to_dict() == {
        "initial": 2,
        **{f"{model} (image)": 2 for model in MODELS},
    }
    assert found.curve_rows.empty
    assert at_equal_regularity(found.curve_rows).empty


def test_a_bootstrap_says_how_often_the_same_node_is_chosen(family, cohort):
    found = compare_family(family, cohort, HowToCompare(steps=3, bootstrap=20), Quiet())
    assert found.certainty.groupby("model").size().to_dict() == {"diff-g": 6, "elas-g": 6}  # subjects × tissues
    assert found.certainty["same_node"].between(0, 1).all()
    assert compare_family(family, cohort, HowToCompare(steps=3), Quiet()).certainty.empty


def test_nobody_is_chosen_on_and_compared(family, cohort):
    some = dataclasses.replace(cohort, cases=cohort.cases[1:])
    how = HowToCompare(steps=3, choices=("cohort",), validation=some)
    with pytest.raises(InputError, match="2 of the subjects are compared and chosen on at once.*s2, s3"):
        compare_family(family, cohort, how, Quiet())
    with pytest.raises(InputError, match="validation subjects choose nothing. Cure: Add --choice cohort"):
        HowToCompare(validation=some)


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


@pytest.mark.parametrize("choice", ["cohort", "image"])
def test_some_choices_need_whole_grids(choice):
    with pytest.raises(InputError, match=f"The choice {choice} needs every node of every subject.*--adaptive"):
        HowToCompare(choices=(choice,), adaptive=True)


@pytest.mark.parametrize("how", [{"rule": "most_regular"}, {"max_folding_percent": 0.1}, {"max_sd_log_jacobian": 0.2}])
def test_so_do_some_selections(how):
    with pytest.raises(InputError, match="An adaptive search visits only what the best node needs.*Cure: Leave out"):
        HowToCompare(selection=Selection(**how), adaptive=True)


def test_an_adaptive_model_needs_its_global_one(tmp_path, cohort):
    family = load_family(make_family(tmp_path / "half", models=("elas-g", "elas-sas", "diff-sas")))
    with pytest.raises(InputError, match="has no diff-g"):
        compare_family(family, cohort, HowToCompare(steps=3), Quiet())

"""The command line end to end on a small phantom: phantom → data check → train → search → register → compare."""

from __future__ import annotations

import json
import re
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from elasreg_core.cli import data, main
from elasreg_core.data.keypoints import read_points
from elasreg_core.data.phantoms import Cohort
from tests.builders import small_run, write_points

pytestmark = pytest.mark.slow

SCORES = {"mean_dice", "dice", "hd95_mm", "tre_mm", "neg_jacobian_percent", "sd_log_jacobian"}
MODELS = ("elas-g", "elas-sas", "diff-g", "diff-sas")
FIELDS = {"displacement_learn2reg.nii.gz", "displacement_itk.nii.gz", "displacement_ras.nii.gz"}
SWEEP_COLUMNS = ["subject", "tissue", "lambda", "mu", "dice", "hd95_mm", "tre_mm", "neg_jacobian_percent"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A phantom cohort and a family of all models trained on it, made with the commands themselves."""
    folder = tmp_path_factory.mktemp("project")
    assert main(["phantom", "cardiac", "--subjects", "2", "--seed", "5", "--out", str(folder / "hearts")]) == 0
    (folder / "small.toml").write_text(small_run(folder / "hearts", MODELS))
    assert main(["train", str(folder / "small.toml"), "--out", str(folder / "family")]) == 0
    return folder


def patient(project, number=1):
    base = project / "hearts" / "training" / f"patient{number:03d}"
    files = {"fixed": "frame01", "fixed-labels": "frame01_gt", "moving": "frame12", "moving-labels": "frame12_gt"}
    return [text for role, name in files.items() for text in (f"--{role}", str(base / f"{base.name}_{name}.nii.gz"))]


def test_data_check_prints_the_cohort(project, capsys):
    assert main(["data", "check", str(project / "hearts"), "--dataset", "acdc"]) == 0
    output = capsys.readouterr().out
    assert "184×176×1" in output
    assert "2 of 2 subjects can be read, 0 faults." in output


def test_phantom_writes_the_plane_that_is_asked_for(tmp_path, capsys):
    out = tmp_path / "chests"
    command = ["phantom", "thorax", "--subjects", "1", "--seed", "5", "--plane", "axial", "--out", str(out)]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert f"1 subjects in {out}, layout nlst, seed 5; the truth in {out}/truth." in output
    assert nib.load(out / "imagesTr" / "NLST_0001_0000.nii.gz").shape == (192, 144, 1)
    assert main(["data", "check", str(out), "--dataset", "nlst"]) == 0
    assert "1 of 1 subjects can be read, 0 faults." in capsys.readouterr().out


def test_phantom_writes_volumes(tmp_path, capsys, monkeypatch):
    asked = []

    def write(out, cohort):
        asked.append(cohort)
        yield "LungCT_0001"

    monkeypatch.setattr(data, "write_cohort", write)
    assert main(["phantom", "thorax", "--subjects", "1", "--dim", "3", "--out", str(tmp_path / "chests")]) == 0
    assert asked == [Cohort("thorax", 1, 0, dim=3)]
    assert "layout lungct, seed 0" in capsys.readouterr().out


def test_train_keeps_its_configuration_and_resumes_a_finished_run_without_a_step(project, capsys):
    assert (project / "family" / "config.toml").read_text() == (project / "small.toml").read_text()
    command = ["train", str(project / "small.toml"), "--out", str(project / "family")]
    assert main(command) == 2
    assert "holds a training already" in capsys.readouterr().err
    before = (project / "family" / "elas-g" / "model.json").read_text()
    assert main([*command, "--resume"]) == 0
    assert (project / "family" / "elas-g" / "model.json").read_text() == before


def test_train_refuses_other_settings_or_other_data_and_leaves_the_run_as_it_was(project, tmp_path, capsys):
    kept = {path: path.read_bytes() for path in (project / "family").rglob("*") if path.is_file()}
    other = tmp_path / "other.toml"
    for text in (
        small_run(project / "hearts", steps=3),
        small_run(tmp_path / "fewer"),
    ):
        other.write_text(text)
        if not (tmp_path / "fewer").exists():
            main(["phantom", "cardiac", "--subjects", "1", "--seed", "5", "--out", str(tmp_path / "fewer")])
        assert main(["train", str(other), "--out", str(project / "family"), "--resume"]) == 2
        assert "another configuration or of other data" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (project / "family").rglob("*") if path.is_file()} == kept


def test_train_names_the_patients_it_used_and_those_it_left_out(project, tmp_path, capsys):
    hearts = tmp_path / "hearts"
    shutil.copytree(project / "hearts", hearts)
    next(hearts.glob("training/patient002/*frame12_gt.nii.gz")).unlink()
    config = tmp_path / "small.toml"
    config.write_text(small_run(hearts, models=("elas-g",)))
    assert main(["train", str(config), "--out", str(tmp_path / "family")]) == 0
    assert "Left out: patient002 is incomplete." in capsys.readouterr().err
    card = json.loads((tmp_path / "family" / "elas-g" / "model.json").read_text())
    assert card["training"]["subjects"] == ["patient001"]


def test_search_writes_a_tidy_table_and_the_second_time_reads_it_from_the_store(project, tmp_path, capsys):
    command = ["search", "--checkpoint", str(project / "family"), "--data", str(project / "hearts")]
    command += ["--dataset", "acdc", "--grid", "3", "--out"]
    assert main([*command, str(tmp_path / "one.csv")]) == 0
    assert "an oracle" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "one.csv")
    assert list(table.columns)[:8] == SWEEP_COLUMNS
    assert len(table) == 2 * 3 * 8  # subjects × tissues × (3 × 3 nodes without the origin)
    assert not ((table["lambda"] == 0) & (table["mu"] == 0)).any()
    assert main([*command, str(tmp_path / "two.csv")]) == 0
    assert (tmp_path / "two.csv").read_text() == (tmp_path / "one.csv").read_text()


def test_search_sweeps_a_diffusion_network_and_chooses_by_the_image(project, tmp_path, capsys):
    command = ["search", "--checkpoint", str(project / "family"), "--model", "diff-g", "--dataset", "acdc"]
    command += ["--data", str(project / "hearts"), "--subject", "patient001", "--grid", "3", "--out"]
    choice = ["--criterion", "ncc", "--rule", "most_regular", "--max-folding", "0.5"]
    assert main([*command, str(tmp_path / "sweep.csv"), *choice]) == 0
    output = capsys.readouterr().out
    assert "most regular within 0.005 of the best Local NCC, folding at most 0.5 %" in output
    assert "without labels of the moving image" in output
    table = pd.read_csv(tmp_path / "sweep.csv")
    assert sorted(table["lambda"].unique()) == [
        0.125,
        0.25,
        0.375,
        0.5,
        0.625,
        0.75,
        0.875,
        1.0,
    ]  # 3² values, without 0
    assert len(table) == 3 * 8
    assert table["mu"].isna().all()
    assert table["ncc"].notna().all()


def test_an_adaptive_search_visits_fewer_nodes(project, tmp_path):
    command = ["search", "--checkpoint", str(project / "family"), "--data", str(project / "hearts")]
    command += ["--dataset", "acdc", "--subject", "patient001", "--adaptive", "--out", str(tmp_path / "sweep.csv")]
    assert main(command) == 0
    nodes = len(pd.read_csv(tmp_path / "sweep.csv")) / 3
    assert 18 <= nodes <= 60


def test_register_identifies_then_registers_and_writes_everything(project, tmp_path):
    out = tmp_path / "out"
    command = ["register", *patient(project), "--checkpoint", str(project / "family"), "--grid", "3"]
    assert main([*command, "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert set(metrics) >= {"initial", "registered", "parameters", "checkpoints", "seconds", "provenance"}
    assert set(metrics["initial"]) == set(metrics["registered"]) == SCORES
    assert set(metrics["initial"]["dice"]) == {"RV", "LV-Myo", "LV-BP"}
    assert metrics["initial"]["tre_mm"] is None  # ACDC has no landmarks
    assert set(metrics["parameters"]) == {"background", "RV", "LV-Myo", "LV-BP"}
    assert set(metrics["parameters"]["RV"]) == {"lambda", "mu"}
    assert metrics["model"] == "elas-sas"
    assert set(metrics["checkpoints"]) == set(MODELS)
    assert set(metrics["seconds"]) == {"identify", "register"}
    assert "oracle" in metrics["provenance"]["parameters_from"]
    assert str(tmp_path) not in (out / "metrics.json").read_text()  # nobody is told where the patient's files lie


def test_register_writes_files_for_every_use(project, tmp_path, capsys):
    out, files = tmp_path / "out", patient(project)
    assert main(["register", *files, "--checkpoint", str(project / "family"), "--grid", "3", "--out", str(out)]) == 0
    images = {"fixed.nii.gz", "moving.nii.gz", "warped.nii.gz"}
    labels = {f"{name}_labels.nii.gz" for name in ("fixed", "moving", "warped")}
    described = {"metrics.json", "provenance.json", "summary.png", "report.html"}
    written = {path.name for path in out.iterdir() if path.is_file()}
    assert written == images | labels | FIELDS | described | {"jacobian.nii.gz"}
    for name in written - described - {"displacement_itk.nii.gz", "displacement_ras.nii.gz"}:
        assert nib.load(out / name).shape[:3] == (40, 44, 1)

    original = out / "original"
    names = {path.name for path in original.iterdir()}
    transform = {"displacement_itk_transform.h5"}  # needs SimpleITK, which tests have
    assert names == {"warped.nii.gz", "warped_labels.nii.gz"} | FIELDS | transform
    fixed = nib.load(files[1])
    for name in ("warped.nii.gz", "warped_labels.nii.gz"):
        assert nib.load(original / name).shape == fixed.shape == (184, 176, 1)
        np.testing.assert_allclose(nib.load(original / name).affine, fixed.affine, atol=1e-4)
    # a single slice is written two equal slices thick where it is in mm
    assert nib.load(original / "displacement_learn2reg.nii.gz").shape == (184, 176, 1, 3)
    assert nib.load(original / "displacement_itk.nii.gz").shape == (184, 176, 2, 1, 3)

    assert (out / "summary.png").read_bytes().startswith(b"\x89PNG")
    report = (out / "report.html").read_text()
    assert "<title>pair: registered with family/elas-sas</title>" in report
    assert str(tmp_path) not in report
    assert str(project) not in report
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{len(written) + len(names)} files in {out}; {out}/report.html shows them."


@pytest.mark.parametrize(
    ("model", "names", "is_adaptive"),
    [("elas-g", {"lambda", "mu"}, False), ("diff-g", {"lambda"}, False), ("diff-sas", {"lambda"}, True)],
)
def test_register_takes_the_model_that_is_asked_for(project, tmp_path, capsys, model, names, is_adaptive):
    command = ["register", *patient(project), "--checkpoint", str(project / "family"), "--grid", "3"]
    command += ["--model", model, "--criterion", "hd95_mm", "--max-folding", "1"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["model"] == model
    assert all(set(of) == names for of in metrics["parameters"].values())
    tissues = {name: of for name, of in metrics["parameters"].items() if name != "background"}
    provenance = metrics["provenance"]
    each = "each tissue" if is_adaptive else "the mean"
    assert provenance["parameters_from"].startswith(f"the best HD95, folding at most 1 % of {each} over the global")
    assert len(provenance["chosen"]) == (3 if is_adaptive else 1)
    assert is_adaptive or len({tuple(of.values()) for of in tissues.values()}) == 1
    assert (provenance["sampling"], provenance["regularized"], provenance["grid_nodes"]) == (
        "uniform",
        "displacement",
        8,
    )
    assert ("μ" in capsys.readouterr().out.splitlines()[0]) is ("mu" in names)


def test_register_goes_on_from_the_networks_motion(project, tmp_path, capsys):
    given = {tissue: {"lambda": 0.1, "mu": 0.2} for tissue in ("RV", "LV-Myo", "LV-BP")}
    (tmp_path / "params.json").write_text(json.dumps(given))
    command = ["register", *patient(project), "--checkpoint", str(project / "family")]
    command += ["--parameters", str(tmp_path / "params.json"), "--instance-steps"]
    assert main([*command, "3", "--out", str(tmp_path / "out")]) == 0
    instance = json.loads((tmp_path / "out" / "metrics.json").read_text())["provenance"]["instance"]
    before, after = map(float, re.findall(r"-?\d\.\d{4}", instance))
    assert instance.startswith("3 steps on this pair, loss ")
    assert after < before
    assert f"Then instance-specific optimization: {instance}." in (tmp_path / "out" / "report.html").read_text()
    assert "optimizing on this pair: 100%" in capsys.readouterr().err
    assert main([*command, "-1", "--out", str(tmp_path / "never")]) == 2
    assert "Steps are counted from 0." in capsys.readouterr().err


def test_register_refines_what_it_chose(project, tmp_path, capsys):
    command = ["register", *patient(project), "--checkpoint", str(project / "family"), "--grid", "3"]
    metrics = {}
    for how in ([], ["--refine"]):
        assert main([*command, *how, "--out", str(tmp_path / f"out{len(how)}")]) == 0
        metrics[len(how)] = json.loads((tmp_path / f"out{len(how)}" / "metrics.json").read_text())
    before, after = map(float, re.findall(r"\d\.\d{4}", metrics[1]["provenance"]["refined"]))
    assert after >= before
    assert "refined" not in metrics[0]["provenance"]
    assert f"Refined {metrics[1]['provenance']['refined']}." in (tmp_path / "out1" / "report.html").read_text()
    assert metrics[1]["parameters"]["background"] == metrics[0]["parameters"]["background"]
    assert main([*command, "--model", "elas-g", "--refine", "--out", str(tmp_path / "g")]) == 2
    assert "nothing to refine jointly" in capsys.readouterr().err


def test_register_takes_given_parameters_without_moving_labels(project, tmp_path):
    given = {tissue: {"lambda": 0.1, "mu": 0.3} for tissue in ("RV", "LV-Myo", "LV-BP")}
    (tmp_path / "params.json").write_text(json.dumps(given))
    command = ["register", *patient(project)[:6], "--checkpoint", str(project / "family" / "elas-sas")]
    command += ["--parameters", str(tmp_path / "params.json"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["parameters"]["RV"] == {"lambda": 0.1, "mu": 0.3}
    assert metrics["registered"]["mean_dice"] is None  # nothing to compare with
    assert metrics["registered"]["neg_jacobian_percent"] is not None


def test_register_measures_keypoints_before_and_after(project, tmp_path):
    given = {tissue: {"lambda": 0.1, "mu": 0.3} for tissue in ("RV", "LV-Myo", "LV-BP")}
    (tmp_path / "params.json").write_text(json.dumps(given))
    points = np.array([[90.0, 80, 0], [100, 95, 0], [70.5, 60.25, 0]])
    fixed = write_points(tmp_path / "fixed.csv", points)
    moved = write_points(tmp_path / "moved.csv", points + np.array([3, 0, 0]))
    command = ["register", *patient(project), "--checkpoint", str(project / "family")]
    command += ["--parameters", str(tmp_path / "params.json"), "--fixed-keypoints", str(fixed)]
    spacing_mm = nib.load(patient(project)[1]).header.get_zooms()[0]
    # the same points in both images have not moved; those 3 voxels further are 3 voxel sizes away
    for name, moving, before_mm in (("same", fixed, 0), ("moved", moved, 3 * spacing_mm)):
        out = tmp_path / name
        assert main([*command, "--moving-keypoints", str(moving), "--out", str(out)]) == 0
        metrics = json.loads((out / "metrics.json").read_text())
        assert metrics["initial"]["tre_mm"] == pytest.approx(before_mm, abs=1e-3)
        u, to_mm = nib.load(out / "displacement_learn2reg.nii.gz"), nib.load(patient(project)[1]).affine
        in_voxels = np.linalg.inv(u.affine) @ to_mm
        p_fixed, p_moving = (nib.affines.apply_affine(in_voxels, p)[:, :2] for p in (points, read_points(moving)))
        led = [ndimage.map_coordinates(u.get_fdata()[:, :, 0, axis], p_fixed.T, order=1) for axis in (0, 1)]
        missed_mm = 5.0 * np.linalg.norm(p_fixed + np.transpose(led) - p_moving, axis=1)
        assert metrics["registered"]["tre_mm"] == pytest.approx(missed_mm.mean(), rel=1e-3)


def test_compare_prints_the_table_and_a_bad_subject_costs_nobody_else(project, tmp_path, capsys):
    broken = tmp_path / "hearts"
    for number in (1, 2):
        source = project / "hearts" / "training" / f"patient{number:03d}"
        target = broken / "training" / source.name
        target.mkdir(parents=True)
        for path in source.iterdir():
            (target / path.name).write_bytes(path.read_bytes())
    damaged = broken / "training" / "patient002" / "patient002_frame12.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:2000])
    command = ["compare", "--models", str(project / "family"), "--data", str(broken), "--dataset", "acdc"]
    assert main([*command, "--grid", "3", "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert "patient002_frame12.nii.gz is damaged" in captured.err
    rows = pd.read_csv(tmp_path / "out" / "per_subject.csv")
    assert list(rows["model"]) == ["initial", "diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert set(rows["subject"]) == {"patient001"}
    assert "mean (SD) of 1 subjects" in captured.out
    assert "Trained with uniform sampling, the energy of the displacement × 1." in captured.out
    assert (tmp_path / "out" / "table.md").read_text().startswith("| model | DSC RV | DSC LV-Myo |")
    written = {"per_subject.csv", "parameters.csv", "curves.csv", "equal_regularity.csv", "tests.csv"}
    written |= {"curves_per_subject.csv", "certainty_table.csv", "comparison.json", "provenance.json"}
    written |= {"table.csv", "table.md", "table.tex", "report.html", "paper.csv"}  # without a truth, as on patients
    assert {path.name for path in (tmp_path / "out").iterdir()} == written
    numbers = pd.read_csv(tmp_path / "out" / "table.csv").set_index("model")
    assert numbers.loc["elas-g", "mean_dice"] == pytest.approx(rows.set_index("model").loc["elas-g", "mean_dice"])
    assert (numbers["mean_dice n"] == 1).all()
    parameters = pd.read_csv(tmp_path / "out" / "parameters.csv")
    sure = ["plateau", "nodes", "on_edge", "ties"]
    assert list(parameters.columns) == ["subject", "model", "tissue", "lambda", "mu", *sure]
    assert len(parameters) == 4 * 4  # models × classes


@pytest.mark.parametrize("choice", ["cohort", "image", "refined"])
def test_compare_works_with_each_choice_alone(project, tmp_path, capsys, choice):
    out = tmp_path / "out"
    command = ["compare", "--models", str(project / "family"), "--data", str(project / "hearts"), "--dataset", "acdc"]
    command += ["--grid", "3", "--choice", choice, "--bootstrap", "5", "--max-folding", "50"]
    assert main([*command, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert f"chosen {choice}: " in printed
    assert "How sure the choices are" in printed
    titles = [f"{model} ({choice})" for model in MODELS if choice != "refined" or model.endswith("sas")]
    assert set(pd.read_csv(out / "per_subject.csv")["model"]) == {"initial", *titles}
    assert set(pd.read_csv(out / "curves.csv")["model"]) == set(MODELS)
    assert set(pd.read_csv(out / "certainty.csv")["model"]) == {"elas-g", "diff-g"}
    tests = pd.read_csv(out / "tests.csv")
    assert {"mean_dice", "dice RV", "mean_hd95_mm", "sd_log_jacobian"} <= set(tests["metric"])
    assert "all other compared subjects" in (out / "table.md").read_text() or choice != "cohort"


def test_what_a_validation_cohort_chose_can_be_registered_with(project, tmp_path):
    for number, split in ((1, "compared"), (2, "validation")):
        source = project / "hearts" / "training" / f"patient{number:03d}"
        shutil.copytree(source, tmp_path / split / "training" / source.name)
    command = [
        "compare",
        "--models",
        str(project / "family"),
        "--data",
        str(tmp_path / "compared"),
        "--dataset",
        "acdc",
    ]
    command += ["--validation", str(tmp_path / "validation"), "--choice", "cohort", "--grid", "3"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    for model in MODELS:
        given = tmp_path / "out" / f"parameters-{model}.json"
        command = ["register", *patient(project), "--checkpoint", str(project / "family"), "--model", model]
        assert main([*command, "--parameters", str(given), "--out", str(tmp_path / model)]) == 0
        metrics = json.loads((tmp_path / model / "metrics.json").read_text())
        assert metrics["parameters"] == json.loads(given.read_text())


def test_compare_names_a_family_once(project, tmp_path, capsys):
    command = ["compare", "--models", *[str(project / "family")] * 2, "--data", str(project / "hearts")]
    assert main([*command, "--dataset", "acdc", "--out", str(tmp_path / "out")]) == 2
    assert "Two families have one name" in capsys.readouterr().err


def test_search_writes_what_it_chose_and_how_sure_that_is(project, tmp_path, capsys):
    command = ["search", "--checkpoint", str(project / "family"), "--data", str(project / "hearts")]
    command += ["--dataset", "acdc", "--grid", "3", "--subject", "patient001", "--bootstrap", "10"]
    command += ["--tolerance", "0.5"]
    assert main([*command, "--out", str(tmp_path / "sweep.csv")]) == 0
    chosen = pd.read_csv(tmp_path / "sweep-chosen.csv")
    assert chosen["tissue"].tolist() == ["RV", "LV-Myo", "LV-BP"]
    assert (chosen["plateau"] == 1).all()  # within half a Dice are all
    assert chosen["same node"].between(0, 1).all()
    assert "sweep-chosen.csv" in capsys.readouterr().out
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--bootstrap", "-5", "--out", str(tmp_path / "sweep.csv")])
    assert exit_.value.code == 2
    assert "'-5' is not a number of times" in capsys.readouterr().err
    assert main([*command, "--max-folding", "-1", "--out", str(tmp_path / "sweep.csv")]) == 2
    assert "max_folding_percent must be finite and not negative" in capsys.readouterr().err
    assert main([*command, "--adaptive", "--rule", "most_regular", "--out", str(tmp_path / "sweep.csv")]) == 2
    assert "An adaptive search visits only what the best node needs" in capsys.readouterr().err


def test_doctor_names_what_is_installed(capsys):
    code = main(["doctor"])
    output = capsys.readouterr().out
    assert code in (0, 2)  # 2 where no checkpoint is shipped
    assert "tensorflow" in output
    assert "workspace" in output


def test_help_teaches_every_command(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    output = capsys.readouterr().out
    for command in ("app", "doctor", "phantom", "data", "train", "search", "register", "compare"):
        assert f"    {command} " in output

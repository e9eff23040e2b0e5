"""`elasreg verify`: results say how they were made, and the same comes out again; what was altered is named."""

from __future__ import annotations

import json
import shutil

import pytest

from elasreg_core.cli import main
from elasreg_core.cli.replay import found_again
from elasreg_core.errors import InputError
from elasreg_core.provenance import FileFacts, Provenance, read_provenance, versions
from tests.builders import make_family

PATIENT = "training/patient001/patient001_frame"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A phantom heart; its search and its registration with the shipped networks."""
    folder = tmp_path_factory.mktemp("project")
    hearts = folder / "hearts"
    assert main(["phantom", "cardiac", "--subjects", "1", "--seed", "5", "--out", str(hearts)]) == 0
    search = ["search", "--checkpoint", "cardiac", "--data", str(hearts), "--dataset", "acdc", "--grid", "3"]
    assert main([*search, "--out", str(folder / "sweep.csv")]) == 0
    (folder / "own.json").write_text(json.dumps({t: {"lambda": 0.1, "mu": 0} for t in ("RV", "LV-Myo", "LV-BP")}))
    files = {"fixed": "01", "moving": "12", "fixed-labels": "01_gt", "moving-labels": "12_gt"}
    register = [w for role, name in files.items() for w in (f"--{role}", str(hearts / f"{PATIENT}{name}.nii.gz"))]
    register += ["--checkpoint", "cardiac", "--parameters", str(folder / "own.json")]
    assert main(["register", *register, "--out", str(folder / "registered")]) == 0
    return folder


@pytest.fixture
def altered(project, tmp_path):
    """A copy to change."""
    shutil.copytree(project, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.slow
def test_a_registration_comes_out_the_same_from_files_of_other_names(altered, capsys):
    for number, path in enumerate(sorted((altered / "hearts").glob("training/patient001/*.nii.gz"))):
        path.rename(path.with_name(f"{number}.nii.gz"))
    assert main(["verify", str(altered / "registered"), "--data", str(altered / "hearts")]) == 0
    output = capsys.readouterr().out
    assert "original/displacement_itk.nii.gz             identical" in output
    assert "metrics.json                                 identical" in output
    assert "made again, equal within 0.001." in output


@pytest.mark.slow
def test_numbers_that_were_changed_are_found(altered, capsys):
    """A hand that changes a table and its hash too: the recomputed table tells."""
    table = altered / "sweep.csv"
    text = table.read_text()
    value = text.splitlines()[1].split(",")[4]
    table.write_text(text.replace(value, str(float(value) + 0.01), 1))
    said = json.loads((altered / "sweep.csv-provenance.json").read_text())
    facts = FileFacts.of(table)
    said["outputs"]["sweep.csv"] = {"sha256": facts.sha256, "bytes": facts.bytes}
    (altered / "sweep.csv-provenance.json").write_text(json.dumps(said))
    assert main(["verify", str(table), "--data", str(altered / "hearts")]) == 2
    captured = capsys.readouterr()
    assert "differs by 0.01 at most, in row 1, dice" in captured.out
    assert "is not what comes out: 0 altered, 1 differ." in captured.err


def test_phantoms_come_out_the_same_and_what_was_done_to_them_is_named(altered, capsys):
    assert main(["verify", str(altered / "hearts")]) == 0
    table = altered / "hearts" / "truth" / "patient001" / "tissues.csv"
    table.write_text(table.read_text().replace("surroundings", "sky"))
    (altered / "hearts" / f"{PATIENT}12_gt.nii.gz").unlink()
    assert main(["verify", str(altered / "hearts")]) == 2
    error = capsys.readouterr().err
    assert f"{PATIENT}12_gt.nii.gz is missing." in error
    assert "tissues.csv has been altered since it was written." in error


def test_other_data_are_refused(altered, capsys):
    shutil.copy(altered / "hearts" / f"{PATIENT}01.nii.gz", altered / "hearts" / f"{PATIENT}12.nii.gz")
    command = ["verify", str(altered / "sweep.csv"), "--data", str(altered / "hearts")]
    assert main(command) == 2
    assert "patient001/moving in" in (error := capsys.readouterr().err)
    assert "is not the file that the result was made from. Expected: sha256" in error
    shutil.rmtree(altered / "hearts" / "training" / "patient001")
    shutil.copytree(altered / "hearts" / "truth" / "patient001", altered / "hearts" / "training" / "patient002")
    assert main(["verify", str(altered / "registered"), "--data", str(altered / "hearts")]) == 2
    assert "The file that was given as --moving is not below" in capsys.readouterr().err


def test_other_weights_are_refused(altered, capsys):
    make_family(altered / "cardiac")
    command = ["verify", str(altered / "sweep.csv"), "--data", str(altered / "hearts")]
    assert main([*command, "--checkpoint", str(altered / "cardiac")]) == 2
    assert "is not the one that made the result. Expected: sha256" in capsys.readouterr().err


def test_what_says_nothing_of_itself_is_refused(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert "There is no result" in capsys.readouterr().err
    assert main(["verify", str(tmp_path)]) == 2
    assert "Expected: provenance.json in it, as elasreg writes it." in capsys.readouterr().err
    (tmp_path / "sweep.csv").write_text("a\n")
    (tmp_path / "sweep.csv-provenance.json").write_text('{"format": 7}')
    assert main(["verify", str(tmp_path / "sweep.csv")]) == 2
    assert "has another format. Expected: format 1. Received: format 7." in capsys.readouterr().err


def test_another_version_is_told(altered, capsys):
    path = altered / "hearts" / "provenance.json"
    said = json.loads(path.read_text())
    said["versions"] |= {"scipy": "0.1", "gone": "1"}
    path.write_text(json.dumps(said))
    main(["verify", str(altered / "hearts")])
    output = capsys.readouterr().out
    assert f"note: made with scipy 0.1; here it is {versions()['scipy']}." in output
    assert "note: made with gone 1; here it is missing." in output


def test_results_name_no_path(project):
    for text in (path.read_text() for path in project.rglob("*provenance.json")):
        assert str(project) not in text
    said = read_provenance(project / "registered")
    assert (said.command, said.options["checkpoint"], said.options["instance_steps"]) == ("register", "cardiac", 0)
    assert said.options["parameters"]["RV"] == {"lambda": 0.1, "mu": 0}
    assert set(said.inputs) == {"fixed", "moving", "fixed_labels", "moving_labels"}
    assert "out" not in said.options


def test_subjects_that_only_chose_are_asked_for(project):
    said = Provenance("compare", {"dataset": "acdc"}, {"validation/a/fixed": FileFacts("0", 1)}, {}, {}, {}, "")
    with pytest.raises(InputError, match="chosen on other subjects. Cure: Name their folder with --validation"):
        found_again(said, project / "hearts", None)

"""Bad input on the command line: exit code 2, one line that teaches, no traceback, and no waiting for TensorFlow."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from elasreg_core.cli import main
from tests.builders import block, make_family, make_volumes, oblique_affine, write_nifti, write_pair_folder

NOISE = make_volumes()["moving"]


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A workspace of this test's own; whoever reaches for TensorFlow fails with an ImportError."""
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    for module in ("tensorflow", "elasreg_core.registration.registrar", "elasreg_core.registration.export"):
        monkeypatch.setitem(sys.modules, module, None)


@pytest.fixture
def family(tmp_path) -> Path:
    return make_family(tmp_path / "family")


@pytest.fixture
def data(tmp_path) -> Path:
    """A plain pairs folder with the one subject s1."""
    write_pair_folder(tmp_path / "data")
    return tmp_path / "data"


@dataclass
class Command:
    """Runs a command on the one subject in `data`, with what a test adds or replaces."""

    name: str
    data: Path
    family: Path
    out: Path

    def arguments(self) -> list[str]:
        subject = self.data / "s1"
        if self.name == "data check":
            return ["data", "check", str(self.data), "--dataset", "pairs"]
        if self.name == "search":
            sources = ["--data", str(self.data), "--dataset", "pairs"]
        else:
            sources = []
            for role in ("moving", "fixed", "moving_labels", "fixed_labels"):
                found = sorted(subject.glob(f"{role}.nii*")) or [subject / f"{role}.nii.gz"]
                sources += [f"--{role.replace('_', '-')}", str(found[0])]
        return [self.name, "--checkpoint", str(self.family), *sources, "--out", str(self.out), "--grid", "3"]


@pytest.fixture(params=["data check", "search", "register"])
def command(request, data, family, tmp_path) -> Command:
    return Command(request.param, data, family, tmp_path / "out" / "result")


@pytest.fixture
def refused(capsys) -> Callable[..., str]:
    """Runs a command that must be refused; returns its one line."""

    def run(arguments: list[str], *words: str) -> str:
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert "Traceback" not in output.err
        bar = re.compile(r"\[.*it/s\]$")
        lines = [line for line in output.err.splitlines() if line.strip() and not bar.search(line)]
        assert len(lines) == 1, lines
        # `data check` lists faults; it does not fail by them
        start = "fault: " if arguments[:2] == ["data", "check"] and "can be read" in output.out else "elasreg: "
        assert lines[0].startswith(start), lines
        for word in words:
            assert word in lines[0], lines[0]
        return lines[0]

    return run


# Files ----------------------------------------------------------------------------------------------------------------


def with_nan() -> np.ndarray:
    data = NOISE.astype(np.float32)
    data[9, 10, 1] = np.nan
    return data


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])


def as_truncated_nii(path: Path) -> None:
    path.unlink()
    truncate(write_nifti(path.with_suffix(""), NOISE))


BAD_FILES = {
    "not NIfTI": (
        "moving",
        lambda path: path.write_text("patient,age\n" * 200),
        ["cannot be read as an image", "Expected: a NIfTI file", "Received: 2400 bytes"],
    ),
    "empty file": ("fixed", lambda path: path.write_bytes(b""), ["cannot be read as an image", "Received: 0 bytes"]),
    "truncated .nii.gz": ("moving", truncate, ["is damaged", "Expected: shape (20, 24, 3)", "Cure: Copy or download"]),
    "truncated .nii": ("moving", as_truncated_nii, ["is damaged", "Expected: shape (20, 24, 3)", "Cure: Copy or"]),
    "truncated labels": ("fixed_labels", truncate, ["fixed_labels.nii.gz"]),
    "labels of another shape": (
        "moving_labels",
        lambda path: write_nifti(path, np.zeros((20, 23, 3), np.uint8)),
        ["does not lie on the grid", "Expected: shape (20, 24, 3)", "Received: shape (20, 23, 3)", "Cure: Resample"],
    ),
    "labels with another affine": (
        "fixed_labels",
        lambda path: write_nifti(path, make_volumes()["fixed_labels"], oblique_affine(origin_mm=(-40, 25, 117))),
        ["another affine than its image", "Expected: rows", "Received: rows", "Cure: Resample"],
    ),
    "unknown labels": (
        "moving_labels",
        lambda path: write_nifti(path, block(NOISE.shape, slice(4, 9), slice(4, 9), 7)),
        ["does not know", "Expected: 0 background, 1 wall, 2 pool", "Received: 7", "Cure: Merge or renumber"],
    ),
    "an image as labels": (
        "fixed_labels",
        lambda path: write_nifti(path, NOISE.astype(np.float32) / 7),
        ["is not a label map", "Expected: integers from 0 to 255", "Cure: Give the segmentation"],
    ),
    "NaN": (
        "moving",
        lambda path: write_nifti(path, with_nan()),
        ["not finite", "Expected: finite intensities", "Received: 1 NaN or infinite voxels of 1440", "Cure: Replace"],
    ),
    "constant image": (
        "fixed",
        lambda path: write_nifti(path, np.full_like(NOISE, 7)),
        ["is constant", "Expected: an image"],
    ),
    "colour picture": (
        "moving",
        lambda path: write_nifti(path, np.zeros((20, 24, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])),
        ["moving.nii.gz"],
    ),
}


@pytest.mark.parametrize("fault", list(BAD_FILES))
def test_a_bad_file(command, refused, fault):
    role, spoil, words = BAD_FILES[fault]
    spoil(command.data / "s1" / f"{role}.nii.gz")
    refused(command.arguments(), *words)
    assert not command.out.exists()


def test_a_missing_image(command, refused):
    (command.data / "s1" / "fixed.nii.gz").unlink()
    if command.name == "register":
        refused(command.arguments(), "There is no file", "fixed.nii.gz", "Cure: Check the path")
    else:
        refused(command.arguments(), "holds no pair", "Expected: <subject>/{moving, fixed", "s1 is incomplete")


def test_a_missing_folder(command, refused, tmp_path):
    command.data = tmp_path / "nowhere"
    refused(command.arguments(), "There is no fi" if command.name == "register" else "There is no folder", "nowhere")


@pytest.mark.parametrize("dataset", ["acdc", "pairs"])
def test_a_folder_of_another_layout(refused, tmp_path, family, dataset):
    (tmp_path / "photos" / "summer").mkdir(parents=True)
    (tmp_path / "photos" / "summer" / "sea.nii.gz").write_text("")
    where = [str(tmp_path / "photos"), "--dataset", dataset]
    sentence = {"acdc": "does not look like ACDC", "pairs": "holds no pair"}[dataset]
    refused(["data", "check", *where], "photos", sentence, "Expected: ", "Received: no ")
    refused(
        ["search", "--checkpoint", str(family), "--data", *where, "--out", str(tmp_path / "x.csv")],
        sentence,
        "Expected: ",
    )


def test_a_search_without_labels(refused, data, family, tmp_path):
    (data / "s1" / "moving_labels.nii.gz").unlink()
    command = Command("search", data, family, tmp_path / "x.csv")
    refused(command.arguments(), "s1 cannot be searched", "Received: no moving labels", "Cure: Segment the")


def test_a_label_free_search_needs_the_fixed_labels_alone(refused, data, family, tmp_path):
    arguments = [*Command("search", data, family, tmp_path / "x.csv").arguments(), "--criterion", "ncc"]
    (data / "s1" / "moving_labels.nii.gz").unlink()
    with pytest.raises(ImportError):  # only the network is missing
        main(arguments)
    (data / "s1" / "fixed_labels.nii.gz").unlink()
    refused(arguments, "s1 cannot be searched", "Received: no fixed labels", "Cure: Segment the")


def test_a_registration_without_moving_labels_or_parameters(refused, data, family, tmp_path):
    arguments = Command("register", data, family, tmp_path / "out").arguments()
    at = arguments.index("--moving-labels")
    refused(arguments[:at] + arguments[at + 2 :], "Received: no moving labels", "or give the parameters yourself")


def test_an_unknown_subject(refused, data, family, tmp_path):
    arguments = Command("search", data, family, tmp_path / "x.csv").arguments()
    refused([*arguments, "--subject", "s2"], "There is no subject 's2'", "Expected: one of s1", "Received: s2")


@pytest.mark.parametrize("name", ["search", "register"])
def test_a_grid_of_one_step(refused, data, family, tmp_path, name):
    arguments = Command(name, data, family, tmp_path / "out").arguments()
    refused([*arguments[:-1], "1"], "A grid needs at least 2 steps", "Received: 1")


# Checkpoints ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["search", "register"])
def with_checkpoint(request, data, family, tmp_path) -> Command:
    return Command(request.param, data, family, tmp_path / "out" / "result")


def test_a_missing_checkpoint(with_checkpoint, refused, tmp_path):
    with_checkpoint.family = tmp_path / "nowhere"
    refused(with_checkpoint.arguments(), "There is no checkpoint", "Expected: a folder of checkpoints", "nowhere.")


def test_a_folder_that_holds_no_checkpoint(with_checkpoint, refused, data):
    with_checkpoint.family = data
    refused(with_checkpoint.arguments(), "There is no checkpoint", "Expected: a folder of checkpoints")


def test_a_family_without_the_model_that_is_needed(with_checkpoint, refused):
    needed = {"search": "elas-g", "register": "elas-sas"}[with_checkpoint.name]
    (with_checkpoint.family / needed / "model.json").unlink()
    refused(with_checkpoint.arguments(), f"has no {needed}", f"{needed}/model.json", "Cure: Train it")


def test_a_registration_that_identifies_needs_the_global_model_too(refused, data, family, tmp_path):
    (family / "elas-g" / "model.json").unlink()
    refused(Command("register", data, family, tmp_path / "out").arguments(), "has no elas-g", "Cure: Train it")


@pytest.mark.parametrize(
    ("name", "model", "there", "missing"),
    [
        ("search", "diff-g", ("elas-g", "elas-sas"), "diff-g"),
        ("register", "diff-sas", ("elas-g", "elas-sas"), "diff-sas"),
        ("register", "diff-sas", ("elas-g", "diff-sas"), "diff-g"),  # elas-g searches for elas-sas alone
        ("register", "diff-g", ("elas-g", "diff-sas"), "diff-g"),
    ],
)
def test_the_models_of_diffusion_need_their_own_family_members(refused, data, tmp_path, name, model, there, missing):
    arguments = Command(name, data, make_family(tmp_path / "some", there), tmp_path / "out").arguments()
    refused([*arguments, "--model", model], f"some has no {missing}", "Received: ", "Cure: Train it")


@pytest.mark.parametrize(
    ("name", "option", "words"),
    [
        ("search", ["--model", "elas-sas"], "argument --model: invalid choice: 'elas-sas' (choose from"),
        ("search", ["--criterion", "folding"], "argument --criterion: invalid choice: 'folding' (choose from"),
        ("register", ["--model", "elas"], "argument --model: invalid choice: 'elas' (choose from"),
        ("register", ["--rule", "median"], "argument --rule: invalid choice: 'median' (choose from"),
        ("register", ["--max-folding", "little"], "argument --max-folding: invalid float value: 'little'"),
    ],
)
def test_a_choice_that_there_is_not(data, family, tmp_path, capsys, name, option, words):
    with pytest.raises(SystemExit) as exit_:
        main([*Command(name, data, family, tmp_path / "out").arguments(), *option])
    assert exit_.value.code == 2
    assert words in capsys.readouterr().err


def test_a_damaged_card(with_checkpoint, refused):
    (with_checkpoint.family / "elas-g" / "model.json").write_text('{"format": 1,')
    refused(with_checkpoint.arguments(), "model.json is not JSON", "Cure: Copy it again, or mend it")


@pytest.mark.parametrize(("name", "model"), [("search", "elas-g"), ("register", "elas-g"), ("register", "elas-sas")])
def test_a_checkpoint_without_its_weights(refused, data, family, tmp_path, name, model):
    """Said at once: not after TensorFlow was loaded, and not after the search that precedes a registration."""
    next((family / model).glob("weights-*")).unlink()
    arguments = Command(name, data, family, tmp_path / "out").arguments()
    refused(arguments, f"{model} has no weights", "Expected: ", "Cure: Copy it again")


def test_altered_weights(with_checkpoint, refused):
    next((with_checkpoint.family / "elas-g").glob("weights-*")).write_bytes(b"something else")
    refused(with_checkpoint.arguments(), "are not those that model.json was written for", "Cure: Copy or train")


def test_a_checkpoint_for_other_tissues(refused, data, tmp_path):
    lungs = make_family(tmp_path / "lungs", tissues=("lung", "bone"))
    refused(
        Command("search", data, lungs, tmp_path / "x.csv").arguments(),
        "lungs/elas-g was trained for other tissues than s1 has",
        "Expected: lung, bone",
        "Received: wall, pool",
        "Cure: Use a checkpoint trained for these tissues",
    )


def test_a_checkpoint_that_knows_fewer_tissues(refused, data, tmp_path):
    lungs = make_family(tmp_path / "lungs", tissues=("lung",))
    refused(
        Command("register", data, lungs, tmp_path / "out").arguments(),
        "fixed_labels.nii.gz holds labels that the tissue table does not know",
        "Expected: 0 background, 1 lung",
        "Received: 2",
        "or use a checkpoint for these tissues",
    )


# Parameters -----------------------------------------------------------------------------------------------------------

GOOD = {"wall": {"lambda": 0.1, "mu": 0.2}, "pool": {"lambda": 0.3, "mu": 0.4}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("λ = 1", ["is not JSON", "Expected: {tissue: {lambda, mu}, …} for wall, pool", "Received: "]),
        ("", ["is not JSON", "Received: Expecting value"]),
        ("[0.1, 0.2]", ["does not hold parameters"]),
        (json.dumps({"wall": {"lambda": 0.1}, "pool": GOOD["pool"]}), ["does not hold parameters", "'mu'"]),
        (json.dumps(GOOD | {"wall": {"lambda": "soft", "mu": 0.1}}), ["does not hold parameters", "'soft'"]),
        (json.dumps(GOOD | {"wall": [0.1, 0.2]}), ["does not hold parameters"]),
        (json.dumps(GOOD | {"wall": {"lambda": 1.5, "mu": 0.1}}), ["outside the range", "λ and μ in [0, 1]", "1.5"]),
        (json.dumps(GOOD | {"wall": {"lambda": float("nan"), "mu": 0.1}}), ["outside the range", "Received: nan"]),
        (json.dumps({"wall": GOOD["wall"]}), ["not those of the checkpoint's tissues", "Expected: wall, pool"]),
        (json.dumps(GOOD | {"bone": GOOD["pool"]}), ["not those of the checkpoint's tissues", "Cure: Give parameters"]),
        ("{}", ["not those of the checkpoint's tissues", "Received: none"]),
        (b"\xff\xfe\x00", ["is not JSON", "Save it as UTF-8"]),
        (None, ["There is no file", "parameters.json", "Cure: Check the path"]),
    ],
)
def test_garbage_for_parameters(refused, data, family, tmp_path, content, words):
    path = tmp_path / "parameters.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    arguments = Command("register", data, family, tmp_path / "out").arguments()
    refused([*arguments, "--parameters", str(path)], *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"wall": {"mu": 0.1}, "pool": {"lambda": 0.1}}, ["{tissue: {lambda}, …} for wall, pool", "'lambda'"]),
        ({"wall": {"lambda": 0.1}}, ["not those of the checkpoint's tissues", "Expected: wall, pool"]),
        ({"wall": {"lambda": 2}, "pool": {"lambda": 0.1}}, ["outside the range", "Expected: λ in [0, 1]", "2"]),
    ],
)
def test_garbage_for_the_parameters_of_diffusion(refused, data, tmp_path, content, words):
    (tmp_path / "parameters.json").write_text(json.dumps(content))
    smooth = make_family(tmp_path / "smooth", ("diff-g", "diff-sas"))
    arguments = Command("register", data, smooth, tmp_path / "out").arguments()
    refused([*arguments, "--model", "diff-sas", "--parameters", str(tmp_path / "parameters.json")], *words)


# Where results go -----------------------------------------------------------------------------------------------------


def test_a_phantom_does_not_write_into_a_used_folder(refused, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.tex").write_text("precious")
    refused(
        ["phantom", "cardiac", "--subjects", "1", "--out", str(tmp_path / "used")],
        "used is not empty",
        "Expected: a new folder",
        "Cure: Choose another --out or remove it",
    )
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_phantom_does_not_write_over_a_file(refused, tmp_path, below):
    (tmp_path / "file").write_text("precious")
    refused(["phantom", "cardiac", "--subjects", "1", "--out", str(tmp_path / "file" / below)], "file")
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--subjects", "0"], ["A phantom cohort needs subjects", "Expected: subjects ≥ 1", "Received: 0 subjects"]),
        (
            ["--subjects", "1", "--seed", "-1"],
            ["needs subjects and a seed", "seed ≥ 0", "1 subjects, seed -1"],
        ),
        (["--subjects", "1", "--plane", "axial"], ["no such plane", "Expected: short-axis", "Received: axial"]),
        (
            ["--subjects", "1", "--dim", "3", "--plane", "short-axis"],
            ["3D cardiac phantom has no such plane", "volume"],
        ),
    ],
)
def test_a_phantom_cohort_that_cannot_be(refused, tmp_path, option, words):
    refused(["phantom", "cardiac", "--out", str(tmp_path / "new"), *option], *words)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["phantom", "liver", "--subjects", "1"], "invalid choice: 'liver' (choose from"),
        (["phantom", "thorax", "--subjects", "1", "--dim", "4"], "argument --dim: invalid choice: 4 (choose from"),
        (["phantom", "thorax", "--subjects", "few"], "argument --subjects: invalid int value: 'few'"),
    ],
)
def test_a_phantom_that_there_is_not(tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, "--out", str(tmp_path / "new")])
    assert exit_.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_search_into_a_folder(refused, data, family, tmp_path):
    """Said before the search, not after it."""
    (tmp_path / "results").mkdir()
    refused(Command("search", data, family, tmp_path / "results").arguments(), "results")


def test_a_registration_into_a_file(refused, data, family, tmp_path):
    (tmp_path / "result.nii.gz").write_text("precious")
    arguments = Command("register", data, family, tmp_path / "result.nii.gz").arguments()
    (tmp_path / "p.json").write_text(json.dumps(GOOD))
    refused([*arguments, "--parameters", str(tmp_path / "p.json")], "result.nii.gz")
    assert (tmp_path / "result.nii.gz").read_text() == "precious"


# And the counter-check ------------------------------------------------------------------------------------------------


def test_good_input_is_not_refused(data, family, tmp_path, capsys):
    """The files that these tests spoil are sound: only the network is missing."""
    assert main(Command("data check", data, family, tmp_path).arguments()) == 0
    assert "1 of 1 subjects can be read, 0 faults." in capsys.readouterr().out
    for name in ("search", "register"):
        with pytest.raises(ImportError):
            main(Command(name, data, family, tmp_path / "out").arguments())


# Elsewhere ------------------------------------------------------------------------------------------------------------


def test_search_on_a_cluster_that_is_not_there(data, family, tmp_path, refused, monkeypatch):
    monkeypatch.setattr("elasreg_core.workspace.cluster.connection._PATIENCE_S", 0.5)
    arguments = Command("search", data, family, tmp_path / "out.csv").arguments()
    refused([*arguments, "--scheduler", "tcp://127.0.0.1:9"], "No scheduler answers at tcp://127.0.0.1:9", "--workers")


def test_bootstrap_is_not_for_workers(data, family, tmp_path, refused):
    arguments = Command("search", data, family, tmp_path / "out.csv").arguments()
    refused([*arguments, "--workers", "2", "--bootstrap", "20"], "--bootstrap works in this process alone")


@pytest.mark.parametrize("number", ["0", "two", "-1"])
def test_no_workers_are_no_place(data, family, tmp_path, capsys, number):
    with pytest.raises(SystemExit) as ended:
        main([*Command("search", data, family, tmp_path / "out.csv").arguments(), f"--workers={number}"])
    assert ended.value.code == 2
    assert "is not a number of processes such as 2" in capsys.readouterr().err

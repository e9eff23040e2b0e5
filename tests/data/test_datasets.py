"""Layouts on disk: who is found, which image is which, and what is said about the rest."""

from __future__ import annotations

import pytest

from elasreg_core.data.datasets import detect_layout, open_dataset
from elasreg_core.data.datasets.acdc import read_info
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from tests.builders import (
    PREPROCESSING,
    TISSUES,
    write_acdc_patient,
    write_learn2reg_subject,
    write_pair_folder,
    write_points,
)

# ACDC -----------------------------------------------------------------------------------------------------------------


def test_acdc_fixed_is_end_diastole_wherever_it_is_in_time(tmp_path):
    write_acdc_patient(tmp_path / "training", "patient007", ed=14, es=3, group="HCM")
    (case,) = open_dataset(tmp_path, "acdc").cases
    assert (case.id, case.group) == ("patient007", "HCM")
    assert case.fixed.name == "patient007_frame14.nii.gz"
    assert case.moving.name == "patient007_frame03.nii.gz"
    assert case.fixed_labels.name == "patient007_frame14_gt.nii.gz"
    assert case.moving_labels.name == "patient007_frame03_gt.nii.gz"


def test_acdc_patients_are_sorted_over_training_and_testing(tmp_path):
    for name in ("testing/patient101", "training/patient020", "training/patient003", "patient050"):
        folder, _, patient = name.rpartition("/")
        write_acdc_patient(tmp_path / folder, patient)
    assert open_dataset(tmp_path, "acdc").subjects == ("patient003", "patient020", "patient050", "patient101")


def test_acdc_opens_at_the_training_folder_too(tmp_path):
    write_acdc_patient(tmp_path / "training")
    assert open_dataset(tmp_path / "training", "acdc").subjects == ("patient001",)


def test_acdc_loads_with_its_three_tissues(tmp_path):
    write_acdc_patient(tmp_path)
    pair = open_dataset(tmp_path, "acdc").load("patient001", PREPROCESSING)
    assert pair.tissues.names == ("RV", "LV-Myo", "LV-BP")
    assert pair.grid_shape == (16, 12)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda f: (f / "Info.cfg").unlink(), r"There is no file .*patient002.Info\.cfg.*frames ED and ES"),
        (lambda f: (f / "Info.cfg").write_text("ED: 1\nGroup: NOR\n"), "does not say which frame is ES.*no such line"),
        (lambda f: (f / "Info.cfg").write_text("ED: first\nES: 2\n"), "which frame is ED.*'ED: 1'.*Received: first"),
        (lambda f: (f / "patient002_frame12.nii.gz").unlink(), r"incomplete.*no patient002_frame12\.nii\.gz"),
        (lambda f: (f / "patient002_frame01_gt.nii.gz").unlink(), r"incomplete.*no patient002_frame01_gt\.nii\.gz"),
    ],
)
def test_an_incomplete_acdc_patient_is_a_fault_and_the_others_stay(tmp_path, spoil, sentence):
    write_acdc_patient(tmp_path, "patient001")
    spoil(write_acdc_patient(tmp_path, "patient002"))
    dataset = open_dataset(tmp_path, "acdc")
    assert dataset.subjects == ("patient001",)
    assert len(dataset.faults) == 1
    with pytest.raises(InputError, match=sentence):
        raise InputError(dataset.faults[0])


def test_a_file_beside_the_patients_is_no_fault(tmp_path):
    write_acdc_patient(tmp_path)
    (tmp_path / "patients.csv").write_text("id,group\n")
    assert open_dataset(tmp_path, "acdc").faults == ()


def test_a_folder_without_patients_is_not_acdc(tmp_path):
    with pytest.raises(InputError, match="does not look like ACDC.*Expected: training/patient001.*no patient folder"):
        open_dataset(tmp_path, "acdc")


def test_info_keeps_what_stands_behind_the_first_colon(tmp_path):
    (tmp_path / "Info.cfg").write_text("ED: 1\nNote: taken at 10:30\n\nWeight:\n")
    assert read_info(tmp_path / "Info.cfg") == {"ED": "1", "Note": "taken at 10:30"}


# Plain pairs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("below", ["", "pairs"])
def test_pairs_are_found_by_their_file_names(tmp_path, suffix, below):
    for subject in ("b", "a"):
        write_pair_folder(tmp_path / below, subject, suffix)
    dataset = open_dataset(tmp_path, "pairs")
    assert dataset.subjects == ("a", "b")
    assert dataset.tissues == TissueTable(("wall", "pool"))
    case = dataset.case("a")
    assert [path.name.removesuffix(suffix) for path in (case.moving, case.fixed, case.moving_labels)] == [
        "moving",
        "fixed",
        "moving_labels",
    ]


def test_labels_of_a_pair_are_optional(tmp_path):
    write_pair_folder(tmp_path, moving_labels=None, fixed_labels=None)
    pair = open_dataset(tmp_path, "pairs").load("s1", PREPROCESSING)
    assert pair.moving_labels is None
    assert pair.fixed_labels is None


def test_keypoints_of_a_pair_are_optional(tmp_path):
    for subject in ("a", "b"):
        write_pair_folder(tmp_path, subject)
    for role in ("moving", "fixed"):
        write_points(tmp_path / "b" / f"{role}_keypoints.csv", [(9, 10, 1)])
    without, having = open_dataset(tmp_path, "pairs").cases
    assert (without.moving_keypoints, without.fixed_keypoints) == (None, None)
    assert having.moving_keypoints == tmp_path / "b" / "moving_keypoints.csv"
    assert having.fixed_keypoints == tmp_path / "b" / "fixed_keypoints.csv"


def test_a_pair_needs_both_images(tmp_path):
    write_pair_folder(tmp_path, "a")
    write_pair_folder(tmp_path, "b", fixed=None)
    (tmp_path / "notes").mkdir()  # a folder without images is nobody's business
    dataset = open_dataset(tmp_path, "pairs")
    assert dataset.subjects == ("a",)
    assert dataset.faults == ("b is incomplete: it needs both moving.nii.gz and fixed.nii.gz.",)


def test_a_folder_without_a_pair_is_refused(tmp_path):
    write_pair_folder(tmp_path, moving=None)
    with pytest.raises(InputError, match="holds no pair.*<subject>/{moving, fixed.*Received: s1 is incomplete"):
        open_dataset(tmp_path, "pairs")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("lung, bone", r"tissues\.json is not JSON"),
        ("{}", r"tissues\.json is not a list of tissue names. Expected: \[\"lung\""),
        ("[]", "is not a list of tissue names"),
        ('["lung", 2]', "is not a list of tissue names"),
        (b"\xff\xfe", r"tissues\.json is not JSON"),
    ],
)
def test_tissues_json_is_a_list_of_names(tmp_path, content, sentence):
    write_pair_folder(tmp_path)
    (tmp_path / "tissues.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=sentence):
        open_dataset(tmp_path, "pairs")


def test_without_tissues_json_somebody_else_must_know(tmp_path):
    write_pair_folder(tmp_path)
    (tmp_path / "tissues.json").unlink()
    dataset = open_dataset(tmp_path, "pairs")
    with pytest.raises(InputError, match=r"Nobody knows the tissues.*tissues\.json.*Cure: Write it beside"):
        dataset.load("s1", PREPROCESSING)
    stand_in = TissueTable(("epi", "endo"))
    assert dataset.load("s1", PREPROCESSING, stand_in).tissues == stand_in


def test_the_layouts_own_tissues_win_over_the_stand_in(tmp_path):
    write_pair_folder(tmp_path)
    pair = open_dataset(tmp_path, "pairs").load("s1", PREPROCESSING, TissueTable(("epi", "endo")))
    assert pair.tissues.names == ("wall", "pool")


# Both -----------------------------------------------------------------------------------------------------------------


def test_an_unknown_subject_is_answered_with_the_known_ones(tmp_path):
    for number in range(10):
        (tmp_path / f"p{number}").mkdir()
        for role in ("moving", "fixed"):
            (tmp_path / f"p{number}" / f"{role}.nii").touch()
    with pytest.raises(InputError, match=r"no subject 'x'.*one of p0, p1, .*p7, …. Received: x"):
        open_dataset(tmp_path, "pairs").case("x")


def test_layouts_are_recognised(tmp_path):
    write_acdc_patient(tmp_path / "hearts" / "training")
    write_pair_folder(tmp_path / "mine")
    write_learn2reg_subject(tmp_path / "lungs", "NLST_0001")
    write_learn2reg_subject(tmp_path / "breath", "LungCT_0001")
    (tmp_path / "empty").mkdir()
    assert detect_layout(tmp_path / "hearts") == "acdc"
    assert detect_layout(tmp_path / "mine") == "pairs"
    assert detect_layout(tmp_path / "lungs") == "nlst"
    assert detect_layout(tmp_path / "breath") == "lungct"
    assert detect_layout(tmp_path / "empty") is None
    assert detect_layout(tmp_path / "nowhere") is None


def test_an_unknown_layout_or_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="layout 'oasis'. Expected: acdc or lungct or nlst or pairs. Received: oasis"):
        open_dataset(tmp_path, "oasis")
    with pytest.raises(InputError, match="There is no folder .*nowhere. Cure"):
        open_dataset(tmp_path / "nowhere", "acdc")


def test_opening_reads_no_image(tmp_path):
    folder = write_pair_folder(tmp_path)
    (folder / "moving.nii.gz").write_text("not an image")
    assert open_dataset(tmp_path, "pairs").subjects == ("s1",)


def test_tissue_names_that_nobody_stated_are_remarked_upon(tmp_path):
    write_pair_folder(tmp_path)
    (tmp_path / "tissues.json").unlink()
    pair = open_dataset(tmp_path, "pairs").load("s1", PREPROCESSING, TissueTable(TISSUES))
    assert any("taken from the checkpoint: 1 wall, 2 pool" in note for note in pair.notes)
    (tmp_path / "tissues.json").write_text('["wall", "pool"]')
    assert not open_dataset(tmp_path, "pairs").load("s1", PREPROCESSING).notes

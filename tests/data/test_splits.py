"""The divisions into training, validation and test subjects: the paper's counts, and nobody twice."""

from __future__ import annotations

import itertools
import json
from importlib import resources

import pytest

from elasreg_core.config import read_config
from elasreg_core.data.datasets import open_dataset
from elasreg_core.data.datasets.splits import SPLITS, split_of
from elasreg_core.errors import InputError
from tests.builders import write_acdc_patient, write_pair_folder

COUNTS = {"acdc": (100, 20, 30), "nlst": (169, 10, 30), "lungct": (20, 3, 4)}


@pytest.mark.parametrize("layout", COUNTS)
def test_a_split_has_the_counts_of_the_paper_and_nobody_is_in_two(layout):
    # the reference code's overlap: NLST_0030 trains and tests
    split = split_of(layout)
    assert tuple(len(split[name]) for name in SPLITS) == COUNTS[layout]
    for one, other in itertools.combinations(SPLITS, 2):
        assert not split[one] & split[other]
    listed = json.loads(resources.files("elasreg_core.data.datasets.splits").joinpath(f"{layout}.json").read_text())
    assert all(len(listed[name]) == len(split[name]) for name in SPLITS)  # nor twice in one
    assert "choice" in listed["source"]


def test_a_data_set_gives_the_part_that_is_asked_for(tmp_path):
    for number in (1, 100, 101, 121, 150):
        write_acdc_patient(tmp_path, f"patient{number:03d}")
    dataset = open_dataset(tmp_path, "acdc")
    assert dataset.part("train").subjects == ("patient001", "patient100")
    assert dataset.part("validation").subjects == ("patient101",)
    assert dataset.part("test").subjects == ("patient121", "patient150")
    assert dataset.part(None).subjects == dataset.subjects


def test_a_part_without_subjects_is_refused(tmp_path):
    write_acdc_patient(tmp_path / "acdc", "patient001")
    with pytest.raises(InputError, match=r"no subject of the test split.*splits/acdc\.json\. Received: patient001"):
        open_dataset(tmp_path / "acdc", "acdc").part("test")
    write_pair_folder(tmp_path / "own")
    with pytest.raises(InputError, match="no division of pairs data.*Cure: Put what trains"):
        open_dataset(tmp_path / "own", "pairs").part("train")


@pytest.mark.parametrize("preset", ["acdc-2d", "nlst-2d", "l2r-lung-3d"])
def test_the_presets_of_the_paper_train_on_what_trains(preset):
    assert read_config(preset)[0].data.split == "train"


def test_a_configuration_knows_the_splits(tmp_path):
    text = read_config("acdc-2d")[1].replace('"train"', '"training"')
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InputError, match="split has an unknown value. Expected: one of train, validation, test"):
        read_config(tmp_path / "a.toml")

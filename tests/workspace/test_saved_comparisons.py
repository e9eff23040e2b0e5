"""What `elasreg compare` writes is read back as it was, and a folder that is not finished is none."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

from elasreg_core.cli.comparison_files import write_comparison
from elasreg_core.data.datasets import Dataset
from elasreg_core.errors import InputError
from elasreg_core.evaluation.statistics import all_comparisons
from elasreg_core.evaluation.table_one import TableOne
from elasreg_core.workspace.comparisons import HowToCompare
from elasreg_core.workspace.saved_comparisons import between_families, open_comparison, saved_comparisons
from tests.builders import TISSUES, make_comparison


@pytest.fixture
def root(tmp_path):
    return tmp_path / "comparisons"


@pytest.fixture
def comparison(tmp_path):
    return make_comparison(tmp_path / "fam")


def write(root, comparison, name="one", layout="pairs"):
    write_comparison(root / name, comparison, HowToCompare(), Dataset(layout, root.parent / "hearts", (), None))


def test_the_tables_come_back_as_they_were(root, comparison):
    write(root, comparison)
    saved = open_comparison(root, "one")
    assert saved.about.family == "fam"
    assert (saved.about.data, saved.about.layout, saved.about.tissues) == ("hearts", "pairs", TISSUES)
    assert saved.about.models == ("elas-g", "elas-sas")
    assert saved.about.faults == ("s9 is damaged & left out.",)
    assert saved.about.caption.startswith("fam: mean (SD) of 6 subjects.")
    pd.testing.assert_frame_equal(saved.rows, comparison.rows, check_dtype=False)
    table = TableOne.of(comparison.rows, TISSUES)
    for part in ("means", "deviations", "counts", "lows", "highs"):
        pd.testing.assert_frame_equal(getattr(saved.table, part), getattr(table, part), check_dtype=False)
    tests = all_comparisons(comparison.rows, comparison.contenders, list(table.means.columns))
    pd.testing.assert_frame_equal(saved.tests, tests, check_dtype=False)
    assert saved.certain["plateau"].tolist() == ["25%", "25%"]
    assert saved.read("table.tex").startswith(b"\\begin{table}")


def test_tables_without_rows_are_empty(root, comparison):
    write(root, comparison)
    saved = open_comparison(root, "one")
    assert saved.curves.empty
    assert saved.subject_curves.empty
    assert saved.equal.empty
    assert saved.published.empty


def test_subjects_named_by_numbers_stay_names(root, comparison):
    comparison.rows["subject"] = comparison.rows["subject"].str.replace("s", "00")
    write(root, comparison)
    assert open_comparison(root, "one").rows["subject"].iloc[0] == "000"


def test_the_newest_is_first_and_the_unfinished_no_comparison(root, comparison):
    assert saved_comparisons(root) == []
    for place, name in enumerate(("old", "many/fam", "new")):
        write(root, comparison, name)
        os.utime(root / name / "comparison.json", (place, place))
    (root / "half").mkdir()
    (root / "half" / "per_subject.csv").write_text("subject,model\n")
    assert saved_comparisons(root) == ["new", "many/fam", "old"]


def test_families_beside_each_other_have_their_means_together(root, comparison):
    write(root, comparison, "many/fam")
    pd.DataFrame({"model": ["elas-g"], "fam": [0.8], "other": [0.7]}).to_csv(
        root / "many" / "families.csv", index=False
    )
    assert between_families(root, "many/fam")["other"].tolist() == [0.7]
    assert between_families(root, "one").empty


@pytest.mark.parametrize("content", [None, "{", '{"family": "fam"}'])
def test_a_damaged_description_is_named(root, content):
    (root / "one").mkdir(parents=True)
    if content is not None:
        (root / "one" / "comparison.json").write_text(content)
    with pytest.raises(InputError, match="comparison.json"):
        open_comparison(root, "one")


def test_a_damaged_table_is_named_with_its_cure(root, comparison):
    write(root, comparison)
    (root / "one" / "tests.csv").write_text('a,b\n"1\n2,3,4,5')
    with pytest.raises(
        InputError, match="comparison one cannot be shown.*tests.csv.*Compare again into the same folder"
    ):
        _ = open_comparison(root, "one").tests
    (root / "one" / "curves.csv").unlink()
    with pytest.raises(InputError, match=r"curves.csv.*No such file"):
        _ = open_comparison(root, "one").curves
    (root / "one" / "report.html").unlink()
    with pytest.raises(InputError, match=r"report.html.*No such file"):
        open_comparison(root, "one").read("report.html")


def test_the_description_is_written_for_people_too(root, comparison):
    write(root, comparison)
    content = json.loads((root / "one" / "comparison.json").read_text())
    assert content["subjects"] == 6
    assert np.datetime64(content["written"][:19]) > np.datetime64("2026-01-01")

"""Where things are found."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace import paths
from tests.builders import make_checkpoint, make_family, write_acdc_patient, write_pair_folder


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    """A workspace and a project of this test's own."""
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ELASREG_DATA", raising=False)
    monkeypatch.delenv("ELASREG_DATA_LAYOUT", raising=False)
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_the_workspace_is_named_by_the_environment(workspace, tmp_path, monkeypatch):
    assert paths.home() == workspace
    assert paths.store_path() == workspace / "elasreg.sqlite"
    assert paths.data_folder() == workspace / "data"
    assert not workspace.exists()  # looking makes nothing
    monkeypatch.delenv("ELASREG_HOME")
    assert paths.home() == tmp_path / "workspace"


def test_a_family_is_found_by_name_by_model_and_by_folder(workspace, tmp_path):
    shipped = make_family(tmp_path / "project" / "checkpoints" / "cardiac")
    for name in ("cardiac", "cardiac/elas-sas", shipped, str(shipped / "elas-g")):
        family = paths.find_family(name)
        assert family.name == "cardiac"
        assert set(family.members) == {"elas-g", "elas-sas"}


def test_the_workspaces_family_wins_over_the_shipped_one(workspace, tmp_path):
    make_family(tmp_path / "project" / "checkpoints" / "cardiac")
    make_checkpoint(workspace / "checkpoints" / "cardiac" / "elas-g", regularization_scale=7.0)
    assert paths.find_family("cardiac").member("elas-g").card.regularization_scale == 7.0


def test_families_are_listed_once(workspace, tmp_path):
    for family in (
        tmp_path / "project" / "checkpoints" / "cardiac",
        workspace / "checkpoints" / "cardiac",
        workspace / "checkpoints" / "lung",
    ):
        make_family(family)
    (workspace / "checkpoints" / "empty").mkdir()
    (workspace / "checkpoints" / "README.md").touch()
    assert paths.family_names() == ("cardiac", "lung")


def test_an_unknown_family_is_answered_with_the_known_ones(workspace):
    with pytest.raises(InputError, match=r"no checkpoint heart\..*the shipped ones \(none found\)\. Received: heart"):
        paths.find_family("heart")
    make_family(workspace / "checkpoints" / "lung")
    with pytest.raises(InputError, match="There is no checkpoint heart.*one of lung. Received: heart"):
        paths.find_family("heart")


def test_a_damaged_family_is_not_passed_over(workspace, tmp_path):
    """The user named it; the shipped one of the same name would be another."""
    make_family(tmp_path / "project" / "checkpoints" / "cardiac")
    folder = make_family(workspace / "checkpoints" / "cardiac")
    (folder / "elas-g" / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json is not JSON"):
        paths.find_family("cardiac")


def test_data_sets_are_recognised_in_the_workspace(workspace):
    write_acdc_patient(workspace / "data" / "hearts" / "training")
    write_pair_folder(workspace / "data" / "mine")
    (workspace / "data" / "empty").mkdir()
    assert paths.datasets() == {
        "hearts": (workspace / "data" / "hearts", "acdc"),
        "mine": (workspace / "data" / "mine", "pairs"),
    }


def test_the_data_set_of_the_environment_comes_first_and_wins(workspace, tmp_path, monkeypatch):
    write_acdc_patient(workspace / "data" / "aaa")
    write_acdc_patient(workspace / "data" / "hearts")
    write_pair_folder(tmp_path / "hearts")
    monkeypatch.setenv("ELASREG_DATA", str(tmp_path / "hearts"))
    assert paths.datasets()["hearts"] == (tmp_path / "hearts", "pairs")
    assert list(paths.datasets()) == ["hearts", "aaa"]
    monkeypatch.setenv("ELASREG_DATA_LAYOUT", "acdc")
    assert paths.datasets()["hearts"][1] == "acdc"


def test_a_cohort_in_the_making_is_no_data_set(workspace):
    """`ensure_phantom` writes to a hidden folder first; a killed process leaves it behind."""
    write_acdc_patient(workspace / "data" / ".cardiac-phantom.4711")
    assert paths.datasets() == {}

"""What every test of a page needs: a listing of its own, and workspaces in odd states."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

from elasreg_core.workspace import paths
from elasreg_core.workspace.demo import COHORTS, ensure_phantom
from pages._shared import loaders
from tests.builders import write_nifti


@pytest.fixture(autouse=True)
def _fresh_listing():
    """Every test has a workspace of its own, which the app's listing of data sets may not know yet."""
    loaders.datasets.clear()
    loaders.dataset.clear()


@pytest.fixture(autouse=True)
def _own_main():
    """A page run by AppTest takes the place of `__main__`, which processes started later would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def demo_hearts(tmp_path_factory):
    """The demo cohort, made once for all tests of pages."""
    return ensure_phantom(COHORTS["cardiac-phantom"], tmp_path_factory.mktemp("demo") / "cardiac-phantom")


@pytest.fixture(autouse=True)
def _demo_is_there(_own_workspace, demo_hearts):
    shutil.copytree(demo_hearts, paths.data_folder() / demo_hearts.name)


@pytest.fixture
def no_checkpoints(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "PROJECT", tmp_path)


@pytest.fixture
def volumes(volume_family):
    """A workspace with one family for volumes and one volume of that kind, in the pairs layout."""
    home = paths.home()
    shutil.copytree(volume_family, home / "checkpoints" / "volumes")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (16, 20, 12)).astype(np.uint8)
    arrays = {"moving": rng.random(labels.shape), "fixed": rng.random(labels.shape)}
    folder = home / "data" / "own" / "s1"
    for role, array in arrays.items():
        write_nifti(folder / f"{role}.nii.gz", array.astype("f4"), np.diag([3.0, 3.0, 3.0, 1.0]))
        write_nifti(folder / f"{role}_labels.nii.gz", np.roll(labels, len(role)), np.diag([3.0, 3.0, 3.0, 1.0]))
    (folder.parent / "tissues.json").write_text('["a", "b"]')

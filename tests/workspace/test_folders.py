"""A named folder is found below the data folder and nowhere else."""

from __future__ import annotations

import pytest

from elasreg_core.errors import InputError
from elasreg_core.workspace.folders import confined, folders_below, open_confined
from tests.builders import write_pair_folder


@pytest.fixture
def root(tmp_path):
    write_pair_folder(tmp_path / "data" / "studies" / "own")
    write_pair_folder(tmp_path / "outside")
    return tmp_path / "data"


def test_a_folder_below_is_found_with_its_layout(root):
    assert open_confined(root, "studies/own") == (root / "studies" / "own", "pairs")
    assert folders_below(root) == ["studies", "studies/own"]


@pytest.mark.parametrize(
    "name",
    ["..", "../outside", "studies/../../outside", "/etc", "", ".", "a\0b", "..\\outside", "studies/..\\../outside"],
)
def test_nothing_outside_is_reached(root, name):
    with pytest.raises(InputError, match="no folder of the data folder"):
        confined(root, name)


@pytest.mark.parametrize(
    "name", ["%2e%2e/outside", "..%2foutside", "%252e%252e%252foutside", "studies%2fown", "․․/outside"]
)
def test_what_is_coded_is_decoded_by_nobody(root, name):
    """A browser has decoded an address once before a page sees it; what is left is part of a name."""
    with pytest.raises(InputError, match="There is no such folder"):
        confined(root, name)


def test_an_absolute_path_to_a_real_data_set_is_refused(root):
    with pytest.raises(InputError, match="no folder of the data folder"):
        confined(root, str(root / "studies" / "own"))


def test_links_that_lead_outside_are_refused_and_links_within_are_not(root):
    (root / "link").symlink_to(root.parent / "outside")
    (root / "within").symlink_to(root / "studies" / "own")
    with pytest.raises(InputError, match="leads out of the data folder"):
        confined(root, "link")
    with pytest.raises(InputError, match="leads out of the data folder"):
        confined(root, "link/s1")
    assert confined(root, "within") == (root / "studies" / "own").resolve()


def test_what_is_not_there_or_follows_no_layout_is_a_sentence(root):
    with pytest.raises(InputError, match="There is no such folder"):
        confined(root, "studies/none")
    (root / "studies" / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(InputError, match="studies/empty follows no known layout"):
        open_confined(root, "studies/empty")

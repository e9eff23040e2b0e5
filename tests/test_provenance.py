"""Where the provenance of a result lies, and what is written there."""

from __future__ import annotations

from elasreg_core.provenance import FileFacts, made_now, place_of, read_provenance


def test_two_results_never_share_one(tmp_path):
    names = ("warped.nii.gz", "warped.csv", "moved.v1.csv", "moved.v2.csv")
    places = {place_of(tmp_path / name) for name in names}
    assert len(places) == len(names)
    assert place_of(tmp_path) == tmp_path / "provenance.json"


def test_what_is_kept_is_read_again(tmp_path):
    table = tmp_path / "sweep.v2.csv"
    table.write_text("a\n1\n")
    said = made_now("search", {"grid": 11}, {"s1/fixed": table}, {"cardiac/elas-g": "0f"}, table, [table])
    said.keep(table)
    assert read_provenance(table) == said
    # sha256 of the four bytes "a\n1\n", by sha256sum
    assert said.outputs == {
        "sweep.v2.csv": FileFacts("309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc", 4)
    }

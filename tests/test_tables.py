"""Tables into dataclasses, strictly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from elasreg_core.errors import InputError
from elasreg_core.tables import from_table


@dataclass(frozen=True)
class Inner:
    side: int
    name: str = "none"


@dataclass(frozen=True)
class Outer:
    length: float
    inner: Inner
    pair: tuple[float, float] = (0.0, 1.0)
    sides: tuple[int, ...] = ()
    axis: int | None = 2
    flag: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


MINIMAL = {"length": 1.5, "inner": {"side": 3}}


def test_defaults_fill_what_is_not_said():
    assert from_table(Outer, MINIMAL, "t") == Outer(1.5, Inner(3))


def test_values_become_their_types():
    table = {
        "length": 2,
        "inner": {"side": 3, "name": "a"},
        "pair": [0, 0.5],
        "sides": [4, 5, 6],
        "axis": None,
        "flag": True,
        "extra": {"anything": [1]},
    }
    outer = from_table(Outer, table, "t")
    assert outer == Outer(2.0, Inner(3, "a"), (0.0, 0.5), (4, 5, 6), None, True, {"anything": [1]})
    assert type(outer.length) is float
    assert type(outer.pair[0]) is float


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lenght": 1.0}, "t has an unknown key. Expected: one of length, inner, pair.*Received: lenght"),
        ({"inner": {"side": 3, "deep": 1}}, "t: inner has an unknown key. Expected: one of side, name. Received: deep"),
        ({"inner": {"name": "a"}}, "t: inner lacks a key. Expected: side. Received: name"),
        ({"inner": {}}, "t: inner lacks a key. Expected: side. Received: an empty table"),
        ({"inner": 3}, "t: inner has a value of the wrong kind. Expected: Inner. Received: 3"),
        ({"inner": {"side": 3.5}}, "t: inner: side has a value of the wrong kind. Expected: int. Received: 3.5"),
        ({"inner": {"side": True}}, "side has a value of the wrong kind. Expected: int. Received: True"),
        ({"length": "2"}, "t: length has a value of the wrong kind. Expected: float. Received: 2"),
        ({"length": True}, "t: length has a value of the wrong kind. Expected: float"),
        ({"length": None}, "t: length has a value of the wrong kind. Expected: float. Received: (None|null)"),
        ({"pair": [1.0]}, r"t: pair has a value of the wrong kind.*Received: \[1.0\]"),
        ({"pair": [1.0, "a"]}, "t: pair has a value of the wrong kind. Expected: float. Received: a"),
        ({"sides": [4, 5.5]}, "t: sides has a value of the wrong kind. Expected: int. Received: 5.5"),
        ({"sides": "45"}, "t: sides has a value of the wrong kind.*Received: 45"),
        ({"axis": "z"}, "t: axis has a value of the wrong kind. Expected: int. Received: z"),
        ({"flag": 1}, "t: flag has a value of the wrong kind. Expected: bool. Received: 1"),
        ({"extra": []}, r"t: extra has a value of the wrong kind.*Received: \[\]"),
    ],
)
def test_what_does_not_fit_is_named(change, sentence):
    with pytest.raises(InputError, match=sentence):
        from_table(Outer, MINIMAL | change, "t")


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match="t lacks a key. Expected: inner. Received: length"):
        from_table(Outer, {"length": 1.0}, "t")

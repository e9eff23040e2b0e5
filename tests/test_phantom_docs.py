"""docs/phantoms.md says what the code draws: every tissue with its ranges and its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from elasreg_core.data.phantoms import cardiac_tissues, thorax_tissues

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "phantoms.md").read_text(encoding="utf-8")


def shown(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


@pytest.mark.parametrize(
    ("anatomy", "material"),
    [("heart", m) for m in cardiac_tissues.MATERIALS] + [("thorax", m) for m in thorax_tissues.MATERIALS],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_table_of_stiffness_is_the_code_s(anatomy, material):
    stiffness = material.stiffness
    row = (
        f"| {material.name} | {anatomy} | {shown(*stiffness.youngs_modulus_kpa)} | "
        f"{shown(*stiffness.poisson_ratio)} | {stiffness.source} |"
    )
    assert row in TEXT.splitlines()

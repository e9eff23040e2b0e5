"""Known stiffness scaled into [0, 1]: λ : μ stays, stiffness runs from 0.1 to 1 in log E."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.phantoms import cardiac_tissues, thorax_tissues
from elasreg_core.data.phantoms.known_stiffness import LITERATURE, known_stiffness
from elasreg_core.data.tissues import CARDIAC, THORAX


@pytest.mark.parametrize("table", [CARDIAC, THORAX])
def test_the_ratio_is_the_literatures_and_the_softest_and_stiffest_span_the_range(table):
    known = known_stiffness(table.names)
    for tissue in known:
        nu = np.mean(LITERATURE[tissue.tissue].poisson_ratio)
        lam, mu = tissue.scaled
        assert lam / mu == pytest.approx(2 * nu / (1 - 2 * nu))  # λ/μ = [Eν/((1+ν)(1−2ν))] / [E/(2(1+ν))]
        assert max(lam, mu) == pytest.approx(tissue.magnitude)
    magnitudes = [tissue.magnitude for tissue in known]
    assert (min(magnitudes), max(magnitudes)) == pytest.approx((0.1, 1.0))


def test_magnitudes_are_linear_in_the_logarithm_of_e():
    lung, bone, liver = known_stiffness(THORAX.names)
    # E: √(1·5) = 2.236 kPa, √(5e5·1.2e7) = 2.449e6 kPa, √(5·8) = 6.325 kPa;
    # ln(6.325 / 2.236) / ln(2.449e6 / 2.236) = 1.0397 / 13.9064 = 0.07476, so 0.1 + 0.9 · 0.07476 = 0.16729
    assert liver.magnitude == pytest.approx(0.16729, abs=1e-4)
    assert bone.magnitude > liver.magnitude > lung.magnitude


def test_tissues_that_nobody_measured_have_none():
    assert known_stiffness(["lung", "spleen"]) == ()


def test_tissues_of_equal_stiffness_are_all_at_the_top():
    assert [tissue.magnitude for tissue in known_stiffness(["RV", "LV-BP"])] == [1.0, 1.0]


@pytest.mark.parametrize(
    "material",
    [m for m in (*cardiac_tissues.MATERIALS, *thorax_tissues.MATERIALS) if m.label > 0],
    ids=lambda m: m.name,
)
def test_phantoms_are_as_stiff_as_the_literature(material):
    assert LITERATURE[material.name] == material.stiffness

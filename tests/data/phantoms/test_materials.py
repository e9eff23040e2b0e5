"""Stiffness: what is drawn, and the Lamé parameters that follow."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.phantoms import cardiac, materials, thorax
from elasreg_core.data.phantoms.materials import Stiffness, StiffnessRange

RANGES = {name: value for name, value in vars(materials).items() if isinstance(value, StiffnessRange)}


@pytest.mark.parametrize(
    ("youngs_modulus", "poisson_ratio", "lam", "mu"),
    [
        (6.0, 0.5 - 0.25, 2.4, 2.4),  # 6 · ¼ / (1.25 · .5) = 2.4 and 6 / 2.5 = 2.4
        (5.6, 0.4, 8.0, 2.0),  # 5.6 · .4 / (1.4 · .2) = 8 and 5.6 / 2.8 = 2
        (3.0, 0.0, 0.0, 1.5),
        (2.98, 0.49, 49.0, 1.0),  # 2.98 · .49 / (1.49 · .02) = 49: nearly incompressible, E ≈ 3 μ
    ],
)
def test_the_lame_parameters_of_a_known_solid(youngs_modulus, poisson_ratio, lam, mu):
    stiffness = Stiffness(youngs_modulus, poisson_ratio)
    assert stiffness.lam_kpa == pytest.approx(lam)
    assert stiffness.mu_kpa == pytest.approx(mu)


def test_a_draw_is_log_uniform_in_the_modulus_and_uniform_in_the_ratio():
    rng = np.random.default_rng(0)
    draws = [StiffnessRange((1.0, 100.0), (0.1, 0.3), "made up").draw(rng) for _ in range(4000)]
    modulus = np.array([draw.youngs_modulus_kpa for draw in draws])
    ratio = np.array([draw.poisson_ratio for draw in draws])
    assert 1 <= modulus.min() < 1.01 < 99 < modulus.max() <= 100
    assert 0.1 <= ratio.min() < ratio.max() <= 0.3
    # a quarter of log E lies below 10^½, and a quarter of ν below .15; the standard error is √(3/16/4000) = .007
    assert np.mean(modulus < 10**0.5) == pytest.approx(0.25, abs=0.03)
    assert np.mean(ratio < 0.15) == pytest.approx(0.25, abs=0.03)
    assert abs(np.corrcoef(np.log(modulus), ratio)[0, 1]) < 0.06  # independent


@pytest.mark.parametrize("name", RANGES)
def test_every_range_is_a_stable_solid_with_a_source(name):
    stiffness = RANGES[name]
    low, high = stiffness.youngs_modulus_kpa
    assert 0 < low <= high
    low, high = stiffness.poisson_ratio
    assert 0 <= low <= high < 0.5
    assert len(stiffness.source) > 15


@pytest.mark.parametrize(
    ("anatomy", "tissues"), [(cardiac, ("RV", "LV-Myo", "LV-BP")), (thorax, ("lung", "bone", "liver"))]
)
def test_the_labels_of_an_anatomy_are_those_of_its_data_set(anatomy, tissues):
    labelled = {material.label: material.name for material in anatomy.MATERIALS if material.label}
    assert labelled == dict(enumerate(tissues, start=1))


def test_anatomies_take_from_the_literature_what_is_stiffer_than_what():
    moduli = {name: np.sqrt(np.prod(value.youngs_modulus_kpa)) for name, value in RANGES.items()}
    order = ("FILLING", "BLOOD", "LUNG", "LIVER", "MUSCLE", "CONTRACTED_HEART", "AIRWAY", "CARTILAGE", "BONE")
    assert sorted(order, key=moduli.__getitem__) == list(order)
    assert moduli["RELAXED_HEART"] < moduli["CONTRACTED_HEART"]

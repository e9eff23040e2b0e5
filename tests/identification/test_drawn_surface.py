"""Surfaces drawn again: what is made up is as said, what is computed is the subject's."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.identification.bootstrap import certainty
from elasreg_core.identification.drawn_surface import BEST, made_up_surface, subject_surfaces
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection, best_node
from elasreg_core.registration.measured import measure_displacement
from tests.builders import make_pair, shift


def test_the_made_up_surface_falls_from_its_best_node_to_the_farthest_corner():
    surface = made_up_surface(fall=0.1, noise=0.0, draws=2)
    values = dict(zip(surface.grid.nodes, surface.dice[:, 0], strict=True))
    assert max(values, key=values.get) == BEST
    assert values[BEST] == pytest.approx(0.85)
    assert values[1.0, 1.0] == pytest.approx(0.75)
    # (0.4, 1) lies 0.7 away, the corner √(0.6² + 0.7²) = √0.85: 0.1 · 0.49 / 0.85 are lost
    assert values[0.4, 1.0] == pytest.approx(0.85 - 0.049 / 0.85)
    np.testing.assert_array_equal(surface.dice[:, 1], surface.dice[:, 0])


def test_the_plateau_of_a_paraboloid_is_its_disc():
    # lost is fall · r² / 0.85 with r² in units of the square; a tolerance of fall · 0.0201 / 0.85 holds r² ≤ 0.0201:
    # the best node, four neighbours at 0.1² and four at 2 · 0.1²
    surface = made_up_surface(fall=0.85, noise=0.0, draws=1)
    optimum = best_node(surface.sweep(0), surface.tissue, Selection(tolerance=0.0201))
    assert optimum.node == BEST
    assert optimum.plateau_fraction == pytest.approx(9 / 120)
    # a flat surface: everything is as good, and of ties the largest λ + μ is taken
    flat = made_up_surface(fall=0.0, noise=0.0, draws=1)
    optimum = best_node(flat.sweep(1), flat.tissue)
    assert (optimum.node, optimum.plateau_fraction) == ((1.0, 1.0), 1.0)
    assert flat.again().shares == {(1.0, 1.0): 1.0}


def test_noise_has_its_size_and_is_drawn_the_same_again():
    surface = made_up_surface(fall=0.05, noise=0.01, draws=500)
    noise = surface.dice[:, 1:] - surface.dice[:, :1]
    assert noise.std() == pytest.approx(0.01, rel=0.02)
    np.testing.assert_array_equal(made_up_surface(0.05, 0.01, 20).dice[:, 1:], surface.dice[:, 1:21])


def test_the_flatter_or_noisier_the_surface_the_more_nodes_are_best():
    steep, flat, noisy = (made_up_surface(f, n, 300).again() for f, n in ((0.2, 0.003), (0.01, 0.003), (0.2, 0.02)))
    assert steep.share > 2 * flat.share
    assert steep.n_nodes < noisy.n_nodes < 121
    assert flat.n_nodes > 2 * steep.n_nodes
    assert sum(flat.shares.values()) == pytest.approx(1)


def test_a_subjects_surfaces_are_its_dice_and_its_bootstrap():
    pair, grid = make_pair(), ParameterGrid(((0.1, 0.5), (0.2,)))

    def measure(of, fields):
        for field in fields:
            yield measure_displacement(of, shift(of, 2 if field.nodes[0][0] == 0.5 else 1, 0))

    surfaces = subject_surfaces(measure, pair, grid, draws=50)
    expected = [measured.dice for measured in measure(pair, [_uniform(node) for node in grid.nodes])]
    for number, surface in enumerate(surfaces):
        assert surface.tissue == pair.tissues.names[number]
        np.testing.assert_allclose(surface.dice[:, 0], [dice[number] for dice in expected])
        assert surface.dice.shape == (2, 51)
    assert [surface.again() for surface in surfaces] == certainty(measure, pair, grid.nodes, resamples=50)


def test_a_tissue_without_a_dice_has_no_surface():
    pair = make_pair()
    labels = np.where(pair.moving_labels == 2, 0, pair.moving_labels)
    pair = make_pair(moving_labels=labels)

    def measure(of, fields):
        for _ in fields:
            yield measure_displacement(of, shift(of, 2, 0))

    surfaces = subject_surfaces(measure, pair, ParameterGrid(((0.5,), (0.5,))), draws=5)
    assert [surface.tissue for surface in surfaces] == ["wall"]


def _uniform(node):
    from elasreg_core.physics.parameters import ParameterField

    return ParameterField.uniform(node, 3)

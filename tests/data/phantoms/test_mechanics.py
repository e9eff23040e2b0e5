"""Linear elasticity against solutions known by hand, on unequal sides with graded nodes."""

from __future__ import annotations

import numpy as np
import pytest
from skfem import Basis, BilinearForm, ElementHex1, ElementQuad1, ElementVector, MeshHex, MeshQuad
from skfem.helpers import ddot, div, sym_grad

from elasreg_core.data.phantoms import mechanics
from elasreg_core.data.phantoms.mechanics import ElasticBody, Load, _stiffness, graded_nodes

PLANE = ElasticBody((graded_nodes(-20, 30, -5, 8, 3), np.array([0, 1, 2.5, 5, 9, 10.0])))
BOX = ElasticBody((np.array([0, 1, 3, 4.0]), np.array([-2, -1, 1.5, 2, 6.0]), graded_nodes(0, 30, 10, 14, 2)))
BODIES = pytest.mark.parametrize("body", [PLANE, BOX], ids=["2D", "3D"])


def sides(body):
    return tuple(len(axis) for axis in body.nodes_mm)


def rim(body):
    mask = np.ones(sides(body), dtype=bool)
    mask[(slice(1, -1),) * body.dim] = False
    return mask


def homogeneous(body, lam=3.0, mu=2.0):
    n = len(body.points_mm)
    return np.full(n, lam), np.full(n, mu)


def speckled(body, seed=0):
    """λ and μ that vary a hundredfold from point to point."""
    return np.random.default_rng(seed).uniform(0.1, 10, (2, len(body.points_mm)))


def affine(points):
    """M p + b, where M is not symmetric."""
    rng, dim = np.random.default_rng(1), points.shape[-1]
    return points @ rng.uniform(-0.1, 0.1, (dim, dim)).T + rng.uniform(-5, 5, dim)


def everywhere(body, array):
    return np.broadcast_to(array, (len(body.points_mm), *np.shape(array)))


# Elements that hold several tissues -----------------------------------------------------------------------------------


@BODIES
def test_an_element_has_the_geometric_mean_of_its_points(body):
    lam, _ = speckled(body)
    means = body.element_means(lam).reshape(-1, 2**body.dim)
    assert (means == means[:, :1]).all()
    np.testing.assert_allclose(means[:, 0] ** means.shape[1], lam.reshape(means.shape).prod(axis=1))
    np.testing.assert_allclose(body.element_means(np.full_like(lam, 7.0)), 7.0)


# Known solutions ------------------------------------------------------------------------------------------------------


@BODIES
def test_patch_an_affine_displacement_of_the_rim_goes_on_inside(body):
    # constant strain → constant stress → in equilibrium, whatever λ and μ
    expected = affine(body.node_points_mm)
    values = np.where(rim(body)[..., np.newaxis], expected, 99.0)  # what is not prescribed is not read
    (found,) = body.solve(*homogeneous(body), [Load()], rim(body), values)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@BODIES
def test_a_rigid_motion_strains_nothing_whatever_the_stiffness(body):
    turn = np.triu(np.full((body.dim, body.dim), 0.2), 1)
    expected = body.node_points_mm @ (turn - turn.T).T + np.arange(1, body.dim + 1)
    (found,) = body.solve(*speckled(body), [Load()], rim(body), expected)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@BODIES
def test_a_free_piece_takes_on_its_active_strain_whatever_its_stiffness(body):
    # u = ε* p makes the elastic strain ε(u) − ε*, and so all stress, zero. Three nodes, where they would go anyway,
    # hold the rigid motions
    strain = np.array([[-0.2, 0.05, 0.01], [0.05, 0.1, -0.03], [0.01, -0.03, 0.07]])[: body.dim, : body.dim]
    expected = body.node_points_mm @ strain
    held = np.zeros(sides(body), dtype=bool)
    held[(0,) * body.dim] = held[(-1,) + (0,) * (body.dim - 1)] = held[(0, -1) + (0,) * (body.dim - 2)] = True
    (found,) = body.solve(*speckled(body), [Load(everywhere(body, strain))], held, expected)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@BODIES
def test_a_uniform_active_strain_moves_nothing_where_all_sides_are_held(body):
    # the stress is constant: its divergence is zero, and u = 0 the solution; with a second material it is not
    strain = everywhere(body, np.diag([-0.3, 0.2, 0.1])[: body.dim, : body.dim])
    (found,) = body.solve(*homogeneous(body), [Load(strain)], rim(body))
    np.testing.assert_allclose(found, 0, atol=1e-12)
    (found,) = body.solve(*speckled(body), [Load(strain)], rim(body))
    assert np.abs(found).max() > 1e-3


@pytest.mark.parametrize(("dim", "axis"), [(2, 0), (2, 1), (3, 0), (3, 2)])
def test_layers_in_series_share_a_stretch_by_their_confined_moduli(dim, axis):
    # far from the free sides nothing moves sideways: σ = (λ + 2μ) ε is the same in both layers.
    # 4 mm of λ + 2μ = 6 + 4 = 10 and 6 mm of 1 + 1 = 2 under 1 mm: σ (4/10 + 6/2) = 1, the first takes .4/3.4 = .1176
    nodes = [np.linspace(-60, 60, 25), np.linspace(-50, 50, 11), np.linspace(-60, 60, 13)][:dim]
    nodes[axis] = np.array([0, 1, 2.5, 4, 6, 9, 10.0])
    body = ElasticBody(tuple(nodes))
    stiff = body.points_mm[:, axis] < 4
    held = np.zeros(sides(body), dtype=bool)
    at = [slice(None)] * dim
    at[axis] = [0, -1]
    held[tuple(at)] = True
    values = np.zeros((*sides(body), dim))
    values[..., axis] = body.node_points_mm[..., axis] / 10
    (found,) = body.solve(np.where(stiff, 6.0, 1.0), np.where(stiff, 2.0, 0.5), [Load()], held, values)
    middle = [len(n) // 2 for n in nodes]
    middle[axis] = slice(None)
    expected = np.zeros((7, dim))
    expected[:, axis] = np.interp(nodes[axis], [0, 4, 10], [0, 0.4 / 3.4, 1])
    np.testing.assert_allclose(found[tuple(middle)], expected, atol=2e-3)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_bar_held_at_both_ends_sags_in_the_direction_of_the_force(axis):
    # λ = 0: no transverse strain. 2μ u'' = −f, so u = f x (L − x) / 4μ; linear elements are exact at their nodes
    nodes = [np.array([0, 2, 3.0]), np.array([0, 2, 3.0])]
    nodes[axis] = np.array([0, 1, 4, 10, 15, 22, 30.0])
    body = ElasticBody(tuple(nodes))
    held = np.isin(body.node_points_mm[..., axis], (0, 30))
    force = np.zeros(2)
    force[axis] = 0.01
    (found,) = body.solve(*homogeneous(body, 0.0, 2.0), [Load(body_force=everywhere(body, force))], held)
    x = body.node_points_mm[..., axis]
    np.testing.assert_allclose(found[..., axis], 0.01 * x * (30 - x) / 8, atol=1e-12)  # in the middle .28125 mm
    np.testing.assert_allclose(found[..., 1 - axis], 0, atol=1e-12)


# Structure ------------------------------------------------------------------------------------------------------------


def random_loads(body):
    rng = np.random.default_rng(2)
    n, d = body.points_mm.shape
    strain = rng.normal(size=(n, d, d))
    return strain + strain.swapaxes(1, 2), rng.normal(size=(n, d))


@BODIES
def test_solutions_add_like_their_loads(body):
    strain, force = random_loads(body)
    loads = [Load(strain), Load(body_force=force), Load(2 * strain, -3 * force)]
    one, other, both = body.solve(*speckled(body), loads, rim(body))
    np.testing.assert_allclose(both, 2 * one - 3 * other, atol=1e-9 * np.abs(both).max())
    assert np.abs(one).max() > 1e-3 < np.abs(other).max()


@BODIES
def test_no_axis_is_special(body):
    order = [*range(1, body.dim), 0]
    turned = ElasticBody(tuple(body.nodes_mm[axis] for axis in order))
    strain = np.diag([0.3, -0.2, 0.1])[: body.dim, : body.dim]
    soft = np.array([2.0, 1, 12])[: body.dim]  # stiffer outside of a ball about this point

    def mu(points, centre):
        return np.where(np.linalg.norm(points - centre, axis=1) < 4, 0.5, 3.0)

    def solve(body, centre, strain):
        points = body.points_mm
        return body.solve(np.ones(len(points)), mu(points, centre), [Load(everywhere(body, strain))], rim(body))[0]

    here, there = solve(body, soft, strain), solve(turned, soft[order], strain[np.ix_(order, order)])
    np.testing.assert_allclose(there, here.transpose(*order, body.dim)[..., order], atol=1e-12)
    assert np.abs(here).max() > 1e-2


@BODIES
def test_conjugate_gradients_find_what_the_factorisation_finds(body, monkeypatch):
    strain, force = random_loads(body)
    loads = [Load(strain), Load(body_force=force)]
    values = affine(body.node_points_mm)
    direct = body.solve(*speckled(body), loads, rim(body), values)
    monkeypatch.setattr(mechanics, "_DIRECT_LIMIT", 0)
    for one, other in zip(body.solve(*speckled(body), loads, rim(body), values), direct, strict=True):
        assert not np.array_equal(one, other)
        np.testing.assert_allclose(one, other, atol=1e-3 * np.abs(other).max())


def test_conjugate_gradients_that_do_not_converge_are_no_solution(monkeypatch):
    cg = mechanics.cg
    monkeypatch.setattr(mechanics, "_DIRECT_LIMIT", 0)
    monkeypatch.setattr(mechanics, "cg", lambda *args, **settings: cg(*args, **settings | {"maxiter": 2}))
    with pytest.raises(ArithmeticError, match="Conjugate gradients did not converge in 2 iterations"):
        PLANE.solve(*speckled(PLANE), [Load(random_loads(PLANE)[0])], rim(PLANE))


@BODIES
def test_between_the_nodes_a_field_is_linear_and_outside_the_body_zero(body):
    field = affine(body.node_points_mm)
    np.testing.assert_allclose(body.interpolate(field, body.points_mm), affine(body.points_mm), atol=1e-12)
    np.testing.assert_array_equal(body.interpolate(field, np.full((1, body.dim), 1000.0)), 0)


# Nodes ----------------------------------------------------------------------------------------------------------------


def test_graded_nodes_are_even_where_it_matters_and_ever_wider_beyond():
    nodes = graded_nodes(-50, 90, -12, 20, 2.0)
    assert (nodes[0], nodes[-1]) == pytest.approx((-50, 90))
    fine = nodes[(nodes >= -12) & (nodes <= 20)]
    np.testing.assert_allclose(np.diff(fine), 2)
    steps = np.diff(nodes[nodes >= 20])
    np.testing.assert_allclose(steps[1:] / steps[:-1], 1.25)
    assert (np.diff(np.diff(nodes[nodes <= -12])) < 0).all()
    # 70 mm = Σ s 1.25ᵏ over n = ⌈ln(1 + 70/8)/ln 1.25⌉ = 11 steps; evenly there would be 35
    assert len(steps) == 11


def test_graded_nodes_may_reach_no_further_than_their_fine_part():
    np.testing.assert_allclose(graded_nodes(-3, 6, -3, 6, 3), [-3, 0, 3, 6])


@pytest.mark.parametrize(
    ("mesh", "element", "sides"), [(MeshQuad, ElementQuad1, (7, 5)), (MeshHex, ElementHex1, (4, 6, 5))]
)
def test_the_matrix_is_that_of_the_weak_form(mesh, element, sides):
    # unequal, graded elements, and materials that differ by eight decades from point to point
    @BilinearForm
    def weak(u, v, w):
        return w.lam * div(u) * div(v) + 2 * w.mu * ddot(sym_grad(u), sym_grad(v))

    rng = np.random.default_rng(0)
    nodes = [np.cumsum(rng.uniform(1, 3, side)) for side in sides]
    basis = Basis(mesh.init_tensor(*nodes), ElementVector(element()), intorder=2)
    lam, mu = 10 ** rng.uniform(-2, 6, (2, *basis.dx.shape))
    expected = weak.assemble(basis, lam=lam, mu=mu).toarray()
    found = _stiffness(basis, lam, mu).toarray()
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())

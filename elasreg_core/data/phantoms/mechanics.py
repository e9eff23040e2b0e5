"""Motion from mechanics: heterogeneous linear elasticity, solved with finite elements (scikit-fem).

The displacement u of a body at rest under active strains ε*, body forces f and prescribed displacements satisfies

    ∫ [ λ div(u) div(v) + 2 μ ε(u) : ε(v) ] = ∫ [ λ tr(ε*) div(v) + 2 μ ε* : ε(v) ] + ∫ f · v      for all v,

with the material's λ and μ at every quadrature point. In two dimensions this is plane strain. The equations are
linear, so that one factorisation serves all loads and their solutions may be scaled and added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RegularGridInterpolator
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import cg, splu
from skfem import (
    Basis,
    ElementHex1,
    ElementQuad1,
    ElementVector,
    LinearForm,
    MeshHex,
    MeshQuad,
)
from skfem.helpers import ddot, dot, sym_grad

FloatArray = npt.NDArray[np.floating[Any]]

_DIRECT_LIMIT = 60_000  # unknowns up to which a sparse factorisation is quick; beyond, conjugate gradients


@dataclass(frozen=True)
class Load:
    """What moves a body. Arrays have one row per quadrature point (see `ElasticBody.points_mm`), or are None.

    Attributes:
        active_strain: ε*, shape `(Q, D, D)`: the strain that a free piece of tissue would take on.
        body_force: f, shape `(Q, D)`, in kPa/mm.
    """

    active_strain: FloatArray | None = None
    body_force: FloatArray | None = None


@dataclass(frozen=True)
class ElasticBody:
    """A box of quadrilaterals or hexahedra, D = 2 or 3.

    Attributes:
        nodes_mm: the node coordinates along each axis, ascending; spacing may vary.
    """

    nodes_mm: tuple[FloatArray, ...]

    @cached_property
    def _basis(self) -> Any:
        if len(self.nodes_mm) == 2:
            return Basis(MeshQuad.init_tensor(*self.nodes_mm), ElementVector(ElementQuad1()), intorder=2)
        return Basis(MeshHex.init_tensor(*self.nodes_mm), ElementVector(ElementHex1()), intorder=2)

    @property
    def dim(self) -> int:
        """2 or 3."""
        return len(self.nodes_mm)

    @cached_property
    def points_mm(self) -> FloatArray:
        """The quadrature points, shape `(Q, D)`: where materials and loads are evaluated."""
        return np.moveaxis(np.asarray(self._basis.global_coordinates()), 0, -1).reshape(-1, self.dim)

    def element_means(self, stiffness: FloatArray) -> FloatArray:
        """Positive values at the quadrature points, shape `(Q,)`, as their geometric mean within each element.

        An element that is bone at one of its points alone bends into shapes that no mesh of its size can show: moved by
        1 cm, such a bone's edge once threw the fat beside it 15 cm.
        """
        of_elements = stiffness.reshape(self._basis.dx.shape)
        means = np.exp(np.log(of_elements).mean(axis=1, keepdims=True))
        return np.broadcast_to(means, of_elements.shape).ravel()

    @cached_property
    def node_points_mm(self) -> FloatArray:
        """The nodes, shape `(*n, D)`."""
        return np.stack(np.meshgrid(*self.nodes_mm, indexing="ij"), axis=-1)

    @cached_property
    def _dof_table(self) -> npt.NDArray[np.intp]:
        """The unknown of every node and component, shape `(*n, D)`."""
        mesh = self._basis.mesh
        at = tuple(np.searchsorted(axis, p - 1e-9) for axis, p in zip(self.nodes_mm, mesh.p, strict=True))
        table = np.empty((*(len(axis) for axis in self.nodes_mm), self.dim), dtype=np.intp)
        table[at] = self._basis.nodal_dofs.T
        return table

    def solve(
        self,
        lam_kpa: FloatArray,
        mu_kpa: FloatArray,
        loads: Sequence[Load],
        prescribed: npt.NDArray[np.bool_],
        values_mm: FloatArray | None = None,
    ) -> list[FloatArray]:
        """The displacement under each load, with the same prescribed displacements.

        Args:
            lam_kpa: λ at the quadrature points, shape `(Q,)`.
            mu_kpa: μ, same shape.
            loads: each is solved by itself.
            prescribed: which nodes are held, shape `(*n,)`; at least one.
            values_mm: where they are held, shape `(*n, D)`; None holds them where they are.

        Returns:
            One displacement per load at the nodes, shape `(*n, D)`, in mm.
        """
        basis = self._basis
        lam, mu = (array.reshape(basis.dx.shape) for array in (lam_kpa, mu_kpa))
        stiffness = _stiffness(basis, lam, mu)
        held = np.zeros(basis.N, dtype=bool)
        held[self._dof_table[prescribed].ravel()] = True
        free = np.flatnonzero(~held)
        start = np.zeros(basis.N)
        if values_mm is not None:
            start[self._dof_table[prescribed].ravel()] = values_mm[prescribed].ravel()
        offset = stiffness @ start
        inner = stiffness[free][:, free]
        solve = _solver(inner)
        solutions = []
        for load in loads:
            solution = start.copy()
            solution[free] = solve((self._right_hand_side(load, lam, mu) - offset)[free])
            solutions.append(solution[self._dof_table])
        return solutions

    def _right_hand_side(self, load: Load, lam: FloatArray, mu: FloatArray) -> FloatArray:
        basis, dim = self._basis, self.dim
        total = np.zeros(basis.N)
        if load.active_strain is not None:
            strain = np.moveaxis(load.active_strain.reshape(*lam.shape, dim, dim), (-2, -1), (0, 1))
            stress = 2 * mu * strain
            stress[np.arange(dim), np.arange(dim)] += lam * np.trace(strain)
            total += _active.assemble(basis, stress=stress)
        if load.body_force is not None:
            total += _force.assemble(basis, force=np.moveaxis(load.body_force.reshape(*lam.shape, dim), -1, 0))
        return total

    def interpolate(self, displacement: FloatArray, points_mm: FloatArray) -> FloatArray:
        """A nodal field `(*n, D)` at points `(..., D)`, (bi-, tri-)linear as the elements are; zero outside the box."""
        read = RegularGridInterpolator(self.nodes_mm, displacement, bounds_error=False, fill_value=0.0)
        return read(points_mm)


def _stiffness(basis: Any, lam: FloatArray, mu: FloatArray) -> Any:
    """The matrix of ∫ λ div(u) div(v) + 2 μ ε(u) : ε(v), as `skfem.BilinearForm` does; in 3D seven times as fast.

    With G the gradient of a node's shape function, nodes a, b and components i, j have the entry
    ∫ λ G_ai G_bj + μ G_aj G_bi + μ δ_ij G_a · G_b: two matrix products per element over its quadrature points.

    Args:
        basis: of vector elements.
        lam: λ at the quadrature points, shape `(elements, points)`.
        mu: μ, same shape.
    """
    dim = basis.mesh.dim()
    shapes = [of[0].grad[0] for of in basis.basis[::dim]]  # of the first component: (D, elements, points)
    gradients = np.ascontiguousarray(np.moveaxis(np.stack(shapes), (0, 1), (2, 3)))  # (elements, points, nodes, D)
    n_elements, n_points, n_nodes, _ = gradients.shape
    flat = gradients.reshape(n_elements, n_points, -1)

    def product(weights: FloatArray) -> FloatArray:
        found = np.matmul(flat.transpose(0, 2, 1), flat * (weights * basis.dx)[..., np.newaxis])
        return found.reshape(n_elements, n_nodes, dim, n_nodes, dim)

    local = product(mu)
    along = np.einsum("naibi->nab", local)
    local = local.swapaxes(2, 4) + product(lam)
    for i in range(dim):
        local[:, :, i, :, i] += along
    dofs = basis.element_dofs.T  # (elements, nodes · D)
    size = dofs.shape[1]
    rows, columns = np.repeat(dofs, size, axis=1).ravel(), np.tile(dofs, (1, size)).ravel()
    return coo_array((local.ravel(), (rows, columns)), shape=(basis.N, basis.N)).tocsc()


@LinearForm
def _active(v: Any, w: Any) -> Any:
    return ddot(w.stress, sym_grad(v))


@LinearForm
def _force(v: Any, w: Any) -> Any:
    return dot(w.force, v)


def _solver(matrix: Any) -> Any:
    if matrix.shape[0] <= _DIRECT_LIMIT:
        return splu(matrix).solve
    inverse_diagonal = diags_array(1 / matrix.diagonal())

    def iterate(right_hand_side: FloatArray) -> FloatArray:
        solution, status = cg(matrix, right_hand_side, rtol=1e-5, maxiter=20_000, M=inverse_diagonal)
        if status != 0:
            raise ArithmeticError(f"Conjugate gradients did not converge in {status} iterations.")
        return solution

    return iterate


def graded_nodes(low_mm: float, high_mm: float, fine_from_mm: float, fine_to_mm: float, fine_mm: float) -> FloatArray:
    """Node coordinates from `low_mm` to `high_mm`: evenly `fine_mm` apart in the fine part, ever wider beyond."""
    fine = np.linspace(fine_from_mm, fine_to_mm, max(2, round((fine_to_mm - fine_from_mm) / fine_mm) + 1))

    def outwards(length: float) -> FloatArray:
        if length <= 0:
            return np.empty(0)
        n = max(1, int(np.ceil(np.log1p(length / (4 * fine_mm)) / np.log(1.25))))  # steps grow by about a quarter
        steps = 1.25 ** np.arange(1, n + 1)
        return np.cumsum(steps) * length / steps.sum()

    return np.concatenate(
        [fine[0] - outwards(fine_from_mm - low_mm)[::-1], fine, fine[-1] + outwards(high_mm - fine_to_mm)]
    )

"""Which nodes a search must visit to find the best one, where the whole surface is not asked for.

First a coarse lattice; then, for each tissue and for their mean, the neighbours of the best node as long as that still
gains; then whatever the lattice does not rule out: a node may be worth a visit if the lattice, interpolated, comes near
the best there, given how far it was off elsewhere. Where that is more than half of the grid, the rest follows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RegularGridInterpolator

from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import PLATEAU_TOLERANCE
from elasreg_core.identification.sweep import NodeScores
from elasreg_core.metrics import METRICS
from elasreg_core.physics.parameters import Node

_COARSE_STEP = 3  # grid steps between the lines of the lattice
_TRUST = 0.5  # of the largest error of the interpolated lattice so far


def undecided(known: Mapping[Node, NodeScores], grid: ParameterGrid, criterion: str = "dice") -> list[Node]:
    """The nodes to visit next, in grid order; none when more of them are not likely to gain more than the tolerance.

    How often that holds is measured by `make bench`. What is asked for depends on the known scores alone: a search
    that was stopped goes on where it was.

    Args:
        known: nodes of the grid that have been scored.
        grid: all nodes there are.
        criterion: what the choice goes by, one of `criteria.CRITERIA`.
    """
    lattice = _lattice(grid)
    visited = set(lattice)
    if len(visited) < len(grid.nodes) and visited <= known.keys():
        surfaces = _surfaces(known, grid, criterion)
        tolerance = PLATEAU_TOLERANCE[criterion]
        heights = [-np.inf] * len(surfaces)
        while visited <= known.keys():
            wanted: set[Node] = set()
            for k, surface in enumerate(surfaces):
                top = max(visited, key=lambda node: surface[node])
                if surface[top] > heights[k] + tolerance / 5:
                    heights[k] = surface[top]
                    wanted |= _around(top, grid)
            if not wanted - visited:
                wanted = {node for surface in surfaces for node in _promising(surface, visited, grid, tolerance)}
            if not wanted - visited:
                return []
            visited |= wanted
            if len(visited) > len(grid.nodes) / 2:  # too rough to save anything
                visited = set(grid.nodes)
    return [node for node in grid.nodes if node in visited and node not in known]


def _lattice(grid: ParameterGrid) -> list[Node]:
    """Lines about three steps apart, the rim among them; beside a corner that is no node, its neighbours.

    Of a grid with fewer than six values on one axis, or without a whole corner, all nodes.
    """
    if min(map(len, grid.axes)) < 2 * _COARSE_STEP or grid.simplex:
        return list(grid.nodes)
    wanted: set[Node] = set(product(*map(_lines, grid.axes)))
    for corner in wanted - set(grid.nodes):
        wanted |= _around(corner, grid)
    return [node for node in grid.nodes if node in wanted]


def _lines(values: tuple[float, ...]) -> list[float]:
    n_lines = 1 + round((len(values) - 1) / _COARSE_STEP)
    return [values[i] for i in np.linspace(0, len(values) - 1, n_lines).round().astype(int)]


def _around(node: Node, grid: ParameterGrid) -> set[Node]:
    """The nodes at most one step away in every parameter, itself included."""
    near = [
        values[max(0, values.index(value) - 1) : values.index(value) + 2]
        for values, value in zip(grid.axes, node, strict=True)
    ]
    return set(product(*near)) & set(grid.nodes)


def _surfaces(known: Mapping[Node, NodeScores], grid: ParameterGrid, criterion: str) -> list[dict[Node, float]]:
    """The gain of every known node: one surface per tissue that has one, and their mean."""
    sign = 1 if METRICS[criterion].higher_is_better else -1
    nodes = [node for node in grid.nodes if node in known]
    gains = sign * np.array([known[node].by_tissue(criterion) for node in nodes], dtype=float)  # (N, tissues)
    gains = gains[:, ~np.isnan(gains).all(axis=0)]
    if not gains.size:
        return []
    gains = np.where(np.isnan(gains), np.nanmin(gains, axis=0), gains)  # HD95 where the warp lost the class
    return [dict(zip(nodes, surface, strict=True)) for surface in (*gains.T, gains.mean(axis=1))]


def _promising(
    surface: Mapping[Node, float], visited: Collection[Node], grid: ParameterGrid, tolerance: float
) -> list[Node]:
    """The nodes not visited that may be better than the best by more than the tolerance."""
    expected = dict(zip(grid.nodes, _interpolated(surface, grid), strict=True))
    error = max(abs(surface[node] - expected[node]) for node in visited)
    best = max(surface[node] for node in visited)
    return [n for n in grid.nodes if n not in visited and not expected[n] + _TRUST * error <= best + tolerance]


def _interpolated(surface: Mapping[Node, float], grid: ParameterGrid) -> npt.NDArray[np.float64]:
    """The lattice's values, linearly between its lines, at all nodes of the grid."""
    lines = [_lines(values) for values in grid.axes]
    origin = tuple(values[0] for values in grid.axes)
    corner = float(np.mean([surface[node] for node in _around(origin, grid) if node in surface]))
    heights = np.array([surface.get(node, corner) for node in product(*lines)]).reshape([len(of) for of in lines])
    return RegularGridInterpolator(lines, heights)(np.array(grid.nodes))

"""The laws by which a training step draws its parameters.

Each gives P parameters of a regularizer for K classes (1 for a global network), shape `(B, P, K)`, all in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Law = Callable[[np.random.Generator, tuple[int, int, int]], npt.NDArray[np.float32]]

LOG_UNIFORM_FROM = 1e-3


def uniform(rng: np.random.Generator, shape: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """Every parameter from U(0, 1), independently (the paper's law)."""
    return rng.random(shape, dtype=np.float32)


def log_uniform(rng: np.random.Generator, shape: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """The logarithm of every parameter uniformly between 0.001 and 1: small weights, where most changes, come often."""
    return (LOG_UNIFORM_FROM ** (1 - rng.random(shape))).astype(np.float32)


def simplex(rng: np.random.Generator, shape: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """Uniformly over λ + μ ≤ 1, for which the reference code's similarity weight 1 − (λ + μ) is made.

    A single parameter is uniform over [0, 1].
    """
    size, n_parameters, n_classes = shape
    shares = rng.dirichlet(np.ones(n_parameters + 1), (size, n_classes))  # uniform over those that sum to 1
    return np.moveaxis(shares[..., :n_parameters], -1, 1).astype(np.float32)


LAWS: dict[str, Law] = {"uniform": uniform, "log_uniform": log_uniform, "simplex": simplex}

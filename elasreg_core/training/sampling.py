"""The law by which a training step draws its elastic parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Law = Callable[[np.random.Generator, int, int], npt.NDArray[np.float32]]


def uniform(rng: np.random.Generator, batch_size: int, n_parameters: int) -> npt.NDArray[np.float32]:
    """Every parameter of every sample from U(0, 1), independently (the paper's law). Shape `(B, P)`."""
    return rng.random((batch_size, n_parameters), dtype=np.float32)


LAWS: dict[str, Law] = {"uniform": uniform}

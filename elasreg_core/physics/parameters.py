"""The regularizers' parameters: λ and μ of the elastic one, λ of the diffusion one, for the image or for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elasreg_core.errors import InputError

BACKGROUND = "background"

#: One setting of a regularizer's parameters: (λ, μ) of the elastic one, (λ,) of the diffusion one.
Node = tuple[float, ...]

_COLUMNS = ("lambda", "mu")


@dataclass(frozen=True)
class Regularizer:
    """What keeps a motion smooth.

    Attributes:
        name: such as "elastic".
        parameters: names of its parameters, each in [0, 1]: ("lambda",) or ("lambda", "mu"), which are the columns of
            all tables.
        symbols: the same for reading.
        models: how the names of its two models begin: "elas" of elas-g and elas-sas.
        meaning: what raising each of them does, in a sentence.
    """

    name: str
    parameters: tuple[str, ...]
    symbols: tuple[str, ...]
    models: str
    meaning: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.parameters not in (_COLUMNS[:1], _COLUMNS) or not len(self.symbols) == len(self.meaning) == self.count:
            raise ValueError(f"{self.name} needs lambda, or lambda and mu, and a symbol and a meaning for each.")

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return len(self.parameters)

    def shown(self, node: Node) -> str:
        """A node for reading, e.g. "λ = 0.3, μ = 0.1"."""
        return ", ".join(f"{symbol} = {value:g}" for symbol, value in zip(self.symbols, node, strict=True))


ELASTIC = Regularizer(
    "elastic",
    ("lambda", "mu"),
    ("λ", "μ"),
    "elas",
    (
        "Resistance to volume change: high λ keeps areas as they are.",
        "Shear stiffness: high μ keeps shapes as they are.",
    ),
)
DIFFUSION = Regularizer(
    "diffusion",
    ("lambda",),
    ("λ",),
    "diff",
    ("Smoothness: high λ keeps neighbours together, whatever the direction they move in.",),
)


def regularizer_of(node: Node) -> Regularizer:
    """The paper's regularizer with as many parameters as a node has; the others' are called the same."""
    return ELASTIC if len(node) == len(ELASTIC.parameters) else DIFFUSION


@dataclass(frozen=True)
class ParameterField:
    """One node per label class; class 0 is the background.

    Attributes:
        nodes: of classes 0 … C−1, all of one regularizer, each value in [0, 1].

    Example:
        >>> ParameterField(((0.0, 0.0), (0.3, 0.1))).adaptive_vector()
        array([0. , 0.3, 0. , 0.1], dtype=float32)
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        lengths = {len(node) for node in self.nodes}
        if lengths not in ({len(ELASTIC.parameters)}, {len(DIFFUSION.parameters)}):
            raise InputError(
                "The parameters are not those of one regularizer.",
                expected="one λ and one μ for every class (elastic), or one λ for every class (diffusion)",
                received=self.nodes,
            )
        outside = [value for node in self.nodes for value in node if not 0 <= value <= 1]
        if outside:
            raise InputError(
                "A parameter is outside the range that the networks were trained on.",
                expected=" and ".join(self.regularizer.symbols) + " in [0, 1]",
                received=", ".join(f"{value:g}" for value in outside),
            )

    @classmethod
    def uniform(cls, node: Node, n_classes: int) -> ParameterField:
        """The same node everywhere: the only kind that a global network can take."""
        return cls((tuple(map(float, node)),) * n_classes)

    @classmethod
    def from_tissues(cls, parameters: Mapping[str, Node], tissues: Sequence[str], background: Node) -> ParameterField:
        """From `{tissue: node}`; `tissues` gives the class order 1 … C−1, `background` class 0.

        Raises:
            InputError: a tissue is missing or unknown.
        """
        if set(parameters) - {BACKGROUND} != set(tissues):
            raise InputError(
                "The parameters are not those of the checkpoint's tissues.",
                expected=", ".join(tissues),
                received=", ".join(parameters) or "none",
                cure="Give parameters for every tissue",
            )
        nodes = [parameters.get(BACKGROUND, background), *(parameters[name] for name in tissues)]
        return cls(tuple(tuple(map(float, node)) for node in nodes))

    @property
    def regularizer(self) -> Regularizer:
        """See `regularizer_of`."""
        return regularizer_of(self.nodes[0])

    @property
    def is_uniform(self) -> bool:
        """Whether all classes share one node."""
        return len(set(self.nodes)) == 1

    def global_vector(self) -> npt.NDArray[np.float32]:
        """(λ, μ) or (λ,): the input of a global network.

        Raises:
            InputError: the classes differ, which a global network cannot express.
        """
        if not self.is_uniform:
            raise InputError(
                "A global network takes one setting of the parameters for the whole image.",
                received=self.nodes,
                cure="Use the spatially adaptive checkpoint (elas-sas or diff-sas) for tissue-wise parameters",
            )
        return np.array(self.nodes[0], dtype=np.float32)

    def adaptive_vector(self) -> npt.NDArray[np.float32]:
        """(λ_0 … λ_{C−1}, μ_0 … μ_{C−1}), or the λ alone: the input of a spatially adaptive network."""
        return np.array(self.nodes, dtype=np.float32).T.ravel()

    @classmethod
    def from_adaptive_vector(cls, vector: npt.ArrayLike, regularizer: Regularizer) -> ParameterField:
        """The inverse of `adaptive_vector`."""
        rows = np.reshape(np.asarray(vector, dtype=float), (len(regularizer.parameters), -1))
        return cls(tuple(tuple(map(float, node)) for node in rows.T))

    def by_tissue(self, tissues: Sequence[str]) -> dict[str, dict[str, float]]:
        """`{"background": {"lambda": …, "mu": …}, tissue: …}`, the form written to files."""
        names = (BACKGROUND, *tissues)
        return {
            name: dict(zip(self.regularizer.parameters, node, strict=True))
            for name, node in zip(names, self.nodes, strict=True)
        }

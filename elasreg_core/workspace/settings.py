"""Settings of a regularizer's parameters: what the sliders of Explore say, as text for a link, and named ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elasreg_core.data.known_tissues import TISSUES
from elasreg_core.data.phantoms.known_stiffness import known_stiffness
from elasreg_core.errors import InputError
from elasreg_core.identification.selection import MEAN, best_node, chosen_parameters
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import ELASTIC, Node, ParameterField, Regularizer

SOFT = 0.05
_STIFF = {"uniform": 0.9, "simplex": 0.45}  # networks trained with λ + μ ≤ 1 know no more


@dataclass(frozen=True)
class Setting:
    """A node for the image, which a global network takes, and one for each tissue, for an adaptive one.

    Attributes:
        image: (λ, μ) or (λ,).
        tissues: the same in label order, without the background.
    """

    image: Node
    tissues: tuple[Node, ...]

    def __str__(self) -> str:
        """For a link.

        Example:
            >>> print(Setting((0.1, 0.2), ((0.5, 0.5), (1.0, 0.0))))
            0.1,0.2;0.5,0.5;1,0
        """
        return ";".join(",".join(f"{value:g}" for value in node) for node in (self.image, *self.tissues))

    @classmethod
    def from_text(cls, text: str, regularizer: Regularizer, n_tissues: int) -> Setting:
        """The inverse of `str`.

        Raises:
            InputError: it is no setting of this regularizer for so many tissues.
        """
        try:
            image, *tissues = (tuple(map(float, node.split(","))) for node in text.split(";"))
        except ValueError:
            image, tissues = (), []
        sizes = {len(node) for node in (image, *tissues)}
        values = [value for node in (image, *tissues) for value in node]
        if (
            sizes != {len(regularizer.parameters)}
            or len(tissues) != n_tissues
            or not all(0 <= value <= 1 for value in values)
        ):
            raise InputError(
                "The link's pinned setting does not fit this data set.",
                expected=f"{' and '.join(regularizer.symbols)} in [0, 1] for the image and for {n_tissues} tissues",
                received=text[:80],
                cure="Unpin it, or choose the data set and the regularizer that it was made for",
            )
        return cls(image, tuple(tissues))

    def field(self, adaptive: bool, background: Node) -> ParameterField:
        """What a network takes: each tissue's node with the checkpoint's background, or the image's."""
        if adaptive:
            return ParameterField((background, *self.tissues))
        return ParameterField.uniform(self.image, len(self.tissues) + 1)


@dataclass(frozen=True)
class Preset:
    """A named setting.

    Attributes:
        title: on its button.
        setting: what it sets.
        explanation: where its numbers are from, in a sentence or two.
    """

    title: str
    setting: Setting
    explanation: str


def presets(tissues: Sequence[str], regularizer: Regularizer, sampling: str = "uniform") -> list[Preset]:
    """Settings to start from, which need no search.

    Args:
        tissues: in label order.
        regularizer: whose parameters.
        sampling: the law that the networks were trained under.
    """
    soft, stiff = ((value,) * len(regularizer.parameters) for value in (SOFT, _STIFF.get(sampling, _STIFF["uniform"])))
    everywhere = Setting(soft, (soft,) * len(tissues))
    known = [TISSUES[tissue] for tissue in tissues if tissue in TISSUES]
    hardest = max(known, key=lambda tissue: tissue.stiffness.youngs_modulus_kpa, default=None)
    stiffest = tissues[0] if hardest is None else hardest.name
    name = stiffest if hardest is None else hardest.plain_name or hardest.name
    rigid = Setting(soft, tuple(stiff if tissue == stiffest else soft for tissue in tissues))
    found = [
        Preset("Soft", everywhere, f"{regularizer.shown(soft)} everywhere: the images decide, the regularizer hardly."),
        Preset(
            f"Stiff {name}",
            rigid,
            f"{regularizer.shown(stiff)} for the {name} alone, {regularizer.shown(soft)} elsewhere; "
            "a global network cannot express that, and stays soft.",
        ),
    ]
    literature = _from_literature(tissues, regularizer)
    return found if literature is None else [*found, literature]


def _from_literature(tissues: Sequence[str], regularizer: Regularizer) -> Preset | None:
    known = known_stiffness(tissues)
    if not known:
        return None
    nodes: list[Node] = [
        tissue.scaled if regularizer == ELASTIC else (tissue.magnitude,) * regularizer.count for tissue in known
    ]
    mean = tuple(round(sum(values) / len(nodes), 2) for values in zip(*nodes, strict=True))
    setting = Setting(mean, tuple(tuple(round(value, 2) for value in node) for node in nodes))
    scaled = "the larger of λ and μ runs from 0.1 (softest tissue) to 1 (stiffest), linear in log E"
    kept = "λ : μ = 2ν / (1 − 2ν) is each tissue's own, and " + scaled
    if regularizer != ELASTIC:
        kept = f"{regularizer.name.capitalize()} knows no λ : μ; its {' and '.join(regularizer.symbols)} runs from 0.1 "
        kept += "(softest tissue) to 1 (stiffest), linear in log E"
    return Preset("Literature ratios", setting, f"{kept}; the image takes the tissues' mean.")


def optimum_preset(sweep: SubjectSweep, regularizer: Regularizer, background: Node) -> Preset:
    """What a finished search says: each tissue's best node, and the best on their mean for the image.

    Raises:
        InputError: no tissue has an optimum.
    """
    adaptive = next(model for model in MODELS.values() if model.regularizer == regularizer and model.is_adaptive)
    nodes = chosen_parameters(sweep, adaptive, background).nodes[1:]
    image = best_node(sweep, MEAN).node
    steps = len(sweep.grid.axes[0])
    rounded = [tuple(round(value, 2) for value in node) for node in (image or nodes[0], *nodes)]
    return Preset(
        "The subject's optimum",
        Setting(rounded[0], tuple(rounded[1:])),
        f"The best Dice of each tissue over {sweep.n_visited} nodes ({steps} values of λ), and of their mean for the "
        "image: an oracle, which knows this subject's labels.",
    )

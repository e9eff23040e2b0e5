"""What `metrics.json` says of one registration: scores before and after, with what it was made, how that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.evaluation.scores import Scores
from elasreg_core.networks.checkpoint import Family
from elasreg_core.provenance import versions
from elasreg_core.registration.registered import Registration


def registration_metrics(
    pair: RegistrationPair,
    registration: Registration,
    initial: Scores,
    registered: Scores,
    family: Family,
    model: str,
    choice: Mapping[str, Any],
    seconds_to_identify: float,
) -> dict[str, Any]:
    """The content of metrics.json; null where undefined, no path of any file.

    Args:
        pair: what was registered.
        registration: what came out.
        initial: scores of the pair as it came.
        registered: its scores now.
        family: whose checkpoints were used.
        model: which of them registered.
        choice: how the parameters were chosen: `parameters_from`, and what else there is to say.
        seconds_to_identify: how long that took.
    """
    card = family.member(model).card
    return {
        "initial": initial.to_dict(),
        "registered": registered.to_dict(),
        "model": model,
        "parameters": registration.parameters.by_tissue(pair.tissues.names),
        "checkpoints": {
            c.card.model: {"name": c.name, "sha256": c.card.weights_sha256} for c in family.members.values()
        },
        "seconds": {"identify": seconds_to_identify, "register": registration.seconds},
        "provenance": {
            "versions": versions(),
            **choice,
            "preprocessing": asdict(card.preprocessing),
            "regularization_scale": card.regularization_scale,
            "sampling": card.sampling,
            "regularized": card.regularized,
            "notes": list(pair.notes),
        },
    }

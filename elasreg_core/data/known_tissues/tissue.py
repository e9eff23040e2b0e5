"""What is known of a tissue beside where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from elasreg_core.data.phantoms.materials import StiffnessRange


@dataclass(frozen=True)
class KnownTissue:
    """The constant `TISSUE` of every module in this folder.

    Attributes:
        name: as label tables call it.
        stiffness: what the literature reports.
        plain_name: in a sentence, where the name is an abbreviation.
        totalsegmentator: version of TotalSegmentator → the numbers of the tissue's classes in its label map.
        files: what the names of those classes' files match, without their ending; None where it has no such class.
    """

    name: str
    stiffness: StiffnessRange
    plain_name: str | None = None
    totalsegmentator: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    files: str | None = None

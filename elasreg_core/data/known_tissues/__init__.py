"""What is known of the tissues that data sets label: one module each, found by its constant `TISSUE`."""

from __future__ import annotations

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.modules import modules_with

TISSUES: dict[str, KnownTissue] = {module.TISSUE.name: module.TISSUE for module in modules_with(__name__, "TISSUE")}

__all__ = ["TISSUES", "KnownTissue"]

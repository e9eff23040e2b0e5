"""The liver."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue("liver", materials.LIVER, totalsegmentator={2: (5,), 1: (5,)}, files="liver")

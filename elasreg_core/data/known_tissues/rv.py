"""The right ventricle's cavity."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue("RV", materials.BLOOD, plain_name="right ventricle")

"""The left ventricle's cavity."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue("LV-BP", materials.BLOOD, plain_name="left blood pool")

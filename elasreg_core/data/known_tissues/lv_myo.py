"""The left ventricle's muscle."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue("LV-Myo", materials.CONTRACTED_HEART, plain_name="myocardium")

"""The lungs, without the airways."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue(
    "lung",
    materials.LUNG,
    totalsegmentator={2: (10, 11, 12, 13, 14), 1: (13, 14, 15, 16, 17)},  # lobes
    files=r"lung_(upper|middle|lower)_lobe_(left|right)",
)

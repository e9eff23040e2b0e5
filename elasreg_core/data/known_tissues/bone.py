"""The bones of a chest: vertebrae, ribs and sternum."""

from elasreg_core.data.known_tissues.tissue import KnownTissue
from elasreg_core.data.phantoms import materials

TISSUE = KnownTissue(
    "bone",
    materials.BONE,
    totalsegmentator={
        2: (*range(26, 51), *range(92, 117)),  # vertebrae S1 to C1; ribs left and right 1 to 12, sternum
        1: (*range(18, 42), *range(58, 82)),  # vertebrae L5 to C1; ribs: it had no sternum
    },
    files=r"vertebrae_\w+|rib_\w+|sternum",
)

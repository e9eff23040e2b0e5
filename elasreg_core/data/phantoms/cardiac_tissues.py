"""The tissues of the cardiac phantom, by index."""

from __future__ import annotations

from elasreg_core.data.phantoms import materials as stiffness_of
from elasreg_core.data.phantoms.materials import Material

SURROUNDINGS, RV, MYOCARDIUM, LV, RV_WALL, FAT, LUNG, LIVER = range(8)

MATERIALS = (
    Material("surroundings", 0, stiffness_of.MEDIASTINUM),
    Material("RV", 1, stiffness_of.BLOOD),
    Material("LV-Myo", 2, stiffness_of.CONTRACTED_HEART),
    Material("LV-BP", 3, stiffness_of.BLOOD),
    Material("RV wall", 0, stiffness_of.RELAXED_HEART),
    Material("fat", 0, stiffness_of.FAT),
    Material("lung", 0, stiffness_of.LUNG),
    Material("liver", 0, stiffness_of.LIVER),
)

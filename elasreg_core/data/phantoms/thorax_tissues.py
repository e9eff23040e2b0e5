"""The tissues of the thorax phantom, by index."""

from __future__ import annotations

from elasreg_core.data.phantoms import materials as stiffness_of
from elasreg_core.data.phantoms.materials import Material

AIR, WALL, FAT, LUNG, BONE, CARTILAGE, MEDIASTINUM, HEART, LIVER, ABDOMEN, AIRWAY, HILUM = range(12)

MATERIALS = (
    Material("air", 0, stiffness_of.FILLING),
    Material("chest wall", 0, stiffness_of.MUSCLE),
    Material("fat", 0, stiffness_of.FAT),
    Material("lung", 1, stiffness_of.LUNG),
    Material("bone", 2, stiffness_of.BONE),
    Material("costal cartilage", 0, stiffness_of.CARTILAGE),
    Material("mediastinum", 0, stiffness_of.MEDIASTINUM),
    Material("heart", 0, stiffness_of.RELAXED_HEART),
    Material("liver", 3, stiffness_of.LIVER),
    Material("abdomen", 0, stiffness_of.ABDOMEN),
    Material("airways", 0, stiffness_of.AIRWAY),
    Material("hilar vessels", 0, stiffness_of.MEDIASTINUM),
)

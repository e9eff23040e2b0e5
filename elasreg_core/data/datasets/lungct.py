"""LungCT: chest CT at expiration (fixed, its field of view partly cut) and inspiration (moving), from Learn2Reg.

Layout: `imagesTr|Ts/LungCT_XXXX_0000.nii.gz` (fixed), `…_0001.nii.gz` (moving); label maps under the same names in
`labelsTr|Ts`, else the lung masks in `masksTr|Ts`; the manual `landmarksTr|Ts/LungCT_XXXX_000{0,1}.csv`, else the
automatic `keypointsTr|Ts`. Labels: 1 lung, 2 bone, 3 liver.
Cite: Hering, Murphy, van Ginneken, Learn2Reg Challenge: CT Lung Registration, Zenodo 3835682 (2020).
"""

from __future__ import annotations

from pathlib import Path

from elasreg_core.data.datasets.dataset import Dataset, Layout
from elasreg_core.data.datasets.learn2reg import open_learn2reg
from elasreg_core.data.tissues import THORAX


def open_lungct(root: Path) -> Dataset:
    """Lists the subjects under `root`; see `open_learn2reg`."""
    return open_learn2reg(root, "LungCT", points=("landmarks", "keypoints"))


LAYOUT = Layout("lungct", open_lungct, THORAX)

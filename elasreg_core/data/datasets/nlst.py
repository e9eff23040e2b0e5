"""NLST: two low-dose chest CTs of one patient, in the form of Learn2Reg 2023.

Layout: `imagesTr/NLST_XXXX_0000.nii.gz` (fixed), `…_0001.nii.gz` (moving); the LungRibsLiver label maps under the same
names in `labelsTr`, else the lung masks in `masksTr`; `keypointsTr/NLST_XXXX_000{0,1}.csv`.
Labels: 1 lung, 2 bone, 3 liver.
Cite: National Lung Screening Trial Research Team, New England Journal of Medicine 365 (2011); Learn2Reg 2023.
"""

from __future__ import annotations

from pathlib import Path

from elasreg_core.data.datasets.dataset import Dataset, Layout
from elasreg_core.data.datasets.learn2reg import open_learn2reg
from elasreg_core.data.tissues import THORAX


def open_nlst(root: Path) -> Dataset:
    """Lists the subjects under `root`; see `open_learn2reg`."""
    return open_learn2reg(root, "NLST", points=("keypoints",))


LAYOUT = Layout("nlst", open_nlst, THORAX)

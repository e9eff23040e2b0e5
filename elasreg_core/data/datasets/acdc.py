"""ACDC: cine MR of the heart, end diastole (fixed) and end systole (moving).

Layout: `training|testing/patientNNN/patientNNN_frameFF.nii.gz`, `…_gt.nii.gz` beside it, `Info.cfg` with the frame
numbers ED and ES and the disease Group. Labels: 1 RV, 2 myocardium, 3 LV blood pool.
Cite: Bernard et al., IEEE Transactions on Medical Imaging 37 (2018).
"""

from __future__ import annotations

from pathlib import Path

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets.dataset import Dataset, Layout
from elasreg_core.data.tissues import CARDIAC
from elasreg_core.errors import InputError


def open_acdc(root: Path) -> Dataset:
    """Lists the patients under `root` (or its `training`/`testing` folders).

    Raises:
        InputError: no patient folder was found.
    """
    folders = sorted(
        (
            path
            for pattern in ("patient*", "training/patient*", "testing/patient*")
            for path in root.glob(pattern)
            if path.is_dir()
        ),
        key=lambda path: path.name,
    )
    cases, faults = [], []
    for folder in folders:
        try:
            cases.append(_case(folder))
        except InputError as fault:
            faults.append(str(fault))
    if not cases:
        raise InputError(
            f"{root} does not look like ACDC.",
            expected="training/patient001/{Info.cfg, patient001_frame01.nii.gz, patient001_frame01_gt.nii.gz, …}",
            received=faults[0] if faults else "no patient folder",
            cure="Point at the folder that holds training/",
        )
    return Dataset("acdc", root, tuple(cases), CARDIAC, tuple(faults))


def read_info(path: Path) -> dict[str, str]:
    """The `Key: value` lines of an `Info.cfg`."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.", expected="an Info.cfg with the frames ED and ES")
    lines = path.read_text(errors="replace").splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value.strip()}


def _case(folder: Path) -> Case:
    info = read_info(folder / "Info.cfg")
    frames = []
    for phase in ("ED", "ES"):
        if not info.get(phase, "").isdecimal():
            raise InputError(
                f"{folder / 'Info.cfg'} does not say which frame is {phase}.",
                expected=f"a line such as '{phase}: 1'",
                received=info.get(phase, "no such line"),
            )
        frames.append(folder / f"{folder.name}_frame{int(info[phase]):02d}.nii.gz")
    fixed, moving = frames
    labels = [path.with_name(path.name.replace(".nii.gz", "_gt.nii.gz")) for path in frames]
    missing = [path.name for path in (*frames, *labels) if not path.is_file()]
    if missing:
        raise InputError(
            f"{folder.name} is incomplete.", expected="two frames and their _gt labels", received=f"no {missing[0]}"
        )
    return Case(folder.name, moving, fixed, labels[1], labels[0], info.get("Group"))


LAYOUT = Layout("acdc", open_acdc, CARDIAC)

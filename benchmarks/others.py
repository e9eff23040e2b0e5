"""h: elastix and ANTs on the same pair, with the Dice of each. `make bench` installs them; without them rows say so."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.report import Row
from benchmarks.sweeps import GRID, exhaustive, hearts
from benchmarks.timing import Timing, side_by_side
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.identification.selection import best_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.metrics import warped_dice
from elasreg_core.registration.registrar import Registrar
from elasreg_core.workspace.paths import find_family

ANTS_PYTHON = Path(".venv-ants/bin/python")  # antspyx wants another NumPy and SciPy than this project


def elsewhere(repeats: int) -> list[Row]:
    """A sweep of 121 settings against one registration by each of the others."""
    checkpoint = find_family("cardiac").member("elas-g")
    registrar = Registrar(checkpoint)
    (pair,) = hearts(checkpoint, subjects=1)
    best = best_node(
        SubjectSweep.from_nodes(pair.id, pair.tissues.names, GRID, exhaustive(registrar, pair).values()), "mean"
    )
    before = _mean_dice(pair, pair.moving_labels)
    what = (
        f"121 settings, 128 × 128: mean Dice {before:.3f} → {best.value:.3f} at the best, chosen with the labels (an "
        "oracle, which the others have not); one registration by"
    )
    rows = []
    if importlib.util.find_spec("itk") is None:
        rows.append(Row("h", "elastix", "not measured: not installed"))
    else:
        times = side_by_side({"ours": lambda: exhaustive(registrar, pair), "elastix": lambda: _elastix(pair)}, repeats)
        note = f", mean Dice {_mean_dice(pair, _elastix(pair)):.3f}"
        rows.append(Row.against("h", f"{what} elastix (B-spline)", times["ours"], times["elastix"], note))
    if not ANTS_PYTHON.exists():
        rows.append(Row("h", "ANTs", "not measured: not installed"))
    else:
        ours = side_by_side({"ours": lambda: exhaustive(registrar, pair)}, repeats)["ours"]
        theirs, warped = _ants(pair, repeats)  # one after the other: ANTs runs in a process of its own
        note = f", mean Dice {_mean_dice(pair, warped):.3f}"
        rows.append(Row.against("h", f"{what} ANTs (SyN, cross-correlation)", ours, theirs, note))
    return rows


def _mean_dice(pair: RegistrationPair, warped: npt.NDArray[np.uint8]) -> float:
    return float(np.nanmean(warped_dice(pair.moving_labels, warped, pair.fixed_labels, pair.tissues.n_classes)))


def _elastix(pair: RegistrationPair) -> npt.NDArray[np.uint8]:
    """The moving labels as warped by elastix with its default B-spline parameters."""
    import itk

    fixed, moving, labels = (
        itk.image_view_from_array(np.ascontiguousarray(array, dtype=np.float32))
        for array in (pair.fixed, pair.moving, pair.moving_labels)
    )
    parameters = itk.ParameterObject.New()
    for stage in ("rigid", "bspline"):
        parameters.AddParameterMap(parameters.GetDefaultParameterMap(stage))
    _, transform = itk.elastix_registration_method(fixed, moving, parameter_object=parameters)
    transform.SetParameter("FinalBSplineInterpolationOrder", "0")
    return np.rint(itk.array_from_image(itk.transformix_filter(labels, transform))).astype(np.uint8)


def _ants(pair: RegistrationPair, repeats: int) -> tuple[Timing, npt.NDArray[np.uint8]]:
    """Times of ANTs' registrations in its own environment, and the moving labels as warped by it."""
    with tempfile.TemporaryDirectory() as folder:
        arrays, warped = Path(folder) / "pair.npz", Path(folder) / "warped.npy"
        np.savez(arrays, fixed=pair.fixed, moving=pair.moving, labels=pair.moving_labels)
        script = Path(__file__).with_name("ants_pair.py")
        command = [str(ANTS_PYTHON), str(script), str(arrays), str(warped), str(repeats)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (our own arguments)
        return Timing(tuple(json.loads(done.stdout.splitlines()[-1]))), np.load(warped)

"""Small things that several tests need: unequal sides, anisotropic spacing, no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from scipy.spatial.transform import Rotation

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.data.tissues import TissueTable
from elasreg_core.evaluation.comparison import Comparison, Contender
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import NodeScores
from elasreg_core.networks.architecture import MODELS, Architecture
from elasreg_core.networks.checkpoint import Checkpoint, load_family, save_checkpoint
from elasreg_core.physics.fields import warp_image, warp_labels
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.registered import Registration
from elasreg_core.workspace.paths import data_folder, find_family, open_data, store_path
from elasreg_core.workspace.store import Store, source_key

TISSUES = ("wall", "pool")
SPACING_MM = (1.5, 2.5)
PREPROCESSING = Preprocessing(grid_shape=(16, 12), spacing_mm=2.0, slice_axis=2)


def oblique_affine(spacing_mm: Sequence[float] = (1.5, 2.5, 7.0), origin_mm: Sequence[float] = (-40, 25, 110)) -> Any:
    """Voxel → RAS mm, turned about all three axes."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", [0.3, -0.2, 0.5]).as_matrix() * spacing_mm
    affine[:3, 3] = origin_mm
    return affine


def write_nifti(path: Path, data: Any, affine: Any = None, pixdim: Sequence[float] | None = None) -> Path:
    """Writes with nibabel alone: the affine as sform; `pixdim` overrides the spacing, even against the sform."""
    affine = oblique_affine() if affine is None else np.asarray(affine, dtype=float)
    header = nib.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_sform(affine, code="scanner")
    header["pixdim"][1:4] = np.linalg.norm(affine[:3, :3], axis=0) if pixdim is None else pixdim
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, None, header), path)
    return path


def block(shape: Sequence[int], rows: slice, columns: slice, label: int = 1) -> np.ndarray:
    """A label map with one rectangle (in 3D: a bar through all slices)."""
    labels = np.zeros(shape, dtype=np.uint8)
    labels[rows, columns] = label
    return labels


def make_pair(**changes: Any) -> RegistrationPair:
    """A 12 × 9 pair at 1.5 × 2.5 mm: moving labels are the fixed ones 2 rows further along axis 0.

    "wall" (1) is a block of 4 × 3 voxels, "pool" (2) one of 4 × 2. u = (2, 0) aligns them, as
    `warped(p) = moving(p + u)`.
    """
    fixed_labels = block((12, 9), slice(2, 6), slice(1, 4), 1) + block((12, 9), slice(2, 6), slice(5, 7), 2)
    rng = np.random.default_rng(0)
    parts: dict[str, Any] = {
        "id": "subject",
        "moving": rng.random((12, 9), dtype=np.float32),
        "fixed": rng.random((12, 9), dtype=np.float32),
        "moving_labels": np.roll(fixed_labels, 2, axis=0),
        "fixed_labels": fixed_labels,
        "affine": np.diag([*SPACING_MM, 7.0, 1.0]),
        "spacing_mm": SPACING_MM,
        "tissues": TissueTable(TISSUES),
    }
    return RegistrationPair(**(parts | changes))


def make_registration(pair: RegistrationPair, displacement: np.ndarray) -> Registration:
    """What a registrar would have made of a pair, had it found this displacement."""
    labels = None if pair.moving_labels is None else warp_labels(pair.moving_labels, displacement)
    parameters = ParameterField.uniform((0, 0.1), pair.tissues.n_classes)
    return Registration(
        pair.id, displacement, warp_image(pair.moving, displacement), labels, parameters, "a/elas-g", 0.1
    )


def shift(pair: RegistrationPair, *components: float) -> np.ndarray:
    """The same displacement everywhere, in voxels."""
    return np.broadcast_to(np.float32(components), (*pair.grid_shape, len(components))).copy()


def node_scores(
    node: Sequence[float],
    dice: Sequence[float],
    hd95: Sequence[float] | None = None,
    folding: float = 0.0,
    sd: float = 0.1,
    tre: float = float("nan"),
    **per_tissue: Sequence[float],
) -> NodeScores:
    """One node's scores; of the tissues, HD95 and other metrics by name only where they are given."""
    given = per_tissue if hd95 is None else {"hd95_mm": hd95, **per_tissue}
    return NodeScores(
        tuple(node),
        {metric: tuple(values) for metric, values in {"dice": dice, **given}.items()},
        {"tre_mm": tre, "neg_jacobian_percent": folding, "sd_log_jacobian": sd},
    )


def make_card(model: str = "elas-g", **changes: Any) -> dict[str, Any]:
    """The fields of a model card, for the grid and the tissues of `make_pair`."""
    card: dict[str, Any] = {
        "model": model,
        "tissues": TISSUES,
        "background": (0.0,) * len(MODELS[model].regularizer.parameters),
        "preprocessing": PREPROCESSING,
        "network": Architecture(encoder=(4, 4), decoder=(4, 4), hyper_units=4),
        "sampling": "uniform",
        "regularization_scale": 1.0,
        "training": {"steps": 3},
        "versions": {"numpy": "0"},
    }
    return card | changes


def make_checkpoint(folder: Path, weights: dict[str, Any] | None = None, **changes: Any) -> Checkpoint:
    """A checkpoint with made-up weights; `changes` to the card. By default the model is what the folder is named."""
    if weights is None:
        weights = {"dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "dense/bias": np.ones(3, np.float32)}
    if folder.name in MODELS:
        changes = {"model": folder.name} | changes
    return save_checkpoint(folder, weights, make_card(**changes))


def make_family(folder: Path, models: Sequence[str] = ("elas-g", "elas-sas"), **changes: Any) -> Path:
    """A family of some models, by default both elastic ones, with different weights."""
    for number, model in enumerate(models):
        make_checkpoint(folder / model, {"w": np.full(2, number, np.float32)}, **changes)
    return folder


def make_comparison(family: Path, models: Sequence[str] = ("elas-g", "elas-sas"), n_subjects: int = 6) -> Comparison:
    """A comparison of made-up numbers, the later model the better one; the family is made, too."""
    rng = np.random.default_rng(0)
    bases = {"initial": 0.5, **{model: 0.8 + 0.02 * place for place, model in enumerate(models)}}
    rows = [
        {
            "subject": f"s{i}",
            "model": model,
            **{f"dice {tissue}": base + 0.05 * rng.random() for tissue in TISSUES},
            "mean_dice": base + 0.05 * rng.random(),
            **{f"hd95_mm {tissue}": 2.0 + rng.random() for tissue in TISSUES},
            "mean_hd95_mm": 3.0,
            "tre_mm": np.nan,
            "displacement_error_vox": np.nan,
            "neg_jacobian_percent": 0.0,
            "sd_log_jacobian": 0.2,
        }
        for model, base in bases.items()
        for i in range(n_subjects)
    ]
    known = {"plateau": 0.25, "nodes": 120, "on_edge": True, "ties": 0}
    parameters = [
        {"subject": f"s{i}", "model": models[-1], "tissue": tissue, "lambda": i / 10, "mu": 0.3, **known}
        for i in range(n_subjects)
        for tissue in TISSUES
    ]
    return Comparison(
        load_family(make_family(family, models)),
        tuple(Contender(MODELS[model]) for model in models),
        pd.DataFrame(rows),
        pd.DataFrame(parameters),
        pd.DataFrame(),
        {},
        is_phantom=False,
        faults=("s9 is damaged & left out.",),
    )


def search_demo(subjects: Sequence[str], model: str = "elas-g", absent: str = "", **scores: Any) -> None:
    """Puts made-up scores of some of the demo's subjects into the store: whole searches of a 3 × 3 grid.

    Args:
        subjects: of the cohort `cardiac-phantom`, which the workspace must have.
        model: global one of the family `cardiac`.
        absent: a subject without its first tissue.
        **scores: as of `node_scores`.
    """
    dataset = open_data(data_folder() / "cardiac-phantom", "acdc")
    checkpoint = find_family("cardiac").member(model)
    grid = ParameterGrid.for_checkpoint(3, checkpoint)
    store = Store(store_path())
    for number, subject in enumerate(subjects):
        rng = np.random.default_rng(number)
        source = source_key(checkpoint, dataset.load(subject, checkpoint.card.preprocessing, checkpoint.tissues))
        store.begin(source, subject, checkpoint.name)
        for node in grid.nodes:
            dice = tuple(0.7 + 0.2 * rng.random(3))
            store.add(source, node_scores(node, (np.nan, *dice[1:]) if subject == absent else dice, **scores))


def make_volumes(seed: int = 0) -> dict[str, np.ndarray]:
    """Files of one subject, 20 × 24 × 3 voxels: bright and noisy, with labels 1 and 2 on every slice."""
    rng = np.random.default_rng(seed)
    labels = block((20, 24, 3), slice(6, 12), slice(8, 12), 1) + block((20, 24, 3), slice(6, 12), slice(13, 16), 2)
    return {
        "moving": rng.integers(100, 900, (20, 24, 3), dtype=np.int16),
        "fixed": rng.integers(100, 900, (20, 24, 3), dtype=np.int16),
        "moving_labels": np.roll(labels, 2, axis=0),
        "fixed_labels": labels,
    }


def write_pair_folder(root: Path, subject: str = "s1", suffix: str = ".nii.gz", **replaced: Any) -> Path:
    """One subject of the plain pairs layout, with `tissues.json`; a replaced volume of None is left out."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "tissues.json").write_text(json.dumps(TISSUES))
    for role, volume in (make_volumes() | replaced).items():
        if volume is not None:
            write_nifti(root / subject / f"{role}{suffix}", volume)
    return root / subject


def write_points(path: Path, points: Any) -> Path:
    """A keypoint file: "i,j,k" a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(f"{value:.3f}" for value in point) + "\n" for point in points))
    return path


def write_learn2reg_subject(root: Path, subject: str, split: str = "Tr", *, labels: str = "labels") -> Path:
    """One subject in Learn2Reg's layout: two images and their maps in `labels<split>` or `masks<split>`."""
    volumes = make_volumes()
    for number, role in enumerate(("fixed", "moving")):
        write_nifti(root / f"images{split}" / f"{subject}_000{number}.nii.gz", volumes[role])
        write_nifti(root / f"{labels}{split}" / f"{subject}_000{number}.nii.gz", volumes[f"{role}_labels"])
    return root


def write_acdc_patient(root: Path, name: str = "patient001", ed: int = 1, es: int = 12, group: str = "DCM") -> Path:
    """One patient in ACDC's layout; the labels have three tissues."""
    folder = root / name
    volumes = make_volumes()
    for frame, role in ((ed, "fixed"), (es, "moving")):
        labels = volumes[f"{role}_labels"].copy()
        labels[0, 0] = 3
        write_nifti(folder / f"{name}_frame{frame:02d}.nii.gz", volumes[role])
        write_nifti(folder / f"{name}_frame{frame:02d}_gt.nii.gz", labels)
    (folder / "Info.cfg").write_text(f"ED: {ed}\nES: {es}\nGroup: {group}\nHeight: 170.0\n")
    return folder


def small_run(root: Path, models: Sequence[str] = ("elas-g", "elas-sas"), steps: int = 2) -> str:
    """The TOML of a training that takes seconds, on a cohort in ACDC's layout; its state is saved every five steps."""
    return f"""
models = {json.dumps(list(models))}
[data]
layout = "acdc"
root = "{root}"
[preprocessing]
grid_shape = [40, 44]
spacing_mm = 5.0
[network]
encoder = [4, 4]
decoder = [4, 4, 4]
hyper_layers = 2
hyper_units = 4
[training]
steps = {steps}
save_every = 5
"""

"""`elasreg submission`: a Learn2Reg submission folder for a whole cohort."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from elasreg_core.cli.console import Bars
from elasreg_core.cli.how_made import files_of, keep_provenance
from elasreg_core.cli.parameters_file import add_model_to, networks_of, read_parameters
from elasreg_core.cli.search import add_grid_to, add_selection_to, add_split_to, selection_from
from elasreg_core.data.nifti import read_geometry, read_vectors, write_volume
from elasreg_core.data.pair import RegistrationPair
from elasreg_core.errors import InputError
from elasreg_core.registration.export import original_displacement, origins_of
from elasreg_core.registration.lazy import LazyRegistrar
from elasreg_core.workspace.identification import identify
from elasreg_core.workspace.paths import find_family, open_data


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "submission", help="register a Learn2Reg cohort and write disp_0001_0001.nii.gz and so on, each checked"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--dataset", choices=["nlst", "lungct"], required=True, help="the layout on disk")
    add_split_to(parser)
    add_model_to(parser)
    add_grid_to(parser)
    add_selection_to(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Registers every subject; a bad one is reported and costs nobody else's results."""
    family = find_family(arguments.checkpoint)
    checkpoint = family.member(arguments.model)
    settings, selection = checkpoint.card.preprocessing, selection_from(arguments)
    if settings.dim == 2:
        raise InputError(
            f"{checkpoint.name} registers slices.",
            expected="a checkpoint for volumes, as Learn2Reg asks for a displacement of every voxel",
            received=f"grid_shape {settings.grid_shape}",
            cure="Train a preset for volumes, such as l2r-lung-3d",
        )
    given = None if arguments.parameters is None else read_parameters(arguments.parameters, checkpoint)
    dataset = open_data(arguments.data, arguments.dataset).part(arguments.split)
    registrar, faults, written = LazyRegistrar(checkpoint), list(dataset.faults), dict[str, Path]()
    with Bars() as bars:
        for subject in dataset.subjects:
            try:
                pair = dataset.load(subject, settings, checkpoint.tissues)
                used = (
                    given
                    or identify(
                        *(family, checkpoint.model, pair, selection, bars),
                        steps=arguments.grid,
                        adaptive=arguments.adaptive,
                    )[0]
                )
                path = arguments.out / f"disp_{subject[-4:]}_{subject[-4:]}.nii.gz"
                write_submission(path, pair, registrar.displacement(pair, used))
                require_valid(path, dataset.case(subject).fixed)
                written[subject] = path
            except InputError as fault:
                faults.append(str(fault))
    if written:
        keep_provenance(
            arguments, arguments.out, written.values(), files_of(dataset, written), networks_of(arguments, family)
        )
    for sentence in faults:
        print(f"elasreg: {sentence}", file=sys.stderr)
    print(
        f"{len(written)} of {len(dataset.cases)} displacement fields in {arguments.out}, each read again and checked."
    )
    return 2 if faults else 0


def write_submission(path: Path, pair: RegistrationPair, displacement: np.ndarray) -> None:
    """Writes a displacement in Learn2Reg's form, on the grid of the files: voxels of the moving image.

    Raises:
        InputError: the two files lie on grids of different shapes, for which the form has no meaning.
    """
    field, moving = original_displacement(pair, displacement), origins_of(pair)[1].grid
    if field.grid.shape != moving.shape:
        raise InputError(
            f"{pair.id} has no field in Learn2Reg's form.",
            expected="fixed and moving images of one shape",
            received=f"{field.grid.shape} and {moving.shape}",
        )
    write_volume(path, field.in_voxels(moving.affine).astype(np.float32), field.grid.affine)


def require_valid(path: Path, fixed: Path) -> None:
    """What the challenge's evaluation asks of a field: finite, one vector of three per voxel of the fixed image.

    Raises:
        InputError: it is not.
    """
    vectors, grid = read_vectors(path), read_geometry(fixed)  # raises where values are not finite
    if vectors.intent is not None or vectors.grid.shape != grid.shape:
        raise InputError(
            f"{path} is not what Learn2Reg evaluates.",
            expected=f"shape {(*grid.shape, 3)}",
            received=f"shape {vectors.data.shape}",
        )

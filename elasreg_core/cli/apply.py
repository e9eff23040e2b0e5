"""`elasreg apply`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from elasreg_core.atomic import write_atomic
from elasreg_core.cli.how_made import keep_provenance, named_files
from elasreg_core.data.grid import in_space
from elasreg_core.data.keypoints import read_points
from elasreg_core.data.nifti import read_geometry, read_image, read_labels, write_volume
from elasreg_core.errors import InputError
from elasreg_core.registration.field_files import read_field


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "apply", help="warp an image, a label map or points with a displacement field, ours or another tool's"
    )
    parser.add_argument(
        "--field",
        type=Path,
        required=True,
        metavar="FILE",
        help="NIfTI: voxels (X, Y, Z, 3), or mm (X, Y, Z, 1, 3) with intent 1007 (ITK, ANTs, Slicer) or 1006",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", type=Path, metavar="I", help="a moving image, to be pulled onto the fixed grid")
    what.add_argument("--labels", type=Path, metavar="L", help="a moving label map, nearest neighbour")
    what.add_argument(
        "--points", type=Path, metavar="CSV", help="points i,j,k of the fixed image, led into the moving one"
    )
    parser.add_argument(
        "--fixed", type=Path, metavar="F", help="whose grid to write on, or whose voxels the points are (the field's)"
    )
    parser.add_argument(
        "--moving", type=Path, metavar="M", help="with --points: in whose voxels they end up (the field's grid)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Warps one thing."""
    if arguments.points is not None:
        _apply_to_points(arguments)
    else:
        _apply_to_voxels(arguments)
    inputs = named_files(arguments, "field", "image", "labels", "points", "fixed", "moving")
    keep_provenance(arguments, arguments.out, [arguments.out], inputs)


def _apply_to_voxels(arguments: argparse.Namespace) -> None:
    if not arguments.out.name.endswith((".nii", ".nii.gz")):
        raise InputError(f"{arguments.out} is no NIfTI name.", expected="a name ending in .nii or .nii.gz")
    is_labels = arguments.labels is not None
    moving = read_labels(arguments.labels) if is_labels else read_image(arguments.image)
    field = read_field(arguments.field, moving.grid)
    if arguments.fixed is not None:
        field = field.on(read_geometry(arguments.fixed))
    warped = field.warp(moving, order=0 if is_labels else 1)
    write_volume(arguments.out, warped, field.grid.affine)
    how = "nearest neighbour" if is_labels else "linear"
    print(f"{arguments.out}: {' × '.join(map(str, warped.shape))} voxels, {how}.")


def _apply_to_points(arguments: argparse.Namespace) -> None:
    moving = None if arguments.moving is None else read_geometry(arguments.moving)
    field = read_field(arguments.field, moving)
    fixed = field.grid if arguments.fixed is None else read_geometry(arguments.fixed)
    moved = field.move(in_space(fixed.affine, read_points(arguments.points)))
    found = (field.grid if moving is None else moving).voxels_of(moved)
    lines = [",".join(f"{value:.5f}" for value in point) for point in np.round(found, 5) + 0.0]
    write_atomic(arguments.out, "\n".join(lines) + "\n")
    print(f"{arguments.out}: {len(lines)} points i,j,k in voxels of {arguments.moving or 'the grid of the field'}.")

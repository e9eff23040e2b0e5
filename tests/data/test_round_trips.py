"""Padding, cropping, resampling and slicing are undone on the way back, whatever the geometry (Hypothesis)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from elasreg_core.data.cases import Case, load_case
from elasreg_core.data.grid import Grid
from elasreg_core.data.nifti import Volume, read_labels
from elasreg_core.data.preprocessing import Preprocessing, lay_out_grid
from elasreg_core.data.spatial import SpatialDisplacement
from elasreg_core.data.tissues import TissueTable
from elasreg_core.errors import InputError
from elasreg_core.metrics import dice_per_label
from tests.builders import TISSUES, write_nifti

GEOMETRIES = 200


@st.composite
def volumes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels with two classes on every slice, and an affine: any spacing, turn, flips, order of axes, slight shear."""
    shape = draw(st.tuples(*[st.integers(3, 14)] * 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.integers(0, 3, shape).astype(np.uint8)
    labels[0, 0], labels[-1], labels[:, 1, 0] = 1, 2, 1
    turn = Rotation.random(rng=rng).as_matrix() if draw(st.booleans()) else np.eye(3)
    turn = turn[:, draw(st.permutations(range(3)))] * draw(st.tuples(*[st.sampled_from((-1, 1))] * 3))
    shear = np.eye(3) + np.triu(rng.uniform(-0.02, 0.02, (3, 3)), 1) * draw(st.booleans())
    affine = np.eye(4)
    affine[:3, :3] = turn @ shear * draw(st.tuples(*[st.floats(0.5, 6.0)] * 3))
    affine[:3, 3] = rng.uniform(-300, 300, 3)
    return labels, affine


@settings(max_examples=GEOMETRIES, deadline=None, derandomize=True)
@given(volumes(), st.integers(2, 20), st.integers(2, 20), st.integers(2, 20), st.floats(0.7, 5.0), st.integers(-1, 2))
def test_an_identity_gives_the_files_their_labels_back(tmp_path_factory, volume, x, y, z, spacing_mm, slice_axis):
    labels, affine = volume
    folder = tmp_path_factory.mktemp("case")
    image = np.random.default_rng(0).random(labels.shape, dtype=np.float32)
    paths = {
        "moving": write_nifti(folder / "moving.nii", image[::-1].copy(), affine),
        "fixed": write_nifti(folder / "fixed.nii", image, affine),
        "moving_labels": write_nifti(folder / "labels.nii", labels, affine),
        "fixed_labels": folder / "labels.nii",
    }
    is_slice = slice_axis >= 0
    how = Preprocessing((x, y) if is_slice else (x, y, z), spacing_mm, slice_axis if is_slice else None)
    try:
        pair = load_case(Case("s", **paths), how, TissueTable(TISSUES))
    except InputError as error:  # a grid so small that nothing is to be seen on it
        assume("is constant" not in str(error))
        raise
    np.testing.assert_array_equal(pair.moving_labels, pair.fixed_labels)

    nothing = SpatialDisplacement.from_voxels(np.zeros((*how.grid_shape, how.dim)), pair.grid)
    back = nothing.on(pair.fixed_origin.grid).warp(read_labels(paths["moving_labels"]), order=0)
    expected = labels.take([labels.shape[slice_axis] // 2], axis=slice_axis) if is_slice else labels
    np.testing.assert_array_equal(back, expected)
    assert (np.nan_to_num(dice_per_label(back, expected, 3), nan=1.0) == 1).all()


@settings(max_examples=GEOMETRIES, deadline=None, derandomize=True)
@given(volumes(), st.tuples(*[st.integers(-5, 9)] * 3))
def test_padding_and_cropping_are_undone(volume, more):
    # voxels keep their size, so that reading back must give the same labels wherever the grid reached
    labels, affine = volume
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    affine = affine / np.array([*spacing / 2.0, 1])  # all sides 2 mm
    fixed = Volume(Path("fixed"), labels, affine)
    sides = np.maximum(2, np.array(labels.shape) + np.array(more) // 2 * 2)  # by an even number: voxels stay in place
    sides += (sides - labels.shape) % 2
    grid = lay_out_grid(fixed, None, Preprocessing(tuple(map(int, sides)), 2.0, None))
    inside = Volume(Path("grid"), grid.read(fixed, order=0), grid.affine)
    back = Grid(labels.shape, affine).read(inside, order=0)
    reached = Grid(labels.shape, affine).read(Volume(Path("ones"), np.ones(grid.shape, "u1"), grid.affine), order=0) > 0
    assert reached.any()
    np.testing.assert_array_equal(back[reached], labels[reached])
    assert not (back[~reached]).any()
    if all(more[i] >= 1 or sides[i] >= labels.shape[i] for i in range(3)):
        assert reached.all()

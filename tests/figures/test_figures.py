"""Figures: what is drawn is where the convention says it is, with axes, units and directions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from elasreg_core.data.phantoms import Cohort
from elasreg_core.figures import (
    Plane,
    criterion_figure,
    difference_figure,
    grid_figure,
    image_figure,
    jacobian_figure,
    loss_figure,
    phantom_figures,
    surface_figure,
    tissue_colours,
    views_of,
)
from elasreg_core.figures.deformation import grid_lines
from elasreg_core.figures.images import contour_line
from elasreg_core.figures.outline import cell_edges, outline
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.selection import Selection, best_node
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.physics.fields import jacobian_determinant
from tests.builders import make_pair, node_scores

PLANE = Plane((2.0, 5.0), ("L", "P"))


def test_grid_lines_run_through_p_plus_u_in_millimetres():
    # u = (1, −2) voxels everywhere: the line of row 0 begins at voxel (1, −2), that is (2, −10) mm
    u = np.tile(np.array([1.0, -2.0]), (6, 9, 1))
    x, y = grid_lines(u, PLANE, every=3)
    assert (x[0], y[0]) == (2.0, -10.0)
    # rows 0 and 3 have 9 points each, columns 0, 3, 6 have 6, and every line ends in a gap: 2·10 + 3·7
    assert len(x) == len(y) == 41
    assert np.isnan(x).sum() == 5


@pytest.mark.parametrize(
    ("codes", "x_title", "y_title", "x_backwards", "y_backwards"),
    [
        (
            ("L", "P"),
            "R → L (mm)",
            "P ← A (mm)",
            False,
            True,
        ),  # Plotly's y and its title run up
        (("R", "A"), "R → L (mm)", "P ← A (mm)", True, False),
        (("R", "S"), "R → L (mm)", "I ← S (mm)", True, False),
    ],
)
def test_the_plane_is_radiological_with_true_proportions(codes, x_title, y_title, x_backwards, y_backwards):
    figure = image_figure(np.random.default_rng(0).random((6, 9)), Plane((2.0, 5.0), codes), "title")
    layout = figure.layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == (x_title, y_title)
    assert (layout.xaxis.range[0] > layout.xaxis.range[1]) is x_backwards
    assert (layout.yaxis.range[0] > layout.yaxis.range[1]) is y_backwards
    assert sorted(layout.xaxis.range) == [-1.0, 11.0]  # 6 voxels of 2 mm, half a voxel of rim
    assert sorted(layout.yaxis.range) == [-2.5, 42.5]  # 9 voxels of 5 mm
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)


def test_axis_zero_runs_across_the_screen():
    image = np.zeros((6, 9), "f4")
    image[5, 0] = 1  # last along axis 0, first along axis 1
    trace = image_figure(image, PLANE, "title").data[0]
    row, column = np.argwhere(np.asarray(trace.z) == 1)[0]
    assert (trace.x[column], trace.y[row]) == (10.0, 0.0)


def test_a_tissue_has_the_same_colour_in_every_figure():
    labels = np.zeros((6, 9), "u1")
    labels[1:3, 1:4], labels[3:5, 5:8] = 1, 2
    colours = tissue_colours(("a", "b"))
    image = image_figure(labels.astype("f4"), PLANE, "image", labels, ("a", "b"))
    grid = grid_figure(np.zeros((6, 9, 2)), PLANE, "grid", moving_labels=labels, tissues=("a", "b"))
    for figure in (image, grid):
        found = {trace.name: trace.line.color for trace in figure.data if trace.name in colours}
        assert found == colours


def test_a_contour_runs_half_way_to_the_voxels_outside_and_ends_at_the_rim():
    inside = np.zeros((6, 9), bool)
    inside[2:4, 3:6] = True
    x, y = contour_line(inside, PLANE)
    assert (x.min(), x.max()) == (1.5 * 2, 3.5 * 2)
    assert (y.min(), y.max()) == (2.5 * 5, 5.5 * 5)
    assert (x[0], y[0]) == (x[-1], y[-1])
    inside[2:, 3:6] = True  # on to the last column of the screen
    x, y = contour_line(inside, PLANE)
    assert x.max() == 5 * 2
    assert (x[0], y[0]) != (x[-1], y[-1])


def test_a_contour_of_two_regions_is_parted_and_that_of_none_is_empty():
    inside = np.zeros((6, 9), bool)
    inside[1, 1] = inside[4, 7] = True
    x, y = contour_line(inside, PLANE)
    assert np.isnan(x).sum() == np.isnan(y).sum() == 1
    assert contour_line(np.zeros((6, 9), bool), PLANE)[0].size == 0
    assert contour_line(np.ones((6, 9), bool), PLANE)[0].size == 0


def test_the_jacobian_diverges_at_one_and_marks_folds():
    # u_0 = −1.5 p_0 turns the first axis around: det = −0.5 everywhere
    u = np.zeros((6, 9, 2), "f4")
    u[..., 0] = -1.5 * np.arange(6)[:, None]
    figure = jacobian_figure(jacobian_determinant(u), PLANE, "det")
    assert figure.data[0].zmid == 1
    assert figure.data[0].zmax - 1 == 1 - figure.data[0].zmin
    assert (figure.data[1].name, len(figure.data[1].x)) == ("folded", 54)
    assert len(jacobian_figure(np.ones((6, 9)), PLANE, "det").data) == 1


def test_the_difference_is_signed_and_centred():
    trace = difference_figure(np.zeros((6, 9)), np.full((6, 9), 0.25), PLANE, "difference").data[0]
    assert np.all(np.asarray(trace.z) == 0.25)
    assert (trace.zmin, trace.zmid, trace.zmax) == (-1, 0, 1)


def test_heatmap_shows_values_plateau_optimum_and_clickable_nodes():
    grid = ParameterGrid(((0.0, 0.5, 1.0), (0.0, 1.0)))
    scores = {(0.0, 1.0): 0.7, (0.5, 0.0): 0.801, (0.5, 1.0): 0.804, (1.0, 0.0): 0.6}  # (1, 1) not yet visited
    nodes = [node_scores(node, (dice,)) for node, dice in scores.items()]
    sweep = SubjectSweep.from_nodes("s", ("a",), grid, nodes)
    figure = criterion_figure(sweep, best_node(sweep, "a"), "#000000", selected=(0.0, 1.0))
    surface, halo, plateau, star, ring, clicks = figure.data
    np.testing.assert_array_equal(surface.z, [[np.nan, 0.801, 0.6], [0.7, 0.804, np.nan]])  # rows μ, columns λ
    # the plateau, within 0.005 of the best, is the two nodes at λ = 0.5: its outline is a box of two cells
    assert (np.nanmin(plateau.x), np.nanmax(plateau.x)) == (0.25, 0.75)
    assert (np.nanmin(plateau.y), np.nanmax(plateau.y)) == (-0.5, 1.5)
    np.testing.assert_array_equal(halo.x, plateau.x)
    assert figure.layout.title.subtitle.text == "chosen on the edge of the grid"
    assert (star.x[0], star.y[0]) == (0.5, 1.0)
    assert (ring.x[0], ring.y[0]) == (0.0, 1.0)
    assert dict(zip(zip(clicks.x, clicks.y, strict=True), clicks.customdata, strict=True)) == scores
    assert figure.layout.xaxis.title.text.startswith("λ")
    assert figure.layout.yaxis.title.text.startswith("μ")


def test_a_single_parameter_is_drawn_as_a_curve_with_plateau_optimum_and_clickable_nodes():
    grid = ParameterGrid(((0.25, 0.5, 0.75, 1.0),))
    scores = {0.25: 0.7, 0.5: 0.801, 1.0: 0.804}  # 0.75 not yet visited
    nodes = [node_scores((lam,), (dice,)) for lam, dice in scores.items()]
    sweep = SubjectSweep.from_nodes("s", ("a",), grid, nodes)
    figure = criterion_figure(sweep, best_node(sweep, "a"), "#000000", selected=(0.25,))
    curve, plateau, star, ring, clicks = figure.data
    assert (list(curve.x), list(curve.y)) == ([0.25, 0.5, 1.0], [0.7, 0.801, 0.804])
    assert list(plateau.x) == [0.5, 1.0]  # within 0.005 of the best
    assert (star.x[0], star.y[0]) == (1.0, 0.804)
    assert (ring.x[0], ring.y[0]) == (0.25, 0.7)
    assert dict(zip(clicks.x, clicks.customdata, strict=True)) == scores
    assert figure.layout.xaxis.title.text.startswith("λ")
    assert figure.layout.yaxis.title.text == "Dice"


def test_both_rules_are_marked_and_the_chosen_one_has_the_tissues_colour():
    # (0.5, 0.5) is the best; (1, 1) is as good within the tolerance, and has the larger λ + μ
    grid = ParameterGrid(((0.5, 1.0), (0.5, 1.0)))
    scores = {(0.5, 0.5): 0.804, (0.5, 1.0): 0.7, (1.0, 0.5): 0.7, (1.0, 1.0): 0.801}
    sweep = SubjectSweep.from_nodes("s", ("a",), grid, [node_scores(node, (dice,)) for node, dice in scores.items()])
    best, regular = (best_node(sweep, "a", Selection(rule=rule)) for rule in ("argmax", "most_regular"))
    *_, other, chosen, _ = criterion_figure(sweep, regular, "#123456", other=best).data
    assert (other.marker.symbol, other.marker.color, other.x[0]) == ("star", "white", 0.5)
    assert (chosen.marker.symbol, chosen.marker.color, chosen.x[0]) == ("diamond", "#123456", 1.0)
    surface, limit, other, chosen = surface_figure(sweep, regular, "#123456", best).data
    np.testing.assert_array_equal(surface.z, [[0.804, 0.7], [0.7, 0.801]])  # rows μ, columns λ
    np.testing.assert_allclose(limit.z, 0.799)
    assert (other.x[0], other.y[0], other.z[0]) == (0.5, 0.5, 0.804)
    assert (chosen.x[0], chosen.y[0], chosen.z[0]) == (1.0, 1.0, 0.801)


def test_where_less_is_better_the_surface_stands_on_its_head_and_the_limit_lies_above():
    grid = ParameterGrid(((0.5, 1.0), (0.5, 1.0)))
    nodes = [node_scores(node, (0.5,), (3.0 + sum(node),)) for node in grid.nodes]
    sweep = SubjectSweep.from_nodes("s", ("a",), grid, nodes)
    figure = surface_figure(sweep, best_node(sweep, "a", Selection("hd95_mm")), "#123456")
    assert figure.layout.scene.zaxis.autorange == "reversed"
    np.testing.assert_allclose(figure.data[1].z, 4.5)  # 4 mm at (0.5, 0.5), and the tolerance of 0.5


def test_an_outline_runs_around_a_region_and_its_hole_along_the_cells():
    # 3 × 3 cells of sides 1 and 2 but for the middle one: 12 pieces outside, 4 around the hole
    axes = ((0.0, 1.0, 2.0), (0.0, 2.0, 4.0))
    nodes = [(x, y) for x in axes[0] for y in axes[1] if (x, y) != (1.0, 2.0)]
    x, y = outline(nodes, axes)
    ends = np.stack([x, y], axis=1).reshape(-1, 3, 2)
    assert np.isnan(ends[:, 2]).all()
    lengths = np.abs(ends[:, 1] - ends[:, 0]).sum(axis=1)
    assert len(lengths) == 16
    assert lengths.sum() == 2 * (3 * 1 + 3 * 2) + 2 * (1 + 2)
    assert {tuple(point) for point in ends[:, :2].reshape(-1, 2)} >= {(-0.5, -1.0), (2.5, 5.0), (0.5, 1.0), (1.5, 3.0)}
    assert outline([], axes)[0].size == 0
    np.testing.assert_allclose(cell_edges([0.3]), [0.25, 0.35])


@pytest.mark.parametrize(("axes", "node"), [(((0.5, 1.0), (0.5, 1.0)), (0.5, 1.0)), (((0.5, 1.0),), (0.5,))])
def test_a_tissue_without_an_optimum_is_drawn_without_one(axes, node):
    grid = ParameterGrid(axes)
    sweep = SubjectSweep.from_nodes("s", ("a",), grid, [node_scores(node, (np.nan,))])
    figure = criterion_figure(sweep, best_node(sweep, "a"), "#000000")
    _, clicks = figure.data  # the empty surface or curve, and nothing to click
    assert len(clicks.x) == 0


def test_the_view_of_a_2d_pair_comes_from_its_affine(small_pair):
    (view,) = views_of(small_pair)
    assert (view.plane, view.axes) == (Plane((2.0, 2.0), ("R", "A")), (0, 1))
    flipped = dataclasses.replace(small_pair, affine=small_pair.affine @ np.diag([-1.0, -1.0, 1.0, 1.0]))
    assert views_of(flipped)[0].plane == Plane((2.0, 2.0), ("L", "P"))
    np.testing.assert_array_equal(view.image(small_pair.fixed), small_pair.fixed)


def test_a_slice_whose_first_axis_leads_to_the_back_is_turned_to_lie_as_radiologists_have_it():
    # array axes: 0 to the back (1.5 mm), 1 to the left (2.5 mm), 2 upwards
    affine = np.array([[0, -2.5, 0, 0], [-1.5, 0, 0, 0], [0, 0, 7, 0], [0, 0, 0, 1.0]])
    pair = make_pair(affine=affine)
    (view,) = views_of(pair)
    assert (view.axes, view.plane) == ((1, 0), Plane((2.5, 1.5), ("L", "P")))
    np.testing.assert_array_equal(view.image(pair.fixed), pair.fixed.T)
    np.testing.assert_array_equal(view.vectors(np.full((12, 9, 2), (1, 2)))[0, 0], [2, 1])


def test_three_planes_through_a_volume_whatever_the_order_of_its_axes():
    # array axes: 0 towards the head (2 mm), 1 to the right (3 mm), 2 to the back (5 mm)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = 2.0, 3.0, -5.0, 1.0
    shape = (4, 5, 6)
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    labels = np.zeros(shape, np.uint8)
    labels[1:4, 0:3, 2:5] = 1  # its middle: (2, 1, 3)
    arrays = {"moving": image[::-1], "fixed": image, "moving_labels": labels, "fixed_labels": labels}
    pair = make_pair(**arrays, affine=affine, spacing_mm=(2.0, 3.0, 5.0))
    u = np.random.default_rng(1).random((*shape, 3))
    axial, coronal, sagittal = views_of(pair)
    assert [view.name for view in (axial, coronal, sagittal)] == ["axial", "coronal", "sagittal"]
    assert [view.at for view in (axial, coronal, sagittal)] == [2, 3, 1]
    assert axial.plane == Plane((3.0, 5.0), ("R", "P"))
    assert coronal.plane == Plane((3.0, 2.0), ("R", "S"))
    assert sagittal.plane == Plane((5.0, 2.0), ("P", "S"))
    assert (coronal.plane.is_flipped, sagittal.plane.directions) == ((True, True), ("A → P", "S → I"))
    np.testing.assert_array_equal(axial.image(image), image[2])
    np.testing.assert_array_equal(coronal.image(image), image[:, :, 3].T)
    np.testing.assert_array_equal(sagittal.image(image), image[:, 1].T)
    np.testing.assert_array_equal(sagittal.vectors(u)[5, 3], u[3, 1, 5, [2, 0]])  # to the back, towards the head
    assert [view.at for view in views_of(pair, (0, 4, 5))] == [0, 5, 4]
    unlabelled = dataclasses.replace(pair, fixed_labels=None)
    assert [view.at for view in views_of(unlabelled)] == [2, 3, 2]


def test_a_phantom_is_shown_with_its_stiffness_and_its_true_motion():
    phantom = Cohort("thorax", subjects=1, seed=5, plane="coronal").phantom(1)
    fixed, _, stiffness, grid, volume = phantom_figures(phantom, ("lung", "bone", "liver"))
    assert fixed.layout.yaxis.title.text == "I ← S (mm)"  # the plane of the slice, not the first two axes
    modulus = phantom.table[phantom.materials[90, 40]][1].youngs_modulus_kpa
    assert stiffness.data[0].z[40, 90] == pytest.approx(np.log10(modulus), abs=1e-5)
    assert len(grid.data) == 2
    assert volume.data[0].zmid == 1


def test_a_training_is_drawn_as_means_of_the_terms_that_there_are():
    steps = np.arange(400)
    curve = pd.DataFrame({"step": steps, "loss": -steps / 400, "similarity": -steps / 400, "energy": 0.1})
    curve = curve.assign(overlap=0.0, supervision=0.0, learning_rate=1e-3, seconds=steps * 0.1)
    figure = loss_figure(curve, "elas-g", 1000)
    assert [trace.name for trace in figure.data] == ["loss", "−NCC", "energy"]  # nowhere an overlap
    # 400 steps in at most 150 points: means of 3 steps, the first of steps 1, 2 and 3
    assert (len(figure.data[0].x), figure.data[0].x[0], figure.data[0].y[0]) == (134, 2.0, -1 / 400)
    assert figure.layout.title.text == "elas-g: 400 of 1000 steps, means of 3 steps"
    assert tuple(figure.layout.xaxis.range) == (0, 1000)
    assert len(loss_figure(curve[:1], "elas-g", 1000).data[0].x) == 1

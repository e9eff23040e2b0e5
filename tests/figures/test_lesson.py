"""The lesson's pictures: points, arrows, energies, kernels and choices lie where the numbers say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.figures.lesson import (
    block_figure,
    changes_figure,
    choices_figure,
    energy_figure,
    kernels_figure,
    moved_square,
    moving_figure,
    warped_figure,
)
from elasreg_core.identification.bootstrap import ChosenAgain
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.physics.simple_motions import MOTIONS

SPACING = (2.0, 3.0)


def test_the_fixed_grid_has_a_marker_for_every_voxel_and_a_ring_at_p():
    image = np.random.default_rng(0).random((6, 9))
    grey, clicks, ring = warped_figure(image, SPACING, (4, 7)).data
    assert len(clicks.x) == 54
    place = [tuple(voxel) for voxel in clicks.customdata].index((4, 7))
    assert (clicks.x[place], clicks.y[place]) == (ring.x[0], ring.y[0]) == (8.0, 21.0)
    np.testing.assert_allclose(grey.z, image.T.astype("f4"))


@pytest.mark.parametrize("show", ["arrows", "grid"])
def test_the_moving_image_shows_p_and_p_plus_u(show):
    u = np.tile(np.array([1.0, -0.5]), (6, 9, 1))
    figure = moving_figure(np.zeros((6, 9)), u, SPACING, (3, 4), show)
    arrow, ring, found = figure.data[-3:]
    # from (3, 4) to (4, 3.5): (6, 12) to (8, 10.5) mm
    assert [arrow.x[0], arrow.y[0], arrow.x[1], arrow.y[1]] == [6.0, 12.0, 8.0, 10.5]
    assert (ring.x[0], ring.y[0], found.x[0], found.y[0]) == (6.0, 12.0, 8.0, 10.5)
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("axis 0 (mm)", "axis 1 (mm)")
    field = figure.data[1]
    if show == "arrows":  # from every fourth voxel, beginning with (2, 2): (4, 6) to (6, 4.5) mm
        assert [field.x[0], field.y[0], field.x[1], field.y[1]] == [4.0, 6.0, 6.0, 4.5]
    else:  # the grid at rest, then at p + u(p): the line of row 0 begins at (1, −0.5)
        assert (field.x[0], field.y[0]) == (0.0, 0.0)
        assert (figure.data[2].x[0], figure.data[2].y[0]) == (2.0, -1.5)


def test_the_square_that_one_follows_keeps_its_area_under_shear_and_loses_it_when_pressed():
    def area(name, amount):
        square = moved_square(MOTIONS[name], amount).data[-1]
        x, y = np.array(square.x), np.array(square.y)
        return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2

    # 8 × 8 voxels of 2 mm are 256 mm²
    assert area("Shear", 0.4) == pytest.approx(256)
    assert area("Stretch", -0.25) == pytest.approx(0.75 * 256)
    assert area("Dilation", 0.5) == pytest.approx(2.25 * 256)


def test_energies_are_stacked_and_marked_at_the_amount():
    figure = energy_figure(MOTIONS["Stretch"], 0.4, lam=0.5, mu=0.25)
    mu_part, lam_part, diffusion, marks = figure.data
    # at the end, a = 0.5: μ a² = 0.0625, λ a²/2 = 0.0625, diffusion at μ the same as μ's part
    assert (mu_part.y[-1], lam_part.y[-1], diffusion.y[-1]) == pytest.approx((0.0625, 0.0625, 0.0625))
    assert mu_part.stackgroup == lam_part.stackgroup
    # at a = 0.4: (0.25 + 0.25) · 0.16 and 0.25 · 0.16
    assert list(marks.x) == [0.4, 0.4]
    assert list(marks.y) == pytest.approx([0.08, 0.04])
    assert figure.layout.xaxis.title.text.startswith("a, relative change")
    scale = energy_figure(MOTIONS["Stretch"], 0.4, lam=0.0, mu=0.0).layout.yaxis.range
    assert scale == figure.layout.yaxis.range  # the axis stays, so that λ and μ are seen to act


def test_the_block_is_coloured_where_its_matter_has_gone():
    # everything moves two voxels up axis 0: what was strained at (5, 3) is seen at (7, 3), that is at x = 14 mm
    u = np.zeros((12, 8, 2))
    u[..., 0] = 2
    strain = np.zeros((12, 8))
    strain[5, 3] = 0.25
    around = np.array([(4.0, 2.0), (6.0, 2.0), (4.0, 2.0)])
    figure = block_figure(u, strain, around, 2.0, "title", highest=0.3)
    heat, _, rib = figure.data
    row, column = np.unravel_index(np.nanargmax(heat.z), np.shape(heat.z))
    assert (heat.x[column], heat.y[row]) == (14.0, 6.0)
    assert np.nanmax(heat.z) == pytest.approx(25, rel=0.01)
    assert heat.zmax == pytest.approx(30)
    first = list(heat.x).index(4.0)  # the block now begins two voxels further; before it there is nothing
    assert np.isnan(np.array(heat.z)[:, :first]).all()
    assert list(rib.x) == [12.0, 16.0, 12.0]


def test_kernels_are_tiles_with_gaps_between():
    kernel = np.arange(3 * 3 * 2 * 4, dtype=float).reshape(3, 3, 2, 4)
    sheet = np.array(kernels_figure(kernel, "title", 10.0).data[0].z)
    assert sheet.shape == (2 * 4 - 1, 4 * 4 - 1)
    for n_in in range(2):
        for n_out in range(4):
            rows, columns = slice(4 * n_in, 4 * n_in + 3), slice(4 * n_out, 4 * n_out + 3)
            np.testing.assert_array_equal(sheet[rows, columns], kernel[:, :, n_in, n_out])
    assert np.isnan(sheet[3]).all()
    assert np.isnan(sheet[:, 3]).all()


def test_changes_are_bars_before_the_farthest():
    here, far = (pd.DataFrame({"layer": ["a", "b"], "change_percent": values}) for values in ([1, 2], [3, 4]))
    behind, before = changes_figure(here, far, ("here", "far")).data
    assert (list(behind.y), list(before.y)) == ([3, 4], [1, 2])
    assert (behind.name, before.name) == ("far", "here")


def test_choices_are_discs_as_large_as_their_share():
    grid = ParameterGrid(((0.0, 0.5), (0.5, 1.0)))
    again = ChosenAgain("a", (0.5, 1.0), share=0.75, shares={(0.5, 1.0): 0.75, (0.0, 0.5): 0.25})
    nodes, discs, star = choices_figure(again, grid, "#000000").data
    assert len(nodes.x) == 4
    assert (list(discs.x), list(discs.y)) == ([0.5, 0.0], [1.0, 0.5])
    assert list(discs.marker.size) == [0.75, 0.25]
    assert discs.marker.sizemode == "area"
    assert (star.x[0], star.y[0]) == (0.5, 1.0)
    assert len(choices_figure(ChosenAgain("a", None), grid, "#000000").data) == 1

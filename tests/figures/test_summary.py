"""The summary picture: complete, radiological, at one scale, and drawn whatever the pair lacks."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread

from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.figures.palette import FOLDING, tissue_colours
from elasreg_core.figures.summary import COLUMNS, summary_figure, summary_png
from tests.builders import SPACING_MM, TISSUES, block, make_pair, make_registration, shift

LPS = np.diag([-1.5, -2.5, 7.0, 1.0])  # of `make_pair`, turned: indices lead to the left and to the back


def drawn(pair, displacement=None) -> Figure:
    displacement = shift(pair, 2, *(0,) * (len(pair.grid_shape) - 1)) if displacement is None else displacement
    scores = score_displacement(pair), score_displacement(pair, displacement)
    return summary_figure(pair, make_registration(pair, displacement), *scores)


def words(figure: Figure) -> str:
    return " | ".join(text.get_text() for text in figure.texts)


def volume_pair(**changes):
    """12 × 9 × 5 voxels of 1.5 × 2.5 × 4 mm, two tissues."""
    rng = np.random.default_rng(0)
    moving, fixed = rng.random((2, 12, 9, 5), dtype=np.float32)
    labels = block((12, 9, 5), slice(2, 6), slice(1, 4), 1) + block((12, 9, 5), slice(2, 6), slice(5, 7), 2)
    arrays = {"moving": moving, "fixed": fixed, "moving_labels": np.roll(labels, 2, axis=0), "fixed_labels": labels}
    return make_pair(**(arrays | {"affine": np.diag([1.5, 2.5, 4.0, 1.0]), "spacing_mm": (1.5, 2.5, 4.0)} | changes))


def test_it_is_a_png_file_as_wide_as_promised():
    pair = make_pair()
    u = shift(pair, 2, 0)
    png = summary_png(pair, make_registration(pair, u), score_displacement(pair), score_displacement(pair, u))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width == 1960
    assert 300 < height < 700


def test_title_columns_and_legend_say_what_is_seen():
    figure = drawn(make_pair())
    # u = (2, 0) aligns the labels of `make_pair`; before, half of either block's rows overlap: Dice 0.5
    assert words(figure) == "subject | mean Dice 0.500 → 1.000  ·  folding 0.000 %  ·  a/elas-g"
    assert tuple(axes.get_title() for axes in figure.axes[:7]) == COLUMNS
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries == [*TISSUES, "fixed labels, over warped"]


def test_turning_the_affine_turns_the_picture():
    # one bright corner at index (0, 0): with an affine of RAS it is the patient's left back corner, which radiologists
    # see at the right and below; with LPS it is the right front corner, at the left and above
    image = np.zeros((12, 9), np.float32)
    image[:3, :3] = 1
    seen = {}
    for codes, affine in {"RAS": np.diag([1.5, 2.5, 7.0, 1.0]), "LPS": LPS}.items():
        pair = make_pair(fixed=image, moving=image, moving_labels=None, fixed_labels=None, affine=affine)
        seen[codes] = fixed_panel(drawn(pair))
    bright = {codes: np.argwhere(panel > 0.9).mean(axis=0) / panel.shape for codes, panel in seen.items()}
    # rows and columns as shares of the panel: 3 of 9 rows, 3 of 12 columns
    np.testing.assert_allclose(bright["LPS"], [1.5 / 9, 1.5 / 12], atol=0.03)
    np.testing.assert_allclose(bright["RAS"], [1 - 1.5 / 9, 1 - 1.5 / 12], atol=0.03)


def fixed_panel(figure: Figure) -> np.ndarray:
    """The pixels of the first panel, without its frame, in grey: rows from above, columns from the left."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    file.seek(0)
    pixels = imread(file, format="png")[..., 0]
    box = figure.axes[0].get_window_extent()
    height = len(pixels)
    return pixels[round(height - box.y1) + 2 : round(height - box.y0) - 2, round(box.x0) + 2 : round(box.x1) - 2]


def test_proportions_are_those_of_the_body_and_directions_are_named():
    axes = drawn(make_pair(affine=LPS)).axes[0]
    box = axes.get_window_extent()
    assert box.height / box.width == pytest.approx(9 * SPACING_MM[1] / (12 * SPACING_MM[0]), rel=0.01)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("R → L (mm)", "P ← A (mm)")
    assert axes.get_xlim() == (-0.75, 17.25)  # 12 voxels of 1.5 mm
    assert axes.get_ylim() == (21.25, -1.25)  # 9 voxels of 2.5 mm, downwards


def test_a_volume_has_three_rows_at_one_scale():
    pair = volume_pair()
    figure = drawn(pair)
    rows = [figure.axes[7 * row : 7 * row + 7] for row in range(3)]
    assert len(figure.axes) == 3 * 7 + 2  # two colour bars
    # the middle of the labels' box: rows 2 … 5, columns 1 … 6, slices 0 … 4
    assert [row[0].get_ylabel().split("\n")[0] for row in rows] == ["axial 2", "coronal 3", "sagittal 3"]
    assert [row[0].get_xlabel() for row in rows] == ["R → L (mm)", "R → L (mm)", "A → P (mm)"]
    shapes = [row[0].images[0].get_array().shape for row in rows]
    assert shapes == [(9, 12), (5, 12), (5, 9)]
    boxes = [row[0].get_window_extent() for row in rows]
    sides_mm = [(12 * 1.5, 9 * 2.5), (12 * 1.5, 5 * 4.0), (9 * 2.5, 5 * 4.0)]
    assert boxes[2].width == pytest.approx((1960 - 75 - 15 - 6 * 12) / 7, abs=1)  # the widest fills its column
    scales = [(box.width / across, box.height / down) for box, (across, down) in zip(boxes, sides_mm, strict=True)]
    np.testing.assert_allclose(scales, np.full((3, 2), scales[0][0]), rtol=0.01)


def test_without_labels_there_are_no_outlines_and_no_dice():
    pair = make_pair(moving_labels=None, fixed_labels=None)
    figure = drawn(pair)
    assert "mean Dice – → –" in words(figure)
    assert [len(axes.collections) for axes in figure.axes[:7]] == [0] * 7
    assert figure.legends == []


def test_outlines_have_the_tissues_colours_and_the_fixed_ones_are_dashed_over_the_warped_image():
    colours = list(tissue_colours(TISSUES).values())
    fixed, moving, warped, *maps = drawn(make_pair()).axes[:7]
    for panel in (fixed, moving):
        assert outlines(panel) == [(colour, False) for colour in colours]
    assert outlines(warped) == [(colour, dashed) for dashed in (False, True) for colour in colours]
    assert [len(panel.collections) for panel in maps] == [0, 0, len(TISSUES), 0]  # the moving ones, under the grid


def outlines(axes) -> list[tuple[str, bool]]:
    """Colour of every outline, and whether it is dashed."""
    return [(to_hex(o.get_edgecolor()).upper(), o.get_linestyle()[0][1] is not None) for o in axes.collections]


def test_both_differences_have_one_scale_around_zero_and_the_jacobian_has_its_own_around_one():
    pair = make_pair()
    _, _, _, before, after, _, volume = (axes.images[0] for axes in drawn(pair).axes[:7])
    np.testing.assert_allclose(before.get_array(), (pair.moving - pair.fixed).T)
    assert before.get_clim() == after.get_clim()
    low, high = before.get_clim()
    assert low == -high
    assert np.mean(volume.get_clim()) == pytest.approx(1)


def test_the_grid_runs_through_p_plus_u():
    # u = (2, 0) voxels of 1.5 mm: the first line begins at (3, 0) mm; 12 voxels are few, so every voxel has its line
    (line,) = drawn(make_pair()).axes[5].lines
    assert (line.get_xdata()[0], line.get_ydata()[0]) == (3.0, 0.0)
    assert np.isnan(line.get_xdata()).sum() == 12 + 9


def test_folds_are_marked():
    pair = make_pair()
    u = np.zeros((12, 9, 2), np.float32)
    u[..., 0] = -1.5 * np.arange(12)[:, None]  # turns the first axis around: det = −0.5 everywhere
    figure = drawn(pair, u)
    (crosses,) = figure.axes[6].lines
    assert (crosses.get_color(), len(crosses.get_xdata())) == (FOLDING, 12 * 9)
    assert "folding 100.000 %" in words(figure)
    assert "folded voxels" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_long_name_and_one_that_looks_like_a_formula_are_written_as_they_are():
    summary_figure_of = drawn(make_pair(id=r"$\frac$" + "x" * 80))
    name = summary_figure_of.texts[0].get_text()
    assert name.startswith(r"$\frac$x")
    assert name.endswith("…")
    assert len(name) == 60
    fixed_panel(summary_figure_of)  # drawing a broken formula would raise

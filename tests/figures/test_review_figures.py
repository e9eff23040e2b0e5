"""The views to judge a registration by."""

from __future__ import annotations

import numpy as np
import pytest

from elasreg_core.data.tissues import TissueTable
from elasreg_core.figures.arrows import arrow_figure
from elasreg_core.figures.blink import blink_figure
from elasreg_core.figures.checkerboard import checkerboard, checkerboard_figure
from elasreg_core.figures.plane import Plane, views_of
from elasreg_core.figures.review import LOOKS
from tests.builders import block, make_pair, make_registration, oblique_affine, shift

PLANE = Plane((1.5, 2.5), ("L", "P"))
FIXED, OTHER = np.zeros((12, 9), np.float32), np.ones((12, 9), np.float32)


@pytest.fixture
def volume():
    """A pair of 12 × 9 × 6 voxels of 1.5 × 2.5 × 7 mm."""
    rng = np.random.default_rng(0)
    labels = block((12, 9, 6), slice(2, 6), slice(1, 4), 1) + block((12, 9, 6), slice(2, 6), slice(5, 7), 2)
    return make_pair(
        moving=rng.random((12, 9, 6), dtype=np.float32),
        fixed=rng.random((12, 9, 6), dtype=np.float32),
        moving_labels=np.roll(labels, 2, axis=0),
        fixed_labels=labels,
        affine=oblique_affine(),
        spacing_mm=(1.5, 2.5, 7.0),
        tissues=TissueTable(("wall", "pool")),
    )


def test_squares_are_square_in_mm():
    # 5 mm are 3.33 voxels of 1.5 mm, rounded to 3, and 2 of 2.5 mm
    board = checkerboard(FIXED, OTHER, (1.5, 2.5), 5.0)
    assert board[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]
    assert board[0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0]
    assert board[3].tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 1]


def test_a_square_has_at_least_one_voxel_and_may_be_the_whole_image():
    board = checkerboard(FIXED, OTHER, (1.5, 2.5), 0.1)
    assert (board[:-1] != board[1:]).all()
    assert (board[:, :-1] != board[:, 1:]).all()
    assert (checkerboard(FIXED, OTHER, (1.5, 2.5), 1000.0) == 0).all()


def test_the_checkerboard_lies_on_the_screen_as_the_images_do():
    figure = checkerboard_figure(FIXED, OTHER, PLANE, "title", 5.0)
    assert figure.data[0].z.shape == (9, 12)  # Plotly's rows run down the screen
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.xaxis.range == (-0.75, 17.25)


def test_blinking_is_played_by_the_browser_between_frames_that_show_one_image_each():
    figure = blink_figure(FIXED, OTHER, PLANE)
    assert [(frame.name, frame.data[0].visible, frame.data[1].text) for frame in figure.frames] == [
        ("fixed", False, ("fixed",)),
        ("warped", True, ("warped",)),
    ]
    assert all(frame.traces == (1, 2) for frame in figure.frames)
    assert (figure.data[0].z == 0).all()
    assert (figure.data[1].z == 1).all()
    assert all((image.zmin, image.zmax) == (0, 1) for image in figure.data[:2])  # one scale of grey for both
    play, fixed, warped = figure.layout.updatemenus[0].buttons
    assert [button.args[0] for button in (fixed, warped)] == [("fixed",), ("warped",)]
    assert play.args[0][:3] == ("fixed", "warped", "fixed")
    assert play.args[1]["frame"]["duration"] >= 334  # no more than three flashes a second (WCAG 2.3.1)
    assert fixed.args[1]["mode"] == "immediate"  # which ends the playing


@pytest.mark.parametrize(
    ("codes", "corner"), [(("L", "P"), (-0.75, -1.25)), (("R", "P"), (17.25, -1.25)), (("L", "A"), (-0.75, 21.25))]
)
def test_the_name_stands_in_the_upper_left_corner_however_the_image_is_flipped(codes, corner):
    figure = blink_figure(FIXED, OTHER, Plane((1.5, 2.5), codes))
    name = figure.data[2]
    assert (name.x[0], name.y[0]) == corner
    left, top = figure.layout.xaxis.range[0], figure.layout.yaxis.range[1]
    assert (left, top) == corner


def test_arrows_lead_from_p_to_p_plus_u_in_mm():
    displacement = np.zeros((12, 9, 2), np.float32)
    displacement[4, 3] = (2, -1)  # voxels: 3 and −2.5 mm, 3.905 mm long
    figure = arrow_figure(displacement, PLANE, "title", FIXED)
    (drawn,) = [trace for trace in figure.data[1:] if len(trace.x)]
    np.testing.assert_allclose(drawn.x[:2], [6, 9])
    np.testing.assert_allclose(drawn.y[:2], [7.5, 5])
    assert np.isnan(drawn.x[2])
    assert len(drawn.x) == 3  # where nothing moves there is no arrow
    assert drawn.marker.size.tolist() == [0, 6, 0]
    assert drawn.text[0] == "3.9 mm"


def test_longer_arrows_have_another_colour_on_one_scale():
    displacement = np.zeros((12, 9, 2), np.float32)
    displacement[:, :, 0] = np.linspace(0.5, 4, 12)[:, None]
    figure = arrow_figure(displacement, PLANE, "title", FIXED)
    drawn = [trace for trace in figure.data[1:] if len(trace.x)]
    assert len({trace.line.color for trace in drawn}) == len(drawn) > 3
    assert {trace.marker.cmax for trace in drawn} == {6.0}  # 4 voxels of 1.5 mm
    assert [trace.marker.showscale for trace in figure.data[1:]].count(True) == 1
    displacement[:, :, 0] = 4  # all in the last shade
    figure = arrow_figure(displacement, PLANE, "title", FIXED)
    assert [trace.marker.showscale for trace in figure.data[1:] if len(trace.x)] == [True]


def test_arrows_of_no_motion_are_none():
    figure = arrow_figure(np.zeros((12, 9, 2), np.float32), PLANE, "title", FIXED)
    assert not any(len(trace.x) for trace in figure.data[1:])


def test_only_so_many_arrows_are_drawn():
    figure = arrow_figure(np.ones((160, 80, 2), np.float32), PLANE, "title", np.zeros((160, 80), np.float32))
    assert sum(len(trace.x) // 3 for trace in figure.data[1:]) == 16 * 8


@pytest.mark.parametrize("name", list(LOOKS))
def test_every_look_shows_a_pair_and_every_plane_of_a_volume(name, volume):
    flat = make_pair()
    panels = LOOKS[name].panels(flat, make_registration(flat, shift(flat, 2, 0)), *views_of(flat), 5.0)
    names = {panel.name for panel in panels}
    assert len(names) == len(panels) >= 1
    registration = make_registration(volume, shift(volume, 2, 0, 1))
    for view in views_of(volume):
        in_plane = LOOKS[name].panels(volume, registration, view, 5.0)
        assert {panel.name for panel in in_plane} == {f"{of}-{view.name}" for of in names}
        for panel in in_plane:
            assert panel.figure.layout.title.text.endswith(f", {view.name}")
            assert f"{view.name} plane {view.at}" in panel.alt
            assert panel.figure.layout.showlegend is False


@pytest.mark.parametrize("name", list(LOOKS))
def test_every_look_does_without_labels(name):
    pair = make_pair(moving_labels=None, fixed_labels=None)
    assert LOOKS[name].panels(pair, make_registration(pair, shift(pair, 2, 0)), *views_of(pair), 5.0)


@pytest.mark.parametrize("name", list(LOOKS))
def test_no_look_names_the_checkpoint(name):
    pair = make_pair()
    registration = make_registration(pair, shift(pair, 2, 0))
    for panel in LOOKS[name].panels(pair, registration, *views_of(pair), 5.0):
        assert "elas-g" not in panel.alt + panel.figure.to_json()


def test_contours_after_the_right_registration_coincide():
    pair = make_pair()  # u = (2, 0) aligns the labels
    before, after = LOOKS["contours"].panels(pair, make_registration(pair, shift(pair, 2, 0)), *views_of(pair), 5.0)
    for panel, coincide in ((before, False), (after, True)):
        solid, dotted = (
            [np.array([trace.x, trace.y]) for trace in panel.figure.data[1:] if trace.line.dash == dash]
            for dash in ("solid", "dot")
        )
        assert len(solid) == len(dotted) == 2
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(solid, dotted, strict=True)) is coincide


def test_difference_shows_before_and_after():
    pair = make_pair()
    registration = make_registration(pair, shift(pair, 2, 0))
    before, after = LOOKS["difference"].panels(pair, registration, *views_of(pair), 5.0)
    (view,) = views_of(pair)
    np.testing.assert_allclose(before.figure.data[0].z, view.image(pair.moving - pair.fixed).T)
    np.testing.assert_allclose(after.figure.data[0].z, view.image(registration.warped - pair.fixed).T)

"""Several registrations in one figure, and one parameter played through frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elasreg_core.figures import PICTURES, one_parameter_figure, pair_side_by_side, side_by_side, views_of
from elasreg_core.identification.one_parameter import along, fields_along
from elasreg_core.physics.parameters import ParameterField
from elasreg_core.registration.measured import measure_displacement
from tests.builders import make_pair, make_registration, shift


def registrations(pair, number=2):
    return {f"R{n}": make_registration(pair, shift(pair, n, 0)) for n in range(number)}


@pytest.mark.parametrize("picture", list(PICTURES))
@pytest.mark.parametrize("number", [1, 2, 4])
def test_every_registration_has_a_panel_that_follows_the_first(picture, number):
    pair = make_pair()
    (view,) = views_of(pair)
    figure = side_by_side(pair, registrations(pair, number), view, picture)
    assert [a.text for a in figure.layout.annotations] == [f"R{n}" for n in range(number)]
    assert {trace.xaxis for trace in figure.data} == {"x", "x2", "x3", "x4"} & {
        "x",
        *(f"x{n}" for n in range(2, number + 1)),
    }
    for suffix in range(2, number + 1):
        assert figure.layout[f"xaxis{suffix}"].matches == "x"
        assert figure.layout[f"yaxis{suffix}"].matches == "y"
    assert sum(trace.type == "heatmap" and trace.showscale is not False for trace in figure.data) <= 1


def test_panels_lie_beside_each_other_without_overlap():
    pair = make_pair()
    (view,) = views_of(pair)
    layout = side_by_side(pair, registrations(pair, 4), view, "warped").layout
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert layout.yaxis3.domain[1] < layout.yaxis.domain[0]
    assert layout.xaxis4.domain == layout.xaxis2.domain


def test_close_up_shows_the_tissues_of_both_images_with_a_rim():
    pair = make_pair()
    (view,) = views_of(pair)
    whole, close = (pair_side_by_side(pair, view, close).layout for close in (False, True))
    # along axis 0 the labels lie in rows 2–7 (fixed 2–5, moving 4–7): 6 rows, a rim of ⌈0.2 · 6⌉ = 2 gives rows 0–9,
    # so −0.5 to 9.5 voxels of 1.5 mm; along axis 1 in columns 1–6, rim 2: 0–8 of 2.5 mm
    across, down = (0, 1) if view.axes == (0, 1) else (1, 0)
    ranges = {0: sorted(close.xaxis.range), 1: sorted(close.yaxis.range)}
    assert ranges[across] == pytest.approx([-0.75, 14.25])
    assert ranges[down] == pytest.approx([-1.25, 21.25])
    for axis in ("xaxis", "yaxis"):  # in the same direction as before
        assert np.sign(np.diff(whole[axis].range)) == np.sign(np.diff(close[axis].range))
        assert sorted(whole[axis].range)[0] <= sorted(close[axis].range)[0]


def test_without_labels_a_close_up_is_the_whole_image():
    pair = make_pair(moving_labels=None, fixed_labels=None)
    (view,) = views_of(pair)
    assert pair_side_by_side(pair, view, True) == pair_side_by_side(pair, view, False)


def played(pair, picture):
    measure = lambda of, fields: (measure_displacement(of, shift(of, 2 * f.nodes[0][1], 0)) for f in fields)  # noqa: E731
    values = (0.0, 0.5, 1.0)
    steps = along(measure, pair, fields_along(ParameterField.uniform((0.1, 0.1), 3), "mu", None, values), values)
    return one_parameter_figure(pair, steps, views_of(pair)[0], picture, "μ", start=0.4)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("picture", ["grid", "warped"])
def test_frames_move_what_moves_and_say_the_score(picture, labelled):
    pair = make_pair() if labelled else make_pair(moving_labels=None, fixed_labels=None)
    figure = played(pair, picture)
    assert [frame.name for frame in figure.frames] == ["0", "0.5", "1"]
    assert figure.layout.sliders[0].active == 1  # 0.4 is nearest to 0.5
    assert figure.layout.title.text == figure.frames[1].layout.title.text
    for frame in figure.frames:
        assert len(frame.data) == len(frame.traces)
        for trace, place in zip(frame.data, frame.traces, strict=True):
            assert trace.type == figure.data[place].type
        assert ("Dice" if labelled else "NCC") in frame.layout.title.text
    moved = figure.frames[0].data[0], figure.frames[2].data[0]
    assert moved[0] != moved[1]


@pytest.mark.parametrize("picture", ["grid", "warped"])
def test_frames_hold_plain_lists_which_is_all_that_plotly_reads_there(picture):
    frames = json.loads(played(make_pair(), picture).to_json())["frames"]
    assert "bdata" not in json.dumps(frames)


def test_the_last_frame_aligns_the_labels():
    figure = played(make_pair(), "warped")
    assert "mean Dice 1.000" in figure.frames[2].layout.title.text

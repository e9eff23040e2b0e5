"""The chosen parameters of a cohort: every subject is on the figure, and one sees how many share a node."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from elasreg_core.figures import SPREADS, chosen_figure, group_colours, identifiability_figure, tissue_colours
from elasreg_core.figures.coinciding import bubbles, dots, stack

NAN = float("nan")


def chosen(nodes, groups=None) -> pd.DataFrame:
    """Rows of one choice and tissue, a subject for every node."""
    lam, mu = zip(*nodes, strict=True)
    return pd.DataFrame(
        {
            "subject": [f"s{i}" for i in range(len(nodes))],
            "group": groups or ["HCM"] * len(nodes),
            "tissue": "wall",
            "lambda": lam,
            "mu": mu,
            "dice": 0.8,
            "plateau": np.linspace(0, 1, len(nodes)),
            "nodes": 120,
            "on_edge": False,
        }
    )


COLOURS = tissue_colours(["wall"])
FOUR = chosen([(0.1, 0.2), (0.1, 0.2), (0.1, 0.2), (0.5, 0.2)])


def test_a_bubble_carries_its_number_and_its_area_grows_with_it():
    three, one = bubbles(FOUR, "tissue", COLOURS)
    assert three.subjects == ("s0", "s1", "s2")
    assert (three.x, three.y) == (0.1, 0.2)
    assert three.size > one.size
    figure = chosen_figure(FOUR, "tissue", COLOURS)
    assert list(figure.data[0].text) == ["3", ""]
    assert [list(names) for names in figure.data[0].customdata] == [["s0", "s1", "s2"], ["s3"]]


def test_bubbles_of_several_groups_at_a_node_lie_beside_each_other():
    groups = group_colours(["DCM", "HCM"])
    marks = bubbles(FOUR.assign(group=["DCM", "HCM", "HCM", "HCM"]), "group", groups)
    assert [(mark.subjects, mark.colour) for mark in marks] == [
        (("s0",), groups["DCM"]),
        (("s1", "s2"), groups["HCM"]),
        (("s3",), groups["HCM"]),
    ]
    assert np.hypot(marks[0].x - marks[1].x, marks[0].y - marks[1].y) == pytest.approx(0.06)
    assert marks[2].x == 0.5  # alone at its node: on it


def test_dots_of_a_node_do_not_cover_each_other_and_stay_near_it():
    marks = dots(chosen([(0.5, 0.5)] * 30), "tissue", COLOURS)
    places = np.array([(mark.x, mark.y) for mark in marks])
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(30)
    assert apart.min() > 0.03
    assert np.linalg.norm(places - 0.5, axis=1).max() < 0.2
    assert {mark.subjects for mark in marks} == {(f"s{i}",) for i in range(30)}


def test_diffusion_stacks_near_values_on_its_one_axis():
    marks = stack(chosen([(0.11, NAN), (0.12, NAN), (0.5, NAN)]), "tissue", COLOURS)
    assert [(mark.x, mark.y) for mark in marks] == [(0.11, 1), (0.12, 2), (0.5, 1)]
    figure = chosen_figure(chosen([(0.11, NAN), (0.12, NAN)]), "tissue", COLOURS)
    assert figure.layout.yaxis.title.text == "subjects"
    assert list(figure.data[0].y) == [1, 2]


@pytest.mark.parametrize("spread", SPREADS)
def test_the_margins_count_every_value(spread):
    figure = chosen_figure(FOUR, "tissue", COLOURS, spread)
    lam, mu = (trace for trace in figure.data if trace.type == "bar")
    assert dict(zip(lam.x, lam.y, strict=True)) == {0.1: 3, 0.5: 1}
    assert dict(zip(mu.y, mu.x, strict=True)) == {0.2: 4}


def test_picked_subjects_stand_out_and_the_one_at_hand_is_ringed():
    figure = chosen_figure(FOUR, "tissue", COLOURS, "dots", ringed="s3", picked=["s1"])
    marks, ring = figure.data[:2]
    by_subject = {names[0]: opacity for names, opacity in zip(marks.customdata, marks.marker.opacity, strict=True)}
    assert by_subject["s1"] > 4 * by_subject["s0"]
    assert (ring.x, ring.y) == ((0.5,), (0.2,))
    assert len(set(chosen_figure(FOUR, "tissue", COLOURS).data[0].marker.opacity)) == 1


def test_a_drag_draws_no_box_unless_asked_to():
    assert chosen_figure(FOUR, "tissue", COLOURS).layout.dragmode == "pan"  # with "select", Streamlit hears no clicks


def test_the_hover_says_who_and_what_and_how_sure():
    figure = chosen_figure(FOUR.assign(on_edge=[False, False, False, True]), "tissue", COLOURS)
    three, one = figure.data[0].hovertext
    assert three.startswith("<b>s0, s1, s2</b><br>λ = 0.1, μ = 0.2<br>Dice 0.800, plateau 33% of the nodes")
    assert one.endswith("on the edge of the grid")


def test_subjects_without_an_optimum_are_left_out_and_nobody_is_no_error():
    assert len(chosen_figure(pd.concat([FOUR, chosen([(NAN, NAN)])]), "tissue", COLOURS).data[0].x) == 2
    assert len(chosen_figure(chosen([(NAN, NAN)]), "tissue", COLOURS).data[0].x) == 0


def test_identifiability_shows_every_subject_in_percent():
    table = FOUR.assign(group=["DCM", "HCM", "HCM", "HCM"])
    dcm, hcm = identifiability_figure(table, "group", group_colours(["DCM", "HCM", "NOR"])).data
    assert list(dcm.y) == [0]
    assert list(hcm.y) == pytest.approx([100 / 3, 200 / 3, 100])
    assert list(hcm.customdata[:, 0]) == ["s1", "s2", "s3"]


def test_no_group_has_a_tissues_colour():
    assert not set(group_colours("abcdef").values()) & set(tissue_colours("abcdefg").values())

"""Settings as text for a link, and the named ones."""

from __future__ import annotations

import pytest

from elasreg_core.data.tissues import CARDIAC, THORAX
from elasreg_core.errors import InputError
from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.identification.sweep import SubjectSweep
from elasreg_core.physics.parameters import DIFFUSION, ELASTIC
from elasreg_core.workspace.settings import Setting, optimum_preset, presets
from tests.builders import node_scores


def test_a_setting_comes_back_from_its_text():
    setting = Setting((0.1, 0.25), ((0.0, 1.0), (0.05, 0.3)))
    assert Setting.from_text(str(setting), ELASTIC, 2) == setting


@pytest.mark.parametrize(
    "text",
    ["", "0.1,0.2", "0.1,0.2;0.1;0.1,0.1", "0.1,0.2;0.1,2;0.1,0.1", "a,b;c,d;e,f", "nan,0;0,0;0,0", "0.1;0.1;0.1"],
)
def test_text_that_is_no_setting_is_refused(text):
    with pytest.raises(InputError, match="pinned setting does not fit"):
        Setting.from_text(text, ELASTIC, 2)


def test_fields_are_the_images_node_or_each_tissues_with_the_background():
    setting = Setting((0.1, 0.2), ((0.3, 0.4), (0.5, 0.6)))
    assert setting.field(False, (0.0, 0.0)).nodes == ((0.1, 0.2),) * 3
    assert setting.field(True, (0.0, 0.0)).nodes == ((0.0, 0.0), (0.3, 0.4), (0.5, 0.6))


def test_presets_are_apt_for_the_anatomy():
    hearts = {preset.title: preset.setting for preset in presets(CARDIAC.names, ELASTIC)}
    assert list(hearts) == ["Soft", "Stiff myocardium", "Literature ratios"]
    assert hearts["Stiff myocardium"].tissues == ((0.05, 0.05), (0.9, 0.9), (0.05, 0.05))
    chests = {preset.title: preset for preset in presets(THORAX.names, ELASTIC)}
    assert chests["Stiff bone"].setting.tissues[1] == (0.9, 0.9)
    bone = chests["Literature ratios"].setting.tissues[1]
    assert bone == (1.0, 0.67)  # ν = 0.3: λ : μ = 0.6 / 0.4
    assert "log E" in chests["Literature ratios"].explanation


def test_presets_keep_within_what_the_networks_know():
    (rigid,) = [preset for preset in presets(THORAX.names, ELASTIC, "simplex") if preset.title == "Stiff bone"]
    assert all(sum(node) <= 1 for node in rigid.setting.tissues)
    for preset in presets(THORAX.names, DIFFUSION):
        assert all(len(node) == 1 for node in (preset.setting.image, *preset.setting.tissues))


def test_tissues_that_nobody_measured_have_no_literature():
    assert [preset.title for preset in presets(("a", "b"), ELASTIC)] == ["Soft", "Stiff a"]


def test_the_optimum_is_each_tissues_best_node_and_the_means():
    grid = ParameterGrid.regular(3)
    dice = {(0.0, 0.5): (0.9, 0.1), (0.5, 0.5): (0.2, 0.8), (1.0, 1.0): (0.7, 0.7)}
    sweep = SubjectSweep.from_nodes("s", ("a", "b"), grid, [node_scores(n, dice.get(n, (0, 0))) for n in grid.nodes])
    assert optimum_preset(sweep, ELASTIC, (0.0, 0.0)).setting == Setting((1.0, 1.0), ((0.0, 0.5), (0.5, 0.5)))

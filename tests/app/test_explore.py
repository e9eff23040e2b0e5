"""The page Explore: the registration follows its sliders."""

from __future__ import annotations

import numpy as np
import pytest

from tests.app.opening import assert_fine, dice, open_page

pytestmark = pytest.mark.slow


def test_explore_follows_its_sliders():
    page = open_page("explore")
    assert_fine(page)
    soft = dice(page)
    assert len(soft) == 4  # the mean and three tissues
    page.sidebar.slider(key="mu").set_value(1.0).run()
    assert_fine(page)
    stiff = dice(page)
    assert np.abs(soft - stiff).max() > 0.01


def test_explore_offers_one_pair_of_sliders_per_tissue_for_the_adaptive_model():
    page = open_page("explore")
    page.sidebar.button_group(key="model").set_value("elas-sas").run()
    assert_fine(page)
    assert len(page.sidebar.slider) == 6
    before = dice(page)
    page.sidebar.slider(key="mu-LV-Myo").set_value(1.0).run()
    assert_fine(page)
    assert not np.array_equal(dice(page), before)

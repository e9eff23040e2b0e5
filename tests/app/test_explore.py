"""The page Explore: registrations follow the sliders; presets, a pinned setting, one parameter played."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest

from elasreg_core.identification.grid import ParameterGrid
from elasreg_core.workspace import paths
from elasreg_core.workspace.demo import demo_cohort
from elasreg_core.workspace.store import Store, source_key
from pages._shared import loaders
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import node_scores

pytestmark = pytest.mark.slow


def scores(page, row):
    return list(page.table[0].value.loc[row])[:-1]  # without the time it took


def caption(page, beginning):
    return next(text.value for text in page.caption if text.value.startswith(beginning))


def test_each_network_follows_its_own_sliders():
    page = open_page("explore")
    assert_fine(page)
    assert len(page.slider) == 8  # λ and μ of the image and of three tissues
    before = {row: scores(page, row) for row in ("Global", "Adaptive")}
    page.slider(key="mu").set_value(1.0).run()
    assert scores(page, "Global") != before["Global"]
    assert scores(page, "Adaptive") == before["Adaptive"]
    page.slider(key="mu-LV-Myo").set_value(1.0).run()
    assert_fine(page)
    assert scores(page, "Adaptive") != before["Adaptive"]
    page.sidebar.button_group(key="model").set_value("adaptive").run()
    assert_fine(page)
    assert len(page.slider) == 6
    assert list(page.table[0].value.index) == ["Unregistered", "Adaptive"]
    page.sidebar.button_group(key="model").set_value("both").run()
    assert page.slider(key="mu").value == 1.0  # kept while it was not shown


def test_sessions_share_their_networks():
    loaders._built.cache_clear()
    for _ in range(2):  # a session each
        page = open_page("explore")
        assert_fine(page)
        page.slider(key="mu").set_value(1.0).run()
    assert loaders._built.cache_info().misses == 2  # one global and one adaptive network


def test_presets_move_the_sliders_and_say_where_their_numbers_are_from():
    page = open_page("explore")
    assert [button.label for button in page.button][:3] == ["Soft", "Stiff myocardium", "Literature ratios"]
    page.button(key="preset-Stiff myocardium").click().run()
    assert_fine(page)
    assert page.slider(key="lambda-LV-Myo").value == 0.9
    assert page.slider(key="lambda-RV").value == 0.05
    page.button(key="preset-Literature ratios").click().run()
    assert_fine(page)
    assert page.slider(key="lambda-LV-Myo").value == 1.0
    assert "log E" in caption(page, "Literature ratios: ")
    assert "Couade" in page.table[0].value.to_string()  # the source


def test_the_subjects_optimum_comes_from_a_finished_search_or_is_missed_in_words():
    page = open_page("explore")
    assert "no optimum yet" in caption(page, "No finished search")
    checkpoint = paths.find_family("cardiac").member("elas-g")
    pair = paths.open_data(demo_cohort(), "acdc").load("patient001", checkpoint.card.preprocessing)
    store, source = Store(paths.store_path()), source_key(checkpoint, pair)
    store.begin(source, pair.id, checkpoint.name)
    best = {(0.5, 0.0): (0.9, 0.1, 0.1), (0.0, 1.0): (0.1, 0.8, 0.1), (1.0, 0.5): (0.1, 0.1, 0.7)}
    for node in ParameterGrid.for_checkpoint(3, checkpoint).nodes:
        store.add(source, node_scores(node, best.get(node, (0.0, 0.0, 0.0))))
    page.run()
    page.button(key="preset-The subject's optimum").click().run()
    assert_fine(page)
    chosen = [tuple(page.slider(key=f"{name}-{of}").value for name in ("lambda", "mu")) for of in pair.tissues.names]
    assert chosen == list(best)
    assert (page.slider(key="lambda").value, page.slider(key="mu").value) == (0.5, 0.0)  # the best mean: 1.1 / 3
    assert "oracle" in caption(page, "The subject's optimum: ")


def test_a_pinned_setting_stays_beside_the_next_one():
    page = open_page("explore")
    before = {row: scores(page, row) for row in ("Global", "Adaptive")}
    next(button for button in page.button if button.label == "Pin this setting as A").click().run()
    page.slider(key="mu").set_value(1.0).run()
    assert_fine(page)
    assert page.query_params["a"] == "0.1,0.1;0.1,0.1;0.1,0.1;0.1,0.1"
    assert scores(page, "A: Global") == before["Global"] != scores(page, "B: Global")
    assert float(scores(page, "B − A, global")[0]) == pytest.approx(
        float(scores(page, "B: Global")[0]) - float(before["Global"][0]), abs=2e-3
    )
    next(button for button in page.button if button.label == "Exchange A and B").click().run()
    assert_fine(page)
    assert page.slider(key="mu").value == 0.1
    assert scores(page, "B: Global") == before["Global"]
    page.query_params["a"] = "nonsense"
    page.run()
    assert not page.exception
    assert "pinned setting does not fit" in page.error[0].value
    next(button for button in page.button if button.label == "Unpin A").click().run()
    assert_fine(page)


def test_one_parameter_is_played_through_frames():
    page = open_page("explore")
    page.toggle(key="play").set_value(True).run()
    assert_fine(page)
    frames = json.loads(charts(page)[-1])["frames"]
    assert [frame["name"] for frame in frames] == ["0", *(f"0.{tenth}" for tenth in range(1, 10)), "1"]
    assert frames[0]["data"] != frames[-1]["data"]
    page.selectbox(key="play-parameter").set_value("mu-LV-Myo").run()
    page.button_group(key="play-picture").set_value("warped").run()
    assert_fine(page)
    assert json.loads(charts(page)[-1])["layout"]["title"]["text"].startswith("μ of LV-Myo = 0.1")


def test_diffusion_without_labels_shows_what_needs_none():
    root = demo_cohort()
    case = paths.open_data(root, "acdc").case("patient001")
    folder = paths.data_folder() / "aa-own" / "s1"
    folder.mkdir(parents=True)
    for role in ("moving", "fixed"):
        shutil.copy(getattr(case, role), folder / f"{role}.nii.gz")
    page = open_page("explore")
    page.sidebar.selectbox(key="data").set_value("aa-own").run()
    page.sidebar.selectbox(key="checkpoint").set_value("cardiac").run()
    page.sidebar.button_group(key="regularizer").set_value("diffusion").run()
    assert_fine(page)
    assert len(page.slider) == 4
    assert "Dice and HD95 need labels" in caption(page, "Dice")
    assert not [column for column in page.table[0].value if "Dice" in column]
    assert len(charts(page)) == 4
    page.toggle(key="play").set_value(True).run()
    assert_fine(page)
    assert "NCC" in json.loads(charts(page)[-1])["layout"]["title"]["text"]


def test_an_absent_class_has_no_score_and_damaged_weights_are_a_sentence():
    demo_cohort()
    gt = next((paths.home() / "data" / "cardiac-phantom").glob("training/patient001/*frame12_gt.nii.gz"))
    image = nib.load(gt)
    labels = np.asarray(image.dataobj).copy()
    labels[labels == 1] = 0
    nib.save(nib.Nifti1Image(labels, image.affine), gt)
    page = open_page("explore")
    assert_fine(page)
    assert "Dice RV" not in page.table[0].value or set(page.table[0].value["Dice RV"]) == {"–"}
    family = paths.home() / "checkpoints" / "aa-damaged"
    shutil.copytree(paths.find_family("cardiac").folder, family)
    weights = next((family / "elas-g").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-8] + bytes(8))
    page.run()
    page.sidebar.selectbox(key="checkpoint").set_value("aa-damaged").run()
    assert not page.exception
    assert len(page.error) == 1

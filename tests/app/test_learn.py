"""The page Learn: five steps, with and without data and checkpoints, and what their sliders do."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from elasreg_core.data.preprocessing import Preprocessing
from elasreg_core.networks.checkpoint import save_checkpoint
from elasreg_core.networks.plain_network import weight_shapes
from elasreg_core.workspace import paths
from pages._lesson import surface
from tests.app.opening import assert_fine, charts, open_page
from tests.builders import make_card
from tests.conftest import ROOT

STEPS = ("Field", "Energy", "Stiffness", "Hypernetwork", "Surface")

pytestmark = pytest.mark.slow


def learn(step: str, **query: str) -> AppTest:
    return open_page("learn", step=step, **query)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


@pytest.mark.parametrize(("step", "pictures"), list(zip(STEPS, (2, 2, 2, 3, 2), strict=True)))
def test_every_step_has_a_picture_and_something_to_notice_and_makes_no_data(step, pictures):
    shutil.rmtree(paths.data_folder())
    page = learn(step)
    assert_fine(page)
    assert page.subheader[0].value.startswith(f"{STEPS.index(step) + 1} · ")
    assert len(charts(page)) == pictures
    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    assert "What to notice." in page.info[0].value
    assert not paths.data_folder().exists()  # the lesson opens at once


@pytest.mark.parametrize("step", STEPS)
def test_without_a_checkpoint_only_the_hypernetwork_is_missing(step, no_checkpoints):
    page = learn(step)
    assert_fine(page)
    if step == "Hypernetwork":
        assert "There is no checkpoint yet." in page.info[0].value
        assert page.code[0].value == "make checkpoints"
    else:
        assert charts(page)


def test_previous_and_next_lead_through_the_steps_and_keep_the_motion():
    page = learn("Field")
    before, after = page.button[0], page.button[1]
    assert (before.label, before.disabled, after.disabled) == ("Previous", True, False)
    page.slider(key="amount").set_value(0.4).run()
    seen = []
    for _ in STEPS[1:]:
        page.button[1].click().run()
        assert_fine(page)
        seen.append(page.subheader[0].value[0])
    assert seen == list("2345")
    assert page.button[1].disabled
    for _ in range(3):
        page.button[0].click().run()
    assert page.subheader[0].value.startswith("2")
    assert page.slider(key="amount").value == 0.4


def test_p_is_carried_to_p_plus_u():
    page = learn("Field", motion="Dilation", amount="0.5", i="33", j="8", size="4")
    assert_fine(page)
    # the middle of 48 × 36 voxels is (23.5, 17.5): u = 0.5 · (9.5, −9.5) voxels of 2 × 4 mm
    text = next(text.value for text in page.markdown if text.value.startswith("p = "))
    assert "p = (33, 8) · u(p) = (+4.75, -4.75) voxels = (+9.5, -19.0) mm · p + u(p) = (37.75, 3.25)" in text
    arrows = charts(page)
    page.sidebar.button_group(key="lesson-show").set_value("Grid").run()
    assert_fine(page)
    assert charts(page)[0] == arrows[0]
    assert charts(page)[1] != arrows[1]


def test_energies_follow_motion_amount_and_parameters():
    page = learn("Energy", motion="Dilation", amount="0.3", **{"lesson-lambda": "0.2", "lesson-mu": "0.5"})
    # 2 μ a² = 0.09, 2 λ a² = 0.036, diffusion at μ: 2 μ a²
    assert list(metrics(page).values()) == ["0.0900", "0.0360", "0.1260", "0.0900"]
    page.slider(key="lesson-lambda").set_value(1.0).run()
    assert list(metrics(page).values()) == ["0.0900", "0.1800", "0.2700", "0.0900"]
    page.selectbox(key="motion").set_value("Rotation").run()
    assert_fine(page)
    assert list(metrics(page).values()) == ["0.0000", "0.0000", "0.0000", "0.0900"]  # 2 μ ω²: diffusion alone
    assert "only the elastic one knows" in page.info[0].value


@pytest.mark.parametrize("mu", ["0.5", "0"])
def test_the_rib_is_spared_by_its_own_stiffness(mu):
    page = learn("Stiffness", **{"lesson-mu": mu})
    assert_fine(page)
    one, own, _ = (float(value.split()[0]) for value in metrics(page).values())
    assert own < one / 10
    page.sidebar.select_slider(key="ratio").set_value(1).run()
    one, own, misplaced = (float(value.split()[0]) for value in metrics(page).values())
    assert (own, misplaced) == (one, 0)
    page.sidebar.button_group(key="push").set_value("Slide").run()
    assert_fine(page)
    assert float(metrics(page)["The rib's strain, one stiffness"].split()[0]) != one
    page.slider(key="depth").set_value(0).run()
    assert_fine(page)


def test_kernels_follow_the_sliders():
    page = learn("Hypernetwork", **{"lesson-lambda": "0", "lesson-mu": "0"})
    assert_fine(page)
    before = charts(page)
    page.slider(key="lesson-mu").set_value(1.0).run()
    assert all(one != other for one, other in zip(before, charts(page), strict=True))
    page.sidebar.selectbox(key="layer").set_value("dec_final_conv_2").run()
    assert_fine(page)
    assert "Little changes" in page.info[0].value


@pytest.mark.parametrize(("model", "sliders"), [("diff-g", 1), ("elas-sas", 2)])
def test_any_network_shows_its_kernels_a_volumes_too(model, sliders):
    card = make_card(model)
    preprocessing = Preprocessing(grid_shape=(16, 12, 8), spacing_mm=2.0, slice_axis=None)
    n_parameters = {"diff-g": 1, "elas-sas": 6}[model]
    rng = np.random.default_rng(0)
    shapes = weight_shapes(card["network"], n_parameters, 3)
    weights = {name: rng.normal(0, 0.3, shape).astype("f4") for name, shape in shapes.items()}
    folder = paths.home() / "checkpoints" / "aa-volumes" / model
    save_checkpoint(folder, weights, card | {"preprocessing": preprocessing})
    page = learn("Hypernetwork", checkpoint="aa-volumes")
    assert_fine(page)
    assert len(page.sidebar.slider) == sliders
    assert f"aa-volumes/{model}: {n_parameters} numbers in" in page.caption[-1].value


def test_the_lesson_draws_without_tensorflow():
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"for step in {STEPS}:\n"
        f"    page = AppTest.from_file({str(ROOT / 'pages' / 'learn.py')!r}, default_timeout=60)\n"
        "    page.query_params['step'] = step\n"
        "    assert not page.run().exception\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_a_damaged_checkpoint_is_a_readable_message():
    shutil.copytree(paths.PROJECT / "checkpoints" / "cardiac", paths.home() / "checkpoints" / "aa-broken")
    weights = next((paths.home() / "checkpoints" / "aa-broken" / "elas-g").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    page = learn("Hypernetwork", checkpoint="aa-broken")
    assert not page.exception
    assert "are not those that model.json was written for" in page.error[0].value


def test_a_flatter_surface_is_less_sure():
    page = learn("Surface", fall="0.2", noise="0.003")
    assert "made up" in page.caption[0].value
    sure = int(metrics(page)["The same again"].rstrip("%"))
    page.slider(key="fall").set_value(0.01).run()
    assert_fine(page)
    assert int(metrics(page)["The same again"].rstrip("%")) < sure / 2
    narrow = metrics(page)["Plateau"]
    page.slider(key="tolerance").set_value(0.03).run()
    assert (narrow, metrics(page)["Plateau"]) == (narrow, "100%")
    first = metrics(page)["Best node of this draw"]
    page.slider(key="draw").set_value(7).run()
    assert metrics(page)["Best node of this draw"] != first


def test_a_surface_is_computed_from_a_subject_and_where_that_takes_long_only_when_asked(monkeypatch):
    monkeypatch.setattr(surface, "PATIENCE_SECONDS", 0)
    page = learn("Surface", source="Computed")
    assert_fine(page)
    assert not charts(page)
    assert "120 registrations of patient001" in page.markdown[-1].value
    page.button[-1].click().run()
    assert_fine(page)
    assert "patient001 registered at 120 nodes with cardiac/elas-g" in page.caption[0].value
    before = charts(page)
    page.sidebar.selectbox(key="tissue").set_value("LV-BP").run()
    assert_fine(page)
    assert charts(page)[0] != before[0]
    page.slider(key="draw").set_value(0).run()
    assert_fine(page)
    assert 0 < int(metrics(page)["Plateau"].rstrip("%")) <= 100

"""The report of one registration: complete, self-contained, nothing of where the files lay."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from elasreg_core.data.pair import Origin
from elasreg_core.data.tissues import TissueTable
from elasreg_core.evaluation.registration_metrics import registration_metrics
from elasreg_core.evaluation.scores import score_displacement
from elasreg_core.figures.registration_report import registration_report
from elasreg_core.networks.checkpoint import Family, load_family
from elasreg_core.physics.parameters import ParameterField
from tests.builders import TISSUES, make_family, make_pair, make_registration, shift

CHOICE = {"parameters_from": "the best Dice of each tissue", "chosen": ["wall: λ = 0.2 & more."]}


@pytest.fixture
def family(tmp_path) -> Family:
    return load_family(make_family(tmp_path / "hearts"))


def report(family, pair, choice=CHOICE, model="elas-sas") -> str:
    u = shift(pair, 2, *(0,) * (len(pair.grid_shape) - 1))
    parameters = ParameterField(((0.0, 0.0), (0.2, 0.35), (0.4, 0.15)))
    registration = dataclasses.replace(make_registration(pair, u), parameters=parameters)
    scores = score_displacement(pair), score_displacement(pair, u)
    metrics = registration_metrics(pair, registration, *scores, family, model, choice, 1.5)
    return registration_report(pair, registration, metrics)


def without_scripts(html: str) -> str:
    return re.sub(r"<script.*?</script>", "", html, flags=re.S)


def rows(html: str) -> dict[str, list[str]]:
    """The tables' rows by their first cell."""
    cells = [
        [re.sub("<.*?>", "", cell) for cell in re.findall("<td>(.*?)</td>", row, re.S)]
        for row in re.findall("<tr>(.*?)</tr>", without_scripts(html), re.S)
    ]
    return {row[0]: row[1:] for row in cells if row}


def test_it_needs_nothing_else_and_sends_nothing(family):
    html = report(family, make_pair())
    outside = without_scripts(html)
    assert "http" not in outside
    assert "src=" not in re.sub(r"(<script[^>]*>).*?</script>", r"\1", html, flags=re.S)
    assert html.count("Plotly.newPlot") == 6
    assert html.count("plotly.js v") == 1  # part of the file, once
    assert html.count('"showSendToCloud": false') == html.count('"displaylogo": false') == 6


def test_scores_and_parameters_of_every_tissue(family):
    # u = (2, 0) aligns the labels of `make_pair`; before, half of either block's rows overlap: Dice 0.5, and the
    # surfaces lie two rows of 1.5 mm apart
    found = rows(report(family, make_pair()))
    assert found["background"] == ["0", "0", "–", "–", "–", "–"]
    assert found["wall"] == ["0.2", "0.35", "0.500", "1.000", "3.00", "0.00"]
    assert found["pool"] == ["0.4", "0.15", "0.500", "1.000", "3.00", "0.00"]
    assert found["Mean Dice"] == ["0.500", "1.000"]
    assert found["TRE (mm)"] == ["–", "–"]
    assert found["Folding (%)"] == found["SDlogJ"] == ["0.000", "0.000"]


def test_what_is_undefined_is_a_dash(family):
    found = rows(report(family, make_pair(moving_labels=None)))
    assert found["wall"] == ["0.2", "0.35", "–", "–", "–", "–"]
    assert found["Mean Dice"] == ["–", "–"]


def test_how_the_parameters_were_chosen_and_by_which_networks(family):
    pair = make_pair(notes=("The affine says one thing, pixdim another.",))
    html = report(family, pair)
    assert "Parameters: the best Dice of each tissue." in html
    assert "<li>wall: λ = 0.2 &amp; more.</li>" in html
    assert "<li>The affine says one thing, pixdim another.</li>" in html
    sha256 = family.member("elas-g").card.weights_sha256
    assert rows(html)["hearts/elas-g"] == [f"{sha256[:12]}…", "search"]
    assert rows(html)["hearts/elas-sas"][1] == "register"
    assert sha256 not in html
    assert rows(report(family, pair, model="elas-g"))["hearts/elas-g"][1] == "search and register"
    given = report(family, pair, choice={"parameters_from": "given"})
    assert "Parameters: given." in given
    assert rows(given)["hearts/elas-g"][1] == "–"


def test_every_metric_of_the_tables_is_defined(family):
    html = report(family, make_pair())
    assert re.findall("<dt>(.*?)</dt>", html) == ["Dice", "HD95 (mm)", "TRE (mm)", "Folding (%)", "SDlogJ"]


@pytest.mark.parametrize("dim", [2, 3])
def test_every_picture_says_in_words_what_it_shows(family, dim):
    pair = make_pair()
    if dim == 3:
        names = ("moving", "fixed", "moving_labels", "fixed_labels")
        volumes = {name: np.repeat(getattr(pair, name)[..., np.newaxis], 5, axis=2) for name in names}
        pair = dataclasses.replace(pair, **volumes, spacing_mm=(1.5, 2.5, 7.0))
    html = report(family, pair)
    words = re.findall('<figure role="img" aria-label="(.*?)">', html)
    assert len(words) == len(set(words)) == (6 if dim == 2 else 18)
    assert words[0].startswith("The fixed image of subject with its tissues outlined")
    assert re.findall("<h3>(.*?)</h3>", html) == ([] if dim == 2 else ["Axial", "Coronal", "Sagittal"])


def test_names_are_text_whatever_they_hold(family):
    pair = make_pair(id="<script>alert(1)</script>", tissues=TissueTable(("</script><script>alert(2)//", "pool")))
    html = report(family, pair)
    assert "<script>alert" not in html
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt;: registered with a/elas-g</title>" in html
    assert "&lt;/script&gt;&lt;script&gt;alert(2)//</td>" in html


def test_no_path_of_a_file_is_told(family):
    pair = make_pair()
    origin = Origin(Path("/clinic/jane-doe/image.nii.gz"), pair.grid, (0.0, 1.0))
    html = report(family, dataclasses.replace(pair, moving_origin=origin, fixed_origin=origin))
    assert "jane-doe" not in html
    assert str(family.member("elas-g").folder.parent.parent) not in html
    assert TISSUES[0] in html

"""Every regularizer is a file that says what it is and has an energy; listing them loads no TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elasreg_core.networks.architecture import MODELS
from elasreg_core.physics.parameters import DIFFUSION, ELASTIC, Regularizer
from elasreg_core.physics.regularizers import ENERGIES, REGULARIZERS
from tests.conftest import ROOT


def test_the_papers_two_come_first_and_give_its_four_models():
    assert list(REGULARIZERS.values())[:2] == [DIFFUSION, ELASTIC]
    assert list(MODELS)[:4] == ["diff-g", "diff-sas", "elas-g", "elas-sas"]
    assert list(ENERGIES) == list(REGULARIZERS)


def test_listing_them_does_not_load_tensorflow():
    asked = "import sys, elasreg_core.physics.regularizers as r; print(*r.REGULARIZERS, 'tensorflow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [*REGULARIZERS, "False"]


@pytest.mark.parametrize(
    ("parameters", "symbols"), [(("alpha",), ("α",)), (("mu",), ("μ",)), (("lambda", "mu"), ("λ",))]
)
def test_parameters_are_called_as_the_columns_of_tables_are(parameters, symbols):
    with pytest.raises(ValueError, match="bending needs lambda, or lambda and mu, and a symbol and a meaning for each"):
        Regularizer("bending", parameters, symbols, "bend", ("Smoothness.",) * len(parameters))

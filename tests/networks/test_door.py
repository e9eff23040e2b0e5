"""The door to VoxelMorph, and who goes through it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_importing_the_package_loads_neither_tensorflow_nor_streamlit():
    modules = "elasreg_core, elasreg_core.cli, elasreg_core.workspace.store, elasreg_core.workspace.searches"
    code = f"import sys, {modules}; print([m for m in ('tensorflow', 'streamlit', 'voxelmorph') if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


@pytest.mark.slow
def test_another_keras_taken_first_is_named():
    code = "import tensorflow as tf; tf.keras.layers; import elasreg_core.networks.voxelmorph_tf"
    result = run_python("import os; os.environ.pop('TF_USE_LEGACY_KERAS', None); " + code)
    assert "TensorFlow's Keras was used before elasreg_core was imported" in result.stderr
    assert "Cure: Import elasreg_core first" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "first", ["tensorflow", "elasreg_core.physics.elasticity", "elasreg_core.networks.voxelmorph_tf"]
)
def test_modules_may_be_imported_in_any_order(first):
    result = run_python(f"import {first}; from elasreg_core import Registrar; print('fine')")
    assert result.stdout.strip() == "fine", result.stderr


@pytest.mark.slow
def test_the_door_is_quiet_and_leaves_inspect_as_it_was():
    code = "import elasreg_core.networks.voxelmorph_tf, inspect; print(hasattr(inspect, 'getargspec'))"
    result = run_python(code)
    assert (result.stdout.strip(), result.stderr.strip()) == ("False", "")


def test_every_name_of_the_public_face_can_be_imported():
    import elasreg_core

    for name in elasreg_core.__all__:
        assert getattr(elasreg_core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        elasreg_core.nonsense  # noqa: B018

"""Several devices, which are two halves of a CPU in a process of its own: the losses of one device."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from elasreg_core.errors import InputError
from elasreg_core.training import devices
from elasreg_core.training.devices import Replicas
from tests.conftest import ROOT

TERMS = ["loss", "similarity", "energy", "overlap"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of all trainings, and what was said of the impossible ones."""
    folder = tmp_path_factory.mktemp("devices")
    command = [sys.executable, "-m", "tests.training.on_two_devices", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done.stdout


def losses(folder, name) -> pd.DataFrame:
    return pd.read_csv(folder / name / "history.csv")[TERMS]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("model", ["elas-g", "elas-sas"])
def test_two_devices_with_half_of_every_batch_have_the_losses_of_one_with_all_of_it(trained, model):
    one, two = (losses(trained[0], f"{model}-{n}") for n in (1, 2))  # elas-g goes on on one device after three steps
    assert len(two) == 6
    assert (two["overlap"] > 0).all()  # of tissues that are present in some pairs alone
    np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-7)


@pytest.mark.slow
@pytest.mark.long
def test_impossible_devices_are_sentences(trained):
    said = trained[1]
    assert "This machine cannot train on 3 devices. Expected: 1 to 2. Received: 3." in said
    assert "2 devices cannot share batches of 3 equally. Cure: Set batch_size to a multiple" in said
    assert "--set batch_size=4" in said


def test_of_several_gpus_as_many_are_taken_as_can_share_a_batch(monkeypatch):
    gpus = [SimpleNamespace(name=f"/device:GPU:{n}") for n in range(3)]
    monkeypatch.setattr(devices.tf.config, "list_logical_devices", lambda kind: gpus if kind == "GPU" else [])
    monkeypatch.setattr(devices, "_mirrored", lambda names: names)
    assert Replicas(4).strategy == ["/device:GPU:0", "/device:GPU:1"]
    assert Replicas(6).n == 3
    assert Replicas(1).n == 1
    assert Replicas(4, devices=1).n == 1
    with pytest.raises(InputError, match="cannot train on 4 devices"):
        Replicas(4, devices=4)


def test_without_gpus_there_is_one_device():
    assert Replicas(4).n == 1

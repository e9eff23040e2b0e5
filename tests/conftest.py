"""What many tests need: where real data may be, a workspace of their own, and a small network."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.data.tissues import TissueTable

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("ELASREG_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} does not exist (set ELASREG_REAL_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's workspace."""
    monkeypatch.setenv("ELASREG_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("ELASREG_DATA", raising=False)
    monkeypatch.delenv("ELASREG_DATA_LAYOUT", raising=False)


@pytest.fixture(scope="session")
def small_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family of all four models on a 16 × 20 grid of 2 mm, two tissues, random weights that move voxels."""
    return _random_family(tmp_path_factory.mktemp("families") / "small", (16, 20), 2.0, 2)


@pytest.fixture(scope="session")
def volume_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for volumes, on a 16 × 20 × 12 grid of 3 mm."""
    return _random_family(tmp_path_factory.mktemp("families") / "volumes", (16, 20, 12), 3.0, None)


def _random_family(folder: Path, grid_shape: tuple[int, ...], spacing_mm: float, slice_axis: int | None) -> Path:
    from elasreg_core.data.preprocessing import Preprocessing
    from elasreg_core.networks.architecture import MODELS, Architecture
    from elasreg_core.networks.checkpoint import save_checkpoint
    from elasreg_core.networks.hyper_registration import HyperRegistrationNetwork

    network = Architecture(encoder=(4, 4), decoder=(4, 4, 4), hyper_layers=2, hyper_units=6, integration_steps=5)
    settings = Preprocessing(grid_shape=grid_shape, spacing_mm=spacing_mm, slice_axis=slice_axis)
    rng = np.random.default_rng(0)
    for model in ("elas-g", "elas-sas", "diff-g", "diff-sas"):
        shapes = HyperRegistrationNetwork(network, settings.grid_shape, MODELS[model].n_parameters(3)).weights()
        card = {
            "model": model,
            "tissues": ("a", "b"),
            "background": (0.0,) * len(MODELS[model].regularizer.parameters),
            "preprocessing": settings,
            "network": network,
            "sampling": "uniform",
            "regularization_scale": 1.0,
            "training": {},
            "versions": {},
        }
        weights = {name: rng.normal(0, 0.25, array.shape).astype("f4") for name, array in shapes.items()}
        save_checkpoint(folder / model, weights, card)
    return folder


@pytest.fixture(scope="session")
def small_pair() -> RegistrationPair:
    """A pair that fits `small_family`, on an oblique affine."""
    rng = np.random.default_rng(1)
    moving, fixed = rng.random((2, 16, 20)).astype("f4")
    labels = rng.integers(0, 3, (2, 16, 20)).astype("u1")
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [2.0, 2.0, 7.0]
    affine[:3, 3] = [-30, 12, 55]
    return RegistrationPair("small", moving, fixed, labels[0], labels[1], affine, (2.0, 2.0), TissueTable(("a", "b")))

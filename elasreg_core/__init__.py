"""elasreg: data-driven tissue- and subject-specific elastic regularization for medical image registration.

After Reithmeir, Felsner, Braren, Schnabel, Zimmer, MICCAI 2024. The names below are what a script needs most; they load
lazily, so that importing this package loads neither TensorFlow nor Streamlit.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# VoxelMorph 0.2 and Neurite 0.2 need Keras 2, which TensorFlow takes only if told so before its Keras is first used.
os.environ.update({"TF_USE_LEGACY_KERAS": "1", "VXM_BACKEND": "tensorflow", "NEURITE_BACKEND": "tensorflow"})
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_HOME = {
    "InputError": "elasreg_core.errors",
    "ParameterField": "elasreg_core.physics.parameters",
    "RegistrationPair": "elasreg_core.data.pair",
    "open_dataset": "elasreg_core.data.datasets",
    "load_family": "elasreg_core.networks.checkpoint",
    "Registrar": "elasreg_core.registration.registrar",
    "Registration": "elasreg_core.registration.registrar",
    "ParameterGrid": "elasreg_core.identification.grid",
    "sweep": "elasreg_core.identification.sweep",
    "SubjectSweep": "elasreg_core.identification.sweep",
    "best_node": "elasreg_core.identification.selection",
    "choose_parameters": "elasreg_core.identification.selection",
    "chosen_parameters": "elasreg_core.identification.selection",
    "find_family": "elasreg_core.workspace.paths",
    "score_displacement": "elasreg_core.evaluation.scores",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__

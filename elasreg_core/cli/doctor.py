"""`elasreg doctor`."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata

from elasreg_core import __version__
from elasreg_core.errors import InputError
from elasreg_core.workspace import paths

PACKAGES = ("tensorflow", "tf-keras", "voxelmorph", "neurite", "streamlit", "plotly", "nibabel", "pandas", "numpy")


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("doctor", help="versions, device, checkpoints; what is missing and the cure")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Prints the state of the installation; exit code 2 if something needed is missing."""
    problems = []
    print(f"elasreg     {__version__} on Python {platform.python_version()}, {platform.machine()}")
    for package in PACKAGES:
        try:
            print(f"{package:<11} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            problems.append(f"{package} is not installed. Cure: make setup, or pip install elasreg again.")
    if not problems:
        _print_devices()
    print(f"workspace   {paths.home()}")
    if not paths.family_names():
        problems.append("No checkpoint was found. Cure: make checkpoints.")
    for name in paths.family_names():
        try:
            for checkpoint in paths.find_family(name).members.values():
                size = sum(len(array.tobytes()) for array in checkpoint.read_weights().values()) / 1e6
                print(f"checkpoint  {checkpoint.name}: {', '.join(checkpoint.card.tissues)}; {size:.1f} MB")
        except InputError as error:
            problems.append(str(error))
    for name, (root, layout) in paths.datasets().items():
        print(f"data        {name} ({layout}) in {root}")
    for problem in problems:
        print(f"problem     {problem}")
    return 2 if problems else 0


def _print_devices() -> None:
    from elasreg_core.networks.voxelmorph_tf import tf

    gpus = tf.config.list_physical_devices("GPU")
    print(
        f"device      {len(gpus)} GPU"
        if gpus
        else "device      CPU (a GPU is used where tensorflow[and-cuda] finds one)"
    )

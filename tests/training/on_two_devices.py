"""Run by `test_devices.py` in a process of its own, whose CPU is two devices: trains into a folder for every way."""

from __future__ import annotations

import sys
from pathlib import Path

import elasreg_core  # noqa: F401 (before TensorFlow)
from elasreg_core.networks.voxelmorph_tf import tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from elasreg_core.errors import InputError  # noqa: E402
from elasreg_core.training.devices import Replicas  # noqa: E402
from elasreg_core.training.loop import train_model  # noqa: E402
from tests.training.small import config_of, small_pairs  # noqa: E402

STOP = 3


def interrupt(progress):
    if progress.step == STOP:
        raise KeyboardInterrupt


def main(folder: Path) -> None:
    pairs, config = small_pairs(), config_of(batch_size=4)
    start = train_model(config, "elas-g", pairs, folder / "elas-g-1", devices=1)
    try:
        train_model(config, "elas-g", pairs, folder / "elas-g-2", on_step=interrupt, devices=2)
    except KeyboardInterrupt:
        train_model(config, "elas-g", pairs, folder / "elas-g-2", resume=True, devices=1)
    for devices in (1, 2):
        train_model(config, "elas-sas", pairs, folder / f"elas-sas-{devices}", start=start, devices=devices)
    for batch_size, devices in ((4, 3), (3, 2)):
        try:
            Replicas(batch_size, devices)
        except InputError as error:
            print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

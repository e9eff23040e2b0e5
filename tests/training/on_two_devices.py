"""Run by `test_devices.py` in a process of its own, whose CPU is two devices: trains, and prints the losses."""

from __future__ import annotations

import sys
from pathlib import Path

import elasreg_core  # noqa: F401 (before TensorFlow)
from elasreg_core.networks.voxelmorph_tf import tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from elasreg_core.errors import InputError  # noqa: E402
from elasreg_core.training.loop import Trainer, train_model  # noqa: E402
from tests.training.small import config_of, small_pairs  # noqa: E402


def main(folder: Path) -> None:
    pairs, config = small_pairs(), config_of(batch_size=4)
    for model in ("elas-g", "elas-sas"):
        for devices in (1, 2):
            start = None
            if model == "elas-sas":
                start = train_model(config, "elas-g", pairs, folder / f"elas-g-{devices}", resume=True)
            train_model(config, model, pairs, folder / f"{model}-{devices}", start=start, devices=devices)
    # begun on two devices, ended on one
    stop = 3

    def interrupt(progress):
        if progress.step == stop:
            raise KeyboardInterrupt

    try:
        train_model(config, "elas-g", pairs, folder / "elas-g-changed", on_step=interrupt, devices=2)
    except KeyboardInterrupt:
        train_model(config, "elas-g", pairs, folder / "elas-g-changed", resume=True, devices=1)
    for batch_size, devices in ((4, 3), (3, 2)):
        try:
            Trainer(config_of(batch_size=batch_size), "elas-g", 3, devices)
        except InputError as error:
            print(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

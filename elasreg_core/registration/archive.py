"""Registrations as one file to download."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.provenance import NAME, told
from elasreg_core.registration.export import write_registration
from elasreg_core.registration.registered import Registration


def registrations_zip(
    pair: RegistrationPair, registrations: Mapping[str, Registration], checkpoints: Iterable[Checkpoint]
) -> bytes:
    """A ZIP file with a folder for each registration: images, labels, the displacement in three forms.

    With each lie its parameters, as `elasreg register --parameters` reads them, and with all of them what they were
    made with (`provenance.json`).

    Args:
        pair: what was registered.
        registrations: by the name of their folder.
        checkpoints: those that made them.
    """
    file = io.BytesIO()
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, registration in registrations.items():
            for path in write_registration(Path(temporary) / name, pair, registration).values():
                archive.write(path, f"{name}/{path.name}")
            parameters = registration.parameters.by_tissue(pair.tissues.names)
            archive.writestr(f"{name}/parameters.json", json.dumps(parameters, indent=2) + "\n")
        weights = {checkpoint.name: checkpoint.card.weights_sha256 for checkpoint in checkpoints}
        made = {
            name: {"checkpoint": of.checkpoint, "weights_sha256": weights[of.checkpoint], "displacement": of.digest}
            for name, of in registrations.items()
        }
        archive.writestr(NAME, told(pair=pair.digest, registrations=made))
    return file.getvalue()

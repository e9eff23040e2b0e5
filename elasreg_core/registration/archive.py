"""Registrations as one file to download."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from elasreg_core.data.pair import RegistrationPair
from elasreg_core.registration.export import write_registration
from elasreg_core.registration.registered import Registration


def registrations_zip(pair: RegistrationPair, registrations: Mapping[str, Registration]) -> bytes:
    """A ZIP file with a folder for each registration: images, labels, the displacement in three forms.

    Args:
        pair: what was registered.
        registrations: by the name of their folder.
    """
    file = io.BytesIO()
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, registration in registrations.items():
            for path in write_registration(Path(temporary) / name, pair, registration).values():
                archive.write(path, f"{name}/{path.name}")
    return file.getvalue()

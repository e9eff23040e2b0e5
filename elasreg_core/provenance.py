"""How a result came to be: the command, its options, and hashes of what went in and of what came out.

It lies beside every result as `provenance.json` (beside a single file as `NAME-provenance.json`), names no path and no
field of any header, and is what `elasreg verify` computes the result again from.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from elasreg_core import __version__
from elasreg_core.atomic import write_atomic
from elasreg_core.errors import InputError
from elasreg_core.tables import from_table, read_json

NAME = "provenance.json"
FORMAT = 1
#: The packages that numbers depend on.
PACKAGES = ("tensorflow", "tf-keras", "voxelmorph", "neurite", "numpy", "scipy", "nibabel", "pandas")


@dataclass(frozen=True)
class FileFacts:
    """What tells a file by its content alone.

    Attributes:
        sha256: in hexadecimal digits.
        bytes: its size.
    """

    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> FileFacts:
        """Of a file as it is now."""
        with path.open("rb") as stream:
            return cls(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)


@dataclass(frozen=True)
class Provenance:
    """Of one result.

    Attributes:
        command: which `elasreg` command made it.
        options: the command's, by name, defaults included; without those that name files.
        inputs: the files that were read, by the option that named them, or by subject and role.
        checkpoints: the networks' weights, sha256 by `family/model`.
        outputs: the files that were written, by their names below the result.
        versions: of elasreg, Python, and the packages that numbers depend on; the processor's kind.
        written: when, UTC.
        format: version of this file format.
    """

    command: str
    options: dict[str, Any]
    inputs: dict[str, FileFacts]
    checkpoints: dict[str, str]
    outputs: dict[str, FileFacts]
    versions: dict[str, str]
    written: str
    format: int = FORMAT

    def keep(self, result: Path) -> None:
        """Writes it beside its result."""
        write_atomic(place_of(result), json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def versions() -> dict[str, str]:
    """Of what is installed here and now."""
    found = {"elasreg": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def told(**facts: Any) -> str:
    """JSON for what a page hands out: what the page knows of it, with versions and time."""
    now = {"versions": versions(), "written": _now()}
    return json.dumps({**facts, **now}, indent=2, ensure_ascii=False) + "\n"


def made_now(
    command: str,
    options: Mapping[str, Any],
    inputs: Mapping[str, Path],
    checkpoints: Mapping[str, str],
    result: Path,
    outputs: Iterable[Path],
) -> Provenance:
    """The provenance of what has just been written.

    Args:
        command: the command's name.
        options: without those that name files.
        inputs: files by the option that named them, or by subject and role.
        checkpoints: sha256 of the weights by `family/model`.
        result: the folder, or the file that the command was asked for.
        outputs: all files of the result.
    """
    base = place_of(result).parent
    return Provenance(
        command,
        dict(options),
        {name: FileFacts.of(path) for name, path in inputs.items()},
        dict(checkpoints),
        {path.relative_to(base).as_posix(): FileFacts.of(path) for path in outputs},
        versions(),
        _now(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def place_of(result: Path) -> Path:
    """Where the provenance of a result lies: in its folder, or beside its file."""
    return result / NAME if result.is_dir() else result.with_name(f"{result.name}-{NAME}")


def read_provenance(result: Path) -> Provenance:
    """What a result says of itself.

    Raises:
        InputError: there is no such result, or nothing beside it that says how it was made.
    """
    if not result.exists():
        raise InputError(f"There is no result {result}.", cure="Check the path")
    path = place_of(result)
    if not path.is_file():
        raise InputError(
            f"Nothing says how {result} was made.",
            expected=f"{path.name} {'in' if result.is_dir() else 'beside'} it, as elasreg writes it",
            cure="Make the result again with this version of elasreg",
        )
    table = read_json(path)
    found = table.get("format") if isinstance(table, dict) else None
    if found != FORMAT:
        raise InputError(f"{path} has another format.", expected=f"format {FORMAT}", received=f"format {found}")
    return from_table(Provenance, table, str(path))

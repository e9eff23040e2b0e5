"""`elasreg verify`: makes a result again from the same files with the same networks, and compares."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from elasreg_core.cli.replay import argument_list, found_again
from elasreg_core.errors import InputError
from elasreg_core.evaluation.agreement import agreement, is_comparable
from elasreg_core.networks.checkpoint import Family
from elasreg_core.provenance import FileFacts, Provenance, place_of, read_provenance, versions
from elasreg_core.workspace.paths import PROJECT, find_family


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("verify", help="make a result again from the same files, and compare")
    parser.add_argument("result", type=Path, metavar="RESULT", help="a folder or a table that elasreg wrote")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the data set's folder; of single files: where they lie, under whatever name (default: here)",
    )
    parser.add_argument("--validation", type=Path, metavar="DIR", help="of a comparison that had one")
    parser.add_argument(
        "--checkpoint", nargs="+", default=[], metavar="DIR", help="families that are not found by their names"
    )
    parser.add_argument(
        "--tolerance", type=float, default=1e-3, metavar="T", help="of numbers, relative above 1 (default 0.001)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Says file by file whether it is as it was, and whether the same comes out again; exit code 2 if not."""
    result = arguments.result
    said = read_provenance(result)
    altered = _altered(said, place_of(result).parent)
    for sentence in altered:
        print(f"elasreg: {sentence}", file=sys.stderr)
    _print_versions(said)
    families = _same_families(said, arguments.checkpoint)
    inputs = found_again(said, arguments.data, arguments.validation)
    with tempfile.TemporaryDirectory(prefix="elasreg-verify-") as scratch:
        again = Path(scratch) / "again" / (result.name if result.is_file() else "")
        _make(said, families, inputs, again, Path(scratch))
        differing = _compare(said, place_of(result).parent, place_of(again).parent, arguments.tolerance)
    if altered or differing:
        told = f"elasreg: {result} is not what comes out: {len(altered)} altered, {len(differing)} differ."
        print(told, file=sys.stderr)
        return 2
    files = sum(map(is_comparable, said.outputs))
    print(f"{result}: {len(said.outputs)} files unaltered; {files} made again, equal within {arguments.tolerance:g}.")
    return 0


def _altered(said: Provenance, base: Path) -> list[str]:
    """What has happened to the files since they were written, one sentence each."""
    found = []
    for name, facts in said.outputs.items():
        path = base / name
        if not path.is_file():
            found.append(f"{name} is missing.")
        elif FileFacts.of(path) != facts:
            found.append(f"{name} has been altered since it was written.")
    return found


def _print_versions(said: Provenance) -> None:
    now = versions()
    for package, version in said.versions.items():
        if now.get(package) != version:
            print(f"note: made with {package} {version}; here it is {now.get(package, 'missing')}.")


def _same_families(said: Provenance, folders: Iterable[str]) -> dict[str, Family]:
    """The families that made it, by name; raises InputError where their weights are others."""
    given = {family.name: family for family in map(find_family, folders)}
    found: dict[str, Family] = {}
    for name, sha256 in said.checkpoints.items():
        family, _, model = name.partition("/")
        if family not in found:
            found[family] = given[family] if family in given else find_family(family)
        weights = found[family].member(model).card.weights_sha256
        if weights != sha256:
            raise InputError(
                f"The checkpoint {name} is not the one that made the result.",
                expected=f"sha256 {sha256[:12]}…",
                received=f"sha256 {weights[:12]}…",
                cure="Name the folder of the right one with --checkpoint",
            )
    return found


def _make(
    said: Provenance, families: Mapping[str, Family], inputs: Mapping[str, Path], out: Path, scratch: Path
) -> None:
    """Runs the command again, in a workspace of its own, so that nothing is looked up instead of computed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "elasreg_core", *argument_list(said, families, inputs, out, scratch)]
    environment = {**os.environ, "ELASREG_HOME": str(scratch / "workspace")}
    done = subprocess.run(  # noqa: S603 (our own command)
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if not place_of(out).is_file():
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise InputError("The result could not be made again.", received=last[0].removeprefix("elasreg: "))


def _compare(said: Provenance, old: Path, new: Path, tolerance: float) -> list[str]:
    """Prints how every file compares; returns the names of those that differ."""
    differing = []
    for name in filter(is_comparable, said.outputs):
        if (old / name).is_file():
            found = agreement(name, old / name, new / name)
            print(f"{name:<44} {found}")
            if not found.holds(tolerance):
                differing.append(name)
    return differing

"""A command from what its provenance says: the same files found again, the same options."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from elasreg_core.cli.how_made import VALIDATION, files_of
from elasreg_core.data.datasets import open_dataset
from elasreg_core.errors import InputError
from elasreg_core.networks.checkpoint import Family
from elasreg_core.provenance import FileFacts, Provenance


def found_again(said: Provenance, data: Path, validation: Path | None) -> dict[str, Path]:
    """Where the inputs of a result lie now, by the option that names them.

    Args:
        said: what it says of itself.
        data: the data set's folder; of single files, a folder that holds them under any names.
        validation: the folder of subjects that were only chosen on.

    Raises:
        InputError: some are missing, or have another content now.
    """
    layout = said.options.get("dataset")
    if layout is None:
        return _by_content(said.inputs, data) if said.inputs else {}
    chosen_on = {name for name in said.inputs if name.startswith(f"{VALIDATION}/")}
    _require_same({name: facts for name, facts in said.inputs.items() if name not in chosen_on}, data, str(layout))
    if not chosen_on:
        return {"data": data.resolve()}
    if validation is None:
        raise InputError("The result was chosen on other subjects.", cure="Name their folder with --validation")
    prefix = f"{VALIDATION}/"
    _require_same({name.removeprefix(prefix): said.inputs[name] for name in chosen_on}, validation, str(layout))
    return {"data": data.resolve(), VALIDATION: validation.resolve()}


def argument_list(
    said: Provenance, families: Mapping[str, Family], inputs: Mapping[str, Path], out: Path, scratch: Path
) -> list[str]:
    """The arguments of the `elasreg` command that makes a result again.

    Args:
        said: what the result says of itself.
        families: the checkpoints that it names.
        inputs: where the files are now.
        out: where the result goes.
        scratch: a folder for files that the command is to read.
    """
    arguments = [said.command]
    for name, value in said.options.items():
        if name == "checkpoint":
            value = str(families[value].folder.resolve())
        elif name == "models":
            value = [str(families[family].folder.resolve()) for family in value]
        elif name == "parameters" and value is not None:
            path = scratch / "parameters.json"
            path.write_text(json.dumps(value))
            value = str(path)
        arguments += _as_words(name, value)
    for name, path in inputs.items():
        arguments += _as_words(name, str(path))
    return [*arguments, "--out", str(out)]


def _as_words(name: str, value: object) -> Iterator[str]:
    """One option as it is typed; of phantoms, the kind stands alone."""
    if value is None or value is False or value == []:
        return
    if name != "kind":
        yield "--" + name.replace("_", "-")
    if isinstance(value, list):
        yield from map(str, value)
    elif value is not True:
        yield str(value)


def _require_same(expected: Mapping[str, FileFacts], root: Path, layout: str) -> None:
    """Raises InputError unless a data set holds just these files, by subject and role."""
    found = files_of(open_dataset(root, layout), {name.partition("/")[0] for name in expected})
    missing = sorted(expected.keys() - found.keys())
    if missing:
        raise InputError(f"{root} lacks {len(missing)} files of the result.", received=f"no {missing[0]}")
    for name, facts in expected.items():
        if FileFacts.of(found[name]) != facts:
            raise InputError(
                f"{name} in {root} is not the file that the result was made from.",
                expected=f"sha256 {facts.sha256[:12]}…, {facts.bytes} bytes",
                received=f"{found[name].stat().st_size} bytes of another content",
            )


def _by_content(expected: Mapping[str, FileFacts], folder: Path) -> dict[str, Path]:
    """Files by their content, whatever they are called now."""
    sizes = {facts.bytes for facts in expected.values()}
    same_size = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size in sizes]
    known = {FileFacts.of(path): path.resolve() for path in same_size}
    missing = [name for name, facts in expected.items() if facts not in known]
    if missing:
        raise InputError(
            f"The file that was given as --{missing[0].replace('_', '-')} is not below {folder}.",
            expected=f"sha256 {expected[missing[0]].sha256[:12]}…, {expected[missing[0]].bytes} bytes, under any name",
            cure="Name the folder with --data",
        )
    return {name: known[facts] for name, facts in expected.items()}

"""Strict reading of TOML and JSON: small files, tables as dataclasses, every key known, every value of its type."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from elasreg_core.errors import InputError

T = TypeVar("T")
LARGEST_BYTES = 4 * 2**20  # ours have 50 kB at most


def read_text(path: Path, kind: str, expected: str | None = None) -> str:
    """A small text file; `kind` says in which language it is, `expected` what it should hold.

    Raises:
        InputError: missing, too large, or not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise InputError(
                f"{path} is too large.",
                expected=f"{kind}, at most {LARGEST_BYTES // 2**20} MiB",
                received=f"{size} bytes",
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", cure="Check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not {kind}.", expected=expected or kind, received=str(error), cure="Save it as UTF-8"
        ) from error


def read_json(path: Path, expected: str = "JSON") -> Any:
    """What a JSON file holds; `expected` says what it should.

    Raises:
        InputError: missing, too large, no JSON, or nested too deeply.
    """
    text = read_text(path, "JSON", expected)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        cure = "Copy it again, or mend it"
        raise InputError(f"{path} is not JSON.", expected=expected, received=str(error), cure=cure) from error


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """What a text in TOML holds.

    Raises:
        InputError: no TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not TOML.", received=str(error)) from error


def from_table(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """Builds a dataclass from a table, strictly: every key known, every value of its type.

    Raises:
        InputError: naming the key.
    """
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise InputError(f"{where} has an unknown key.", expected="one of " + ", ".join(known), received=unknown[0])
    missing = [
        name
        for name, f in known.items()
        if name not in table and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(f"{where} lacks a key.", expected=missing[0], received=", ".join(table) or "an empty table")
    values = {key: _convert(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    return kind(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    """A TOML or JSON value as the annotated type."""
    if hint is Any:
        return value
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    hint = next(option for option in options if option is not type(None))
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return from_table(hint, value, where)  # type: ignore[arg-type]
    if typing.get_origin(hint) is tuple and isinstance(value, list | tuple):
        items = typing.get_args(hint)
        variadic = items[-1] is Ellipsis
        if variadic or len(items) == len(value):
            kinds = [items[0]] * len(value) if variadic else items
            return tuple(_convert(kind, item, where) for kind, item in zip(kinds, value, strict=True))
    if typing.get_origin(hint) is dict and isinstance(value, dict):
        of_item = typing.get_args(hint)[1]
        return {key: _convert(of_item, item, f"{where}.{key}") for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # as for 10⁴⁰⁰, which is no float
            return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise InputError(
        f"{where} has a value of the wrong kind.",
        expected=getattr(hint, "__name__", hint),
        received="null" if value is None else value,
    )

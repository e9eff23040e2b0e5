"""Which subjects of a data set train, validate and test: a JSON file per layout, which says where that comes from."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from elasreg_core.errors import InputError

SPLITS = ("train", "validation", "test")


@cache
def split_of(layout: str) -> dict[str, frozenset[str]]:
    """The subjects of every split, by its name.

    Raises:
        InputError: nobody has divided data of this layout.
    """
    files = {entry.name.removesuffix(".json"): entry for entry in resources.files(__name__).iterdir()}
    divided = sorted(name for name, entry in files.items() if entry.name.endswith(".json"))
    if layout not in divided:
        raise InputError(
            f"There is no division of {layout} data into {', '.join(SPLITS)}.",
            expected=" or ".join(divided),
            received=layout,
            cure="Put what trains and what tests into folders of their own",
        )
    table = json.loads(files[layout].read_text(encoding="utf-8"))
    return {name: frozenset(table[name]) for name in SPLITS}

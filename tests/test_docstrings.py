"""The examples in the docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import elasreg_core


def test_examples():
    names = [m.name for m in pkgutil.walk_packages(elasreg_core.__path__, "elasreg_core.") if "__main__" not in m.name]
    results = {name: doctest.testmod(importlib.import_module(name)) for name in names}
    assert {name: result for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) >= 4
